"""Frames become events, none twice; and the next request asks for exactly what is left."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from tests.fakes.log_server import SECOND, end, gap, out, source

from containerjob_api.frames import EndReason, Flag, Frame, Kind
from kubectl_containerjob.logs import progress as log_progress
from kubectl_containerjob.logs.events import Ended, Event, LogRequest, Missing, Output, Started
from kubectl_containerjob.logs.progress import Progress

ALIVE = Frame(Kind.KEEP_ALIVE)


def started(**request: Any) -> Progress:
    progress = Progress(LogRequest("default", **({"name": "demo", "follow": True} | request)))
    progress.connected()
    return progress


def take(progress: Progress, *frames: Frame) -> list[Event]:
    return [event for frame in frames for event in progress.take(frame)]


def data(events: list[Event]) -> bytes:
    return b"".join(event.data for event in events if isinstance(event, Output))


def again(progress: Progress) -> dict[str, list[str]]:
    """Connect again; return what is asked."""
    return parse_qs(urlsplit(progress.connected()).query)


def test_the_first_request_asks_for_what_people_asked() -> None:
    request = LogRequest("a b", "demo", tail=3, timestamps=True, stream="stderr", since_time="2026-01-31T18:00:00Z")
    path, _, query = Progress(request).connected().partition("?")
    assert path == "/apis/subresources.containerjobs.io/v1alpha1/namespaces/a%20b/containerjobs/demo/log"
    assert query == "framing=v1&sinceTime=2026-01-31T18:00:00Z&tailLines=3&timestamps=true&stream=stderr"


def test_all_namespaces_are_one_stream() -> None:
    path = LogRequest(None, selector="app=x", max_sources=7).path()
    base = "/apis/subresources.containerjobs.io/v1alpha1/containerjobs/-/log"
    assert path == f"{base}?framing=v1&labelSelector=app%3Dx&maxSources=7"


def test_after_a_break_it_goes_on_behind_the_last_entry_of_each_container() -> None:
    progress = started(name="-", tail=5, limit_bytes=100)
    take(progress, source(0, "a"), source(1, "b"), out(0, "x\n", 3), out(1, "yy\n", 4))
    query = again(progress)
    assert query["cursor"] == [f"cj-a-0@{3 * SECOND}.1", f"cj-b-0@{4 * SECOND}.1"]
    assert (query["limitBytes"], "tailLines" in query) == (["95"], False)


def test_what_comes_twice_after_a_break_is_given_out_once() -> None:
    progress = started()
    first = take(progress, source(0, "demo"), out(0, "a\n", 1), out(0, "b\n", 2))
    again(progress)
    rest = take(progress, source(7, "demo"), out(7, "a\n", 1), out(7, "b\n", 2), out(7, "c\n", 3), end(7), end())
    assert data(first + rest) == b"a\nb\nc\n"
    assert [type(event) for event in rest] == [Output, Ended, Ended]


def test_entries_that_are_out_of_order_are_not_taken_for_repeats() -> None:
    progress = started()
    assert data(take(progress, source(0, "demo"), out(0, "b\n", 2), out(0, "a\n", 1))) == b"b\na\n"


def test_a_container_that_has_ended_is_not_told_again() -> None:
    progress = started()
    take(progress, source(0, "demo"), out(0, "a\n", 1), end(0))
    query = again(progress)
    assert query["cursor"] == [f"cj-demo-0@{SECOND}.1"]
    late = take(progress, source(0, "demo"), out(0, "a\n", 1), out(0, "z\n", 9), gap(0, "x"), end(0))
    assert late == []
    assert [type(event) for event in take(progress, source(1, "demo", attempt=1))] == [Started]


@pytest.mark.parametrize(
    ("request_", "cursor"),
    [({}, ["cj-demo-0@0.0"]), ({"since_seconds": 60}, None), ({"since_time": "2026-01-31T18:00:00Z"}, None)],
)
def test_a_container_that_has_written_nothing_is_asked_for_as_at_first(
    request_: dict[str, Any], cursor: list[str] | None
) -> None:
    progress = started(**request_)
    take(progress, source(0, "demo"))
    query = again(progress)
    assert query.get("cursor") == cursor
    assert int(query.get("sinceSeconds", ["61"])[0]) >= 61


def test_a_tail_of_nothing_begins_where_the_output_stood() -> None:
    progress = started(tail=0)
    events = take(progress, source(0, "demo"), out(0, b"", 5))
    assert [type(event) for event in events] == [Started]
    assert again(progress)["cursor"] == [f"cj-demo-0@{5 * SECOND}.1"]


def test_a_tail_is_asked_for_again_until_all_that_was_there_has_come() -> None:
    progress = started(tail=5)
    assert again(progress)["tailLines"] == ["5"]
    assert take(progress, ALIVE) == []
    assert progress.answered
    assert "tailLines" not in again(progress)


def test_the_attempt_that_was_begun_is_the_one_that_is_finished() -> None:
    for request in ({"previous": True}, {"follow": False}):
        progress = started(**request)
        take(progress, source(0, "demo", attempt=4), out(0, "a\n", 1))
        query = again(progress)
        assert (query["attempt"], query.get("previous")) == (["4"], None)
    progress = started()
    take(progress, source(0, "demo", attempt=4), out(0, "a\n", 1))
    assert "attempt" not in again(progress)


def test_cursors_that_have_no_room_are_those_of_ended_containers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_progress, "CURSOR_BYTES", 60)
    progress = started(name="-")
    for number, name in enumerate(("a", "b", "c")):
        take(progress, source(number, name), out(number, "x\n", 1))
    take(progress, end(0), end(1))
    assert again(progress)["cursor"] == [f"cj-c-0@{SECOND}.1", f"cj-a-0@{SECOND}.1"]
    assert data(take(progress, source(0, "b"), out(0, "x\n", 1))) == b""


def test_all_bytes_that_were_asked_for_are_enough() -> None:
    progress = started(limit_bytes=4)
    take(progress, source(0, "demo"), out(0, "abc\n", 1))
    assert progress.full


def test_ends_carry_what_is_known() -> None:
    progress = started()
    take(progress, source(0, "demo"))
    (event,) = take(progress, end(exitCode=42, phase="Failed", message="why"))
    assert event == Ended(None, EndReason.EXITED, 42, "Failed", "why")


def kept(number: int, text: str) -> Frame:
    return out(number, text, 0, flags=Flag.KEPT)


def test_of_a_kept_tail_only_what_is_new_is_given_out() -> None:
    progress = started()
    take(progress, source(0, "demo"), out(0, "a\nb\n", 1))
    again(progress)
    events = take(progress, source(0, "demo"), kept(0, "b\nc\n"))
    assert [event.data for event in events if isinstance(event, Output) and event.kept] == [b"c\n"]
    assert take(progress, kept(0, "b\nc\n"), gap(0, "cut")) == []


def test_times_before_lines_do_not_hide_what_is_known_of_a_kept_tail() -> None:
    progress = started(timestamps=True)
    take(progress, source(0, "demo"), out(0, "2026-01-31T18:00:00.1Z a\n2026-01-31T18:00:00.2Z b\n", 1))
    assert data(take(progress, kept(0, "a\nb\n"))) == b""


def test_a_kept_tail_with_nothing_in_common_has_a_gap_before_it() -> None:
    progress = started()
    take(progress, source(0, "demo"), out(0, "a\n", 1))
    events = take(progress, kept(0, "y\nz\n"))
    assert [type(event) for event in events] == [Missing, Output]


def test_gaps_are_told_with_their_container_or_for_all() -> None:
    progress = started()
    take(progress, source(0, "demo"))
    (event,) = take(progress, gap(0, "rotated"))
    assert isinstance(event, Missing)
    assert event.source is not None
    assert take(progress, gap(0xFFFF, "lost")) == [Missing(None, "lost")]


def test_frames_that_make_no_sense_are_refused() -> None:
    progress = started()
    with pytest.raises(ValueError, match="source 3 was not announced"):
        take(progress, out(3, "x", 1))
    with pytest.raises(ValueError, match="without an object"):
        take(progress, Frame(Kind.SOURCE, b"[]"))
