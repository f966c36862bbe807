"""What the status keeps of an attempt, and what of it is new to somebody who has read before."""

from typing import Any

import pytest

from containerjob_api.frames import EndReason
from kubectl_containerjob.logs.events import Ended, LogRequest, Output, Started
from kubectl_containerjob.logs.kept_tails import events, unread
from kubectl_containerjob.problems import Problem
from kubectl_containerjob.records import Job


@pytest.mark.parametrize(
    ("seen", "kept", "new"),
    [
        (b"", b"a\n", b"a\n"),
        (b"a\n", b"", b""),
        (b"a\nb\n", b"a\nb\n", b""),
        (b"0\na\nb\n", b"a\nb\n", b""),
        (b"a\nb\n", b"b\nc\n", b"c\n"),
        (b"a\nbegu", b"a\nbegun\n", b"n\n"),
        (b"a", b"ab\n", b"b\n"),
        (b"a\n", b"y\nz\n", None),
        (b"0\na", b"ab\n", None),
        (b"bar\r\x1b\n", b"bar\n\xef\xbf\xbd\nmore\n", b"more\n"),
    ],
)
def test_what_is_new_in_a_kept_tail_is_what_follows_the_end_of_what_was_seen(
    seen: bytes, kept: bytes, new: bytes | None
) -> None:
    assert unread(seen, kept) == new


def attempt(number: int, out: str = "", err: str = "", **more: Any) -> dict[str, Any]:
    tail = {"stdout": out, "stderr": err}
    return {"attempt": number, "name": f"cj-x-{number}", "host": {"name": "h"}, "logTail": tail, **more}


def job(*attempts: dict[str, Any], phase: str = "Failed") -> Job:
    return Job({"metadata": {"name": "demo", "namespace": "shop"}, "status": {"phase": phase, "attempts": attempts}})


def read(job: Job, **request: Any) -> list[tuple[int, bytes]]:
    found = list(events(job, LogRequest("shop", "demo", **request)))
    assert isinstance(found[0], Started)
    assert isinstance(found[-1], Ended)
    return [(event.stream, event.data) for event in found if isinstance(event, Output)]


TWICE = job(attempt(0, "first\n"), attempt(1, "a\nb\n", "c\n", exitCode=3))


def test_the_newest_attempt_is_read_with_its_end() -> None:
    assert read(TWICE) == [(1, b"a\nb\n"), (2, b"c\n")]
    *_, last = events(TWICE, LogRequest("shop", "demo"))
    assert isinstance(last, Ended)
    assert (last.reason, last.exit_code, last.phase) == (EndReason.GONE, 3, "Failed")


def test_another_attempt_can_be_asked_for() -> None:
    assert read(TWICE, attempt=0) == read(TWICE, previous=True) == [(1, b"first\n")]


def test_it_can_be_cut_as_a_log_can() -> None:
    assert read(TWICE, tail=1) == [(1, b"b\n"), (2, b"c\n")]
    assert read(TWICE, tail=0) == [(1, b""), (2, b"")]
    assert read(TWICE, stream="stderr") == [(2, b"c\n")]
    assert read(job(attempt(0, "a\nb\u2028c")), tail=1) == [(1, "b\u2028c".encode())]
    assert read(TWICE, limit_bytes=5) == [(1, b"a\nb\n"), (2, b"c")]


@pytest.mark.parametrize(
    ("which", "request_", "expected"),
    [
        (TWICE, {"attempt": 7}, "demo has no attempt 7 with a container"),
        (job(attempt(0, "x")), {"previous": True}, "demo has no previous attempt: leave out --previous"),
        (job(), {}, "demo has no container yet: see `kubectl containerjob why demo`"),
    ],
)
def test_what_is_not_there_is_told_in_a_line(which: Job, request_: dict[str, Any], expected: str) -> None:
    with pytest.raises(Problem, match=expected):
        read(which, **request_)
