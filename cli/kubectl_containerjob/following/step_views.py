"""How the steps of a job look: a picture that moves on a person's terminal, lines, JSON, or nothing. No threads."""

import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final, Protocol, TextIO

import click

from containerjob_api.phases import Phase
from kubectl_containerjob import terminal
from kubectl_containerjob.following.steps import LAST, TROUBLE, Kind, Step
from kubectl_containerjob.logs.lines import harmless
from kubectl_containerjob.screens.plain_text import cut

CHOICES: Final = ("auto", "tty", "plain", "json", "quiet")
_SPINNER: Final = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
_UP_AND_CLEAR: Final = "\x1b[{}A\r\x1b[J"
_OPEN: Final = frozenset({Kind.CREATED, Kind.RESUMED, Kind.FOLLOWED, Kind.SCHEDULED, Kind.PREPARING, Kind.STARTED})
"""Steps after which something is under way."""
_IDLE: Final = frozenset({Kind.WAITING, Kind.SUSPENDED, Kind.DETACHED})


class View(Protocol):
    """Shows steps, and writes what the container printed."""

    def step(self, step: Step) -> None:
        """Show what happened."""

    def output(self, stream: int, data: bytes) -> None:
        """Write output of the container, 1 to our stdout and 2 to our stderr."""

    def tick(self) -> None:
        """Move what moves."""

    def close(self) -> None:
        """Leave the terminal as it should be."""


def view(choice: str, name: str, namespace: str, *, colour: bool = False) -> View:
    """Return the view that was chosen; cursors are moved on a terminal only."""
    on_terminal = terminal.is_terminal(sys.stderr)
    if choice == "quiet":
        return Quiet()
    if choice == "json":
        return Json(name, namespace)
    if on_terminal and choice in {"auto", "tty"}:
        return Moving(name, colour=colour)
    return Plain(name, colour=colour)


class Quiet:
    """Only what the container printed."""

    def __init__(self) -> None:
        self._open = False

    def step(self, step: Step) -> None:
        """Say only what is wrong."""
        if step.kind in {*TROUBLE, Kind.DETACHED} - {Kind.RETRYING}:
            self.line(step.text)

    def output(self, stream: int, data: bytes) -> None:
        """Write bytes as they are; to a terminal without what it would obey, as `logs` does."""
        target: TextIO = sys.stderr if stream == 2 else sys.stdout
        target.buffer.write(harmless(data) if target.isatty() else data)
        target.buffer.flush()
        self._open = target.isatty() and not data.endswith(b"\n")

    def tick(self) -> None:
        """Do nothing."""

    def close(self) -> None:
        """Do nothing."""

    def line(self, text: str) -> None:
        """Write a line to stderr, below a line of output that has no end yet."""
        if self._open:
            click.echo("", err=True)
            self._open = False
        sys.stderr.write(text + "\n")
        sys.stderr.flush()


class Plain(Quiet):
    """A line for each step."""

    def __init__(self, name: str, *, colour: bool = False) -> None:
        super().__init__()
        self._name = name
        self._colour = colour

    def step(self, step: Step) -> None:
        """Write it."""
        self.line(f"{self._name}: {_styled(step, colour=self._colour)}")


class Json(Quiet):
    """An object for each step, one a line, on stderr."""

    def __init__(self, name: str, namespace: str, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        super().__init__()
        self._job = {"namespace": namespace, "name": name}
        self._now = now

    def step(self, step: Step) -> None:
        """Write it."""
        time = f"{self._now():%Y-%m-%dT%H:%M:%S.%fZ}"
        self.line(json.dumps({"time": time, "event": step.kind, **self._job, **step.facts, "message": step.text}))


class Moving(Plain):
    """Steps below each other, the last with a spinner; they shrink to one line as soon as there is output."""

    def __init__(self, name: str, *, colour: bool = False) -> None:
        super().__init__(name, colour=colour)
        self._steps: list[Step] = []
        self._drawn = 0
        self._beat = 0

    def step(self, step: Step) -> None:
        """Add it to the picture; the last one replaces the picture."""
        if step.kind in LAST:
            if step.kind is not Kind.FINISHED:
                self.close()
            self._erase()
            self._steps.clear()
            self.line(self._drawing(step, _sign(step), final=True))
            return
        if step.kind in {Kind.SCHEDULED, Kind.STARTED} and self._steps and self._steps[-1].kind == Kind.PREPARING:
            self._steps.pop()
        self._steps.append(step)
        self._draw()

    def output(self, stream: int, data: bytes) -> None:
        """Shrink the picture to its last step, and write below it."""
        if self._steps:
            last = self._steps[-1]
            self._erase()
            self._steps.clear()
            self.line(self._drawing(last, _sign(last)))
        super().output(stream, data)

    def tick(self) -> None:
        """Turn the spinner."""
        self._beat += 1
        if self._steps and self._steps[-1].kind in _OPEN:
            self._draw()

    def close(self) -> None:
        """Leave the steps as they are, without a spinner."""
        if self._steps:
            self._erase()
            for step in self._steps:
                self.line(self._drawing(step, _sign(step)))
            self._steps.clear()

    def _draw(self) -> None:
        self._erase()
        *done, last = self._steps
        for step in done:
            self.line(self._drawing(step, _sign(step)))
        turning = last.kind in _OPEN
        self.line(self._drawing(last, _SPINNER[self._beat % len(_SPINNER)] if turning else _sign(last)))
        self._drawn = len(self._steps)

    def _erase(self) -> None:
        if self._drawn:
            sys.stderr.write(_UP_AND_CLEAR.format(self._drawn))
            self._drawn = 0

    def _drawing(self, step: Step, sign: str, *, final: bool = False) -> str:
        text = f"{self._name} {step.text}"
        if not final:  # a line that wraps could not be drawn over
            text = cut(text, terminal.width() - 3)
        return f"{_coloured(step, sign) if self._colour else sign} {text}"


def _sign(step: Step) -> str:
    if step.kind is Kind.FINISHED:
        return terminal.ICONS.get(str(step.facts.get("phase")), "✔")
    return "!" if step.kind in TROUBLE else "○" if step.kind in _IDLE else "✔"


def _styled(step: Step, *, colour: bool) -> str:
    phase = str(step.facts.get("phase", ""))
    if colour and step.kind is Kind.FINISHED and step.text.startswith(phase):
        return terminal.phase(phase, colour=True) + step.text.removeprefix(phase)
    return step.text


def _coloured(step: Step, sign: str) -> str:
    if step.kind is Kind.FINISHED:
        return click.style(sign, fg=terminal.COLOURS.get(Phase(str(step.facts["phase"]))))
    return click.style(sign, fg="yellow" if step.kind in TROUBLE else "green")
