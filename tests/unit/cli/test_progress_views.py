"""How steps look: lines, JSON, a picture on a terminal, or nothing."""

import io
import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from kubectl_containerjob.following.step_views import Json, Moving, Plain, Quiet, View, view
from kubectl_containerjob.following.steps import Kind, Step

CREATED = Step(Kind.CREATED, "created")
SCHEDULED = Step(Kind.SCHEDULED, "scheduled on fake", {"attempt": 0, "host": "fake"})
STARTED = Step(Kind.STARTED, "started on fake", {"attempt": 0, "host": "fake"})
RETRYING = Step(Kind.RETRYING, "retrying in 5 s: x")
DONE = Step(Kind.FINISHED, "Succeeded after 2s, exit code 0", {"phase": "Succeeded", "exitCode": 0})
DELETED = Step(Kind.DELETED, "was deleted while it was followed")


class Terminal(io.StringIO):
    """A terminal's end of a stream, with the screen that its bytes draw."""

    def __init__(self) -> None:
        super().__init__()
        self.buffer = _Bytes(self)

    def isatty(self) -> bool:
        return True

    def screen(self) -> list[str]:
        """Play the bytes: lines, `up N`, and `clear below`."""
        lines: list[str] = []
        text = self.getvalue()
        while text:
            if text.startswith("\x1b["):
                count, text = text[2:].split("A\r\x1b[J", 1)
                del lines[len(lines) - int(count) :]
            else:
                line, _, text = text.partition("\n")
                lines.append(line)
        return lines


class _Bytes(io.BytesIO):
    def __init__(self, text: Terminal) -> None:
        super().__init__()
        self._text = text

    def write(self, data: object) -> int:
        return self._text.write(bytes(data).decode())  # type: ignore[call-overload]


def on_terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """Put a terminal of 60 columns behind stdout and stderr; no fixture: pytest sets them anew for the test."""
    shown = Terminal()
    monkeypatch.setattr(sys, "stderr", shown)
    monkeypatch.setattr(sys, "stdout", shown)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "60")
    return shown


def test_lines_name_the_job_and_output_goes_where_the_container_wrote_it(capfdbinary: object) -> None:
    capture: Callable[[], tuple[bytes, bytes]] = capfdbinary.readouterr  # type: ignore[attr-defined]
    shown = Plain("hello")
    shown.step(CREATED)
    shown.output(1, b"out\x00\xff")
    shown.output(2, b"err\n")
    shown.tick()
    shown.close()
    shown.step(DONE)
    assert capture() == (
        b"out\x00\xff",
        b"hello: created\nerr\nhello: Succeeded after 2s, exit code 0\n",
    )
    Plain("hello", colour=True).step(DONE)
    assert capture()[1] == b"hello: \x1b[32mSucceeded\x1b[0m after 2s, exit code 0\n"


def test_json_is_one_object_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    shown = Json("hello", "team", lambda: datetime(2026, 1, 1, tzinfo=UTC))
    shown.step(SCHEDULED)
    line = capsys.readouterr().err
    assert line.count("\n") == 1
    assert json.loads(line) == {
        "time": "2026-01-01T00:00:00.000000Z",
        "event": "scheduled",
        "namespace": "team",
        "name": "hello",
        "attempt": 0,
        "host": "fake",
        "message": "scheduled on fake",
    }


def test_quiet_says_only_what_is_wrong(capsys: pytest.CaptureFixture[str]) -> None:
    shown = Quiet()
    for step in (CREATED, SCHEDULED, RETRYING, DONE):
        shown.step(step)
    assert capsys.readouterr().err == ""
    shown.step(DELETED)
    assert capsys.readouterr().err == "was deleted while it was followed\n"


@pytest.mark.parametrize(
    ("choice", "kind"), [("auto", Plain), ("tty", Plain), ("plain", Plain), ("json", Json), ("quiet", Quiet)]
)
def test_without_a_terminal_no_cursor_is_ever_moved(choice: str, kind: type[View]) -> None:
    assert type(view(choice, "hello", "team")) is kind


def test_on_a_terminal_the_picture_is_what_auto_means(monkeypatch: pytest.MonkeyPatch) -> None:
    on_terminal(monkeypatch)
    assert type(view("auto", "hello", "team")) is Moving
    assert type(view("plain", "hello", "team")) is Plain


def test_the_last_step_has_a_spinner_that_becomes_a_tick(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = on_terminal(monkeypatch)
    shown = Moving("hello")
    shown.step(CREATED)
    assert terminal.screen() == ["⠋ hello created"]
    shown.step(SCHEDULED)
    shown.tick()
    assert terminal.screen() == ["✔ hello created", "⠙ hello scheduled on fake"]
    shown.step(Step(Kind.PREPARING, "pulling busybox:1.37, or starting"))
    shown.step(STARTED)
    assert [line[2:] for line in terminal.screen()] == [
        "hello created",
        "hello scheduled on fake",
        "hello started on fake",
    ]
    shown.step(Step(Kind.WAITING, "waiting: full"))
    before = terminal.getvalue()
    shown.tick()
    assert terminal.getvalue() == before


def test_output_shrinks_the_picture_to_one_line_and_the_end_replaces_what_is_left(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    terminal = on_terminal(monkeypatch)
    shown = Moving("hello")
    shown.step(CREATED)
    shown.step(STARTED)
    shown.output(1, b"one\ntwo")
    assert terminal.screen() == ["✔ hello started on fake", "one", "two"]
    shown.step(RETRYING)
    assert terminal.screen() == ["✔ hello started on fake", "one", "two", "! hello retrying in 5 s: x"]
    shown.step(DONE)
    assert terminal.screen() == ["✔ hello started on fake", "one", "two", "✔ hello Succeeded after 2s, exit code 0"]


def test_no_terminal_obeys_what_a_container_prints_but_for_its_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = on_terminal(monkeypatch)
    Quiet().output(1, b"\x1b]52;c;eA==\x07\x1b[31mred\x1b[0m\r\n")
    assert shown.getvalue() == "^[]52;c;eA==^G\x1b[31mred\x1b[0m\n"


def test_what_is_left_unfinished_stays_readable(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = on_terminal(monkeypatch)
    shown = Moving("hello", colour=True)
    shown.step(CREATED)
    shown.step(Step(Kind.WAITING, "waiting: " + "x" * 100))
    shown.close()
    shown.close()
    assert terminal.getvalue().endswith("xx…\n")
    shown.step(Step(Kind.DETACHED, "detached, the job goes on"))
    assert terminal.getvalue().endswith("hello detached, the job goes on\n")


def test_the_end_has_the_colour_of_its_phase(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = on_terminal(monkeypatch)
    Moving("hello", colour=True).step(DONE)
    assert terminal.getvalue() == "\x1b[32m✔\x1b[0m hello Succeeded after 2s, exit code 0\n"
