"""Options that several verbs have in common, added to a command in one go."""

from collections.abc import Callable, Iterable
from typing import Any


def decorated(command: Callable[..., Any], options: Iterable[Callable[[Any], Any]]) -> Callable[..., Any]:
    """Add click's options to a command; `--help` shows the last one first."""
    for option in options:
        command = option(command)
    return command
