"""Who looks: colours and moving pictures for a person's terminal, plain text for everything else."""

import functools
import os
import sys
from collections.abc import Callable
from typing import IO, Any, Final

import click

COLOURS: Final = {
    "Succeeded": "green",
    "Failed": "red",
    "TimedOut": "red",
    "Cancelled": "yellow",
    "Cancelling": "yellow",
    "Retrying": "yellow",
    "Suspended": "magenta",
    "Running": "cyan",
    "Scheduled": "blue",
}
"""Colour of each phase; the others have none."""
ICONS: Final = {
    "Pending": "○",
    "Queued": "○",
    "Scheduled": "◷",
    "Running": "●",
    "Retrying": "↻",
    "Suspended": "‖",
    "Cancelling": "◌",
    "Succeeded": "✔",
    "Failed": "✘",
    "Cancelled": "⊘",
    "TimedOut": "⏱",
}
DUMB_WIDTH: Final = 80


def coloured(choice: str, stream: IO[Any] | None = None) -> bool:
    """Say whether to colour: `always`, `never`, or `auto` by the terminal and what the environment asks for."""
    if choice != "auto":
        return choice == "always"
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("CLICOLOR_FORCE", "0") != "0" or os.environ.get("FORCE_COLOR", "0") != "0":
        return True
    return is_terminal(stream or sys.stdout)


def is_terminal(stream: IO[Any]) -> bool:
    """Say whether a person's terminal is there, and can move its cursor."""
    return stream.isatty() and os.environ.get("TERM") not in {"dumb", None}


def width() -> int:
    """Return how wide the terminal is; 80 where there is none. shutil says the same, and loads three compressors."""
    told = os.environ.get("COLUMNS", "")
    if told.isdecimal() and int(told) > 0:
        return int(told)
    try:
        seen = os.get_terminal_size(sys.__stdout__.fileno()).columns if sys.__stdout__ is not None else 0
    except (OSError, ValueError):  # no terminal, or closed
        return DUMB_WIDTH
    return seen or DUMB_WIDTH  # 0 is a terminal that does not know


def phase(name: str, *, colour: bool) -> str:
    """Return a phase in its colour."""
    return click.style(name, fg=COLOURS.get(name)) if colour else name


def color_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add --color, and pass on whether to colour stdout, as `colour`."""

    @functools.wraps(command)
    def decided(*args: Any, color: str, **values: Any) -> Any:
        colour = coloured(color)
        click.get_current_context().color = colour  # else click takes colours out of what is piped
        return command(*args, colour=colour, **values)

    choices = click.Choice(["auto", "always", "never"])
    return click.option("--color", type=choices, default="auto", show_default=True, help="When to colour")(decided)
