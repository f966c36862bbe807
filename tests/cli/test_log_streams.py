"""The client of the log API against a real server with faults, through real kubectl: no gap, no repeat, no hang."""

import contextlib
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.fakes.log_server import BREAK, HOLD, LogServer, Refuse, end, faithful, kubeconfig, out, serving, source

from containerjob_api.frames import Frame, Kind
from kubectl_containerjob.kubectl import Kubectl
from kubectl_containerjob.logs.events import Ended, Event, LogRequest, Outage, Output, Quiet, Restored
from kubectl_containerjob.logs.streams import Patience, read
from kubectl_containerjob.problems import Refused

HASTY = Patience(silence=0.5, first_pause=0.01, last_pause=0.05, healthy=5.0, tell=0.0)
FOLLOW = LogRequest("default", "demo", follow=True)
ALIVE = Frame(Kind.KEEP_ALIVE)


@pytest.fixture
def book(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LogServer]:
    """A server, and a kubectl that knows no other."""
    with serving() as book:
        for name, value in kubeconfig(tmp_path, book.port).items():
            monkeypatch.setenv(name, value)
        yield book


def everything(request: LogRequest = FOLLOW, patience: Patience = HASTY, **more: Any) -> list[Event]:
    return list(read(Kubectl(), request, patience=patience, tick=0.05, **more))


def data(events: list[Event], stream: int = 1) -> bytes:
    return b"".join(event.data for event in events if isinstance(event, Output) and event.stream == stream)


def told(events: list[Event]) -> list[type[Event]]:
    return [type(event) for event in events if isinstance(event, Outage | Restored)]


def test_a_stream_that_breaks_again_and_again_has_no_gap_and_no_repeat(book: LogServer) -> None:
    entries = [(b"%d\n" % number, number % 3 == 0) for number in range(200)]
    book.always = faithful(entries, breaks=[3, 0, 40, 1])
    events = everything()
    assert data(events, 1) == b"".join(line for line, err in entries if not err)
    assert data(events, 2) == b"".join(line for line, err in entries if err)
    assert events[-1] == Ended(None, "exited", 0, "Succeeded")
    assert len(book.requests) == 5
    assert set(told(events)) == {Outage, Restored}


def test_an_operator_that_is_away_for_a_while_is_waited_for(book: LogServer) -> None:
    book.turns += [[source(0, "demo"), out(0, "a\n", 1), BREAK], Refuse(503, "", "service unavailable")]
    book.turns += [Refuse(500, "InternalError", "no"), [b"<html>this is not the log API"]]
    book.turns += [[source(0, "demo"), out(0, "b\n", 2), end()]]
    events = everything()
    assert data(events) == b"a\nb\n"
    assert told(events) == [Outage, Restored]


def test_a_short_outage_is_not_told(book: LogServer) -> None:
    book.always = faithful([(b"a\n", False), (b"b\n", False)], breaks=[1])
    assert told(everything(patience=Patience(first_pause=0.01))) == []


@pytest.mark.parametrize("reason", ["NotFound", "Forbidden", "BadRequest"])
def test_what_does_not_change_by_asking_again_ends_the_reading(book: LogServer, reason: str) -> None:
    book.turns += [[source(0, "demo"), out(0, "a\n", 1), BREAK], Refuse(403, reason, "no more")]
    with pytest.raises(Refused, match="no more") as caught:
        everything()
    assert caught.value.reason == reason


def test_silence_is_a_dead_connection_and_keep_alives_are_none(book: LogServer) -> None:
    book.turns += [[source(0, "demo"), out(0, "a\n", 1), HOLD]]

    def slowly() -> Iterator[Frame]:
        for _ in range(4):
            yield ALIVE
            time.sleep(0.25)
        yield source(0, "demo")
        yield out(0, "b\n", 2)
        yield end()

    book.turns += [slowly()]
    events = everything()
    assert data(events) == b"a\nb\n"
    assert len(book.requests) == 2
    assert any(isinstance(event, Quiet) for event in events)


def test_a_server_that_never_says_anything_is_told(book: LogServer) -> None:
    book.turns += [[HOLD]]
    with pytest.raises(Refused, match=r"has not said anything for 0 s"):
        everything()


def test_something_else_at_that_address_is_told(book: LogServer) -> None:
    book.turns += [[b"<html>" * 10]]
    with pytest.raises(Refused, match="does not answer as expected"):
        everything()


def test_a_limit_of_bytes_holds_over_a_break(book: LogServer) -> None:
    book.turns += [[source(0, "demo"), out(0, "abcd", 1), BREAK]]
    events = everything(LogRequest("default", "demo", limit_bytes=4))
    assert events[-1] == Ended(None, "truncated")
    assert len(book.requests) == 1


def test_a_reader_that_goes_away_ends_an_idle_stream_and_its_kubectl(book: LogServer) -> None:
    book.turns += [[source(0, "demo"), out(0, "a\n", 1), HOLD]]
    reader, writer = os.pipe()
    with (
        os.fdopen(writer, "wb", 0) as watched,
        contextlib.closing(read(Kubectl(), FOLLOW, watched=watched, patience=HASTY)) as events,
    ):
        while not isinstance(next(events), Output):
            pass
        os.close(reader)
        with pytest.raises(BrokenPipeError):
            next(events)
    assert book.readers_gone.wait(10)


def test_closing_the_reading_ends_its_kubectl(book: LogServer) -> None:
    book.turns += [[source(0, "demo"), HOLD]]
    events = read(Kubectl(), FOLLOW, patience=HASTY)
    next(events)
    events.close()
    assert book.readers_gone.wait(10)
