"""Log entries in order, once each, whoever reads; and how they are asked for."""

import json
from datetime import UTC, datetime
from typing import NoReturn

import pytest
from google.cloud.logging_v2.types import ListLogEntriesRequest, ListLogEntriesResponse, LogEntry, LogSplit
from google.protobuf.json_format import ParseDict
from google.protobuf.struct_pb2 import Struct
from google.protobuf.timestamp_pb2 import Timestamp

from containerjob_operator.executors.cloudrun import logs, read_log
from containerjob_operator.executors.cloudrun.entries import SECOND, Ask, Beginning, Entry, Late, Order, Page
from containerjob_operator.executors.cloudrun.place import Place
from containerjob_operator.executors.outputs import STDERR, STDOUT, OutputQuery

PLACE = Place("demo", "europe-west1")


def entry(time: int, identity: str = "a", received: int | None = None) -> Entry:
    return Entry("x-run", STDOUT, time, time if received is None else received, identity, b"line\n")


def test_entries_are_put_in_order_of_time_and_id_and_pass_once() -> None:
    order = Order(1.0)
    late, early, twin = entry(20), entry(10), entry(10, "b")
    assert order.feed([late, twin, early], 0.0) == 3
    assert order.feed([early, late], 0.1) == 0
    assert order.newest == 20
    assert order.rest() == [early, twin, late]
    assert order.feed([twin], 0.2) == 0
    assert order.rest() == []


def test_an_entry_that_google_got_late_counts_from_when_it_came() -> None:
    order = Order(1.0)
    late, punctual, after = entry(0, "late", received=3 * SECOND), entry(SECOND), entry(3 * SECOND)
    order.feed([late, punctual, after], 0.0)
    assert order.rest() == [punctual, late, after]


def test_an_entry_that_google_was_late_to_show_stays_where_it_was_told() -> None:
    late: Late = {}
    order = Order(1.0, late)
    order.feed([entry(10), entry(30)], 0.0)
    order.rest()
    order.feed([entry(20, "b"), entry(15)], 0.0)
    order.feed([entry(40)], 0.0)
    told = [entry(15), entry(20, "b"), entry(40)]
    assert order.rest() == told
    again = Order(1.0, late)
    again.feed([entry(10), entry(15), entry(20, "b"), entry(30), entry(40)], 0.0)
    assert again.rest() == [entry(10), entry(30), *told]


def test_entries_wait_for_older_ones_and_take_these_along() -> None:
    order = Order(1.0)
    order.feed([entry(20)], 0.0)
    assert order.due(0.5) == []
    order.feed([entry(10), entry(30)], 0.5)
    assert order.due(1.0) == [entry(10), entry(20)]
    assert order.due(1.25) == []
    assert order.due(1.5) == [entry(30)]


def test_what_lies_before_a_time_that_was_read_is_settled() -> None:
    order = Order(1.0)
    order.feed([entry(10), entry(20), entry(30)], 0.0)
    assert order.settled(20) == [entry(10), entry(20)]
    assert order.rest() == [entry(30)]


def test_what_was_forgotten_is_not_taken_again() -> None:
    order = Order(1.0)
    order.feed([entry(10), entry(20)], 0.0)
    order.rest()
    order.forget(15)
    assert order.feed([entry(10), entry(20)], 1.0, since=15) == 0
    assert order.rest() == []


def kept(beginning: Beginning, *entries: Entry) -> list[Entry]:
    return [each for each in entries if beginning.wants(each)]


FIRST, SECOND_OF_TEN, THIRD, LATE = entry(10, "a"), entry(10, "b"), entry(20, "c"), entry(5, "late")


@pytest.mark.parametrize(
    ("beginning", "wanted"),
    [
        (Beginning(OutputQuery()), [FIRST, SECOND_OF_TEN, THIRD]),
        (Beginning(OutputQuery(since=11)), [THIRD]),
        (Beginning(OutputQuery(after=(10, 1))), [SECOND_OF_TEN, THIRD]),
        (Beginning(OutputQuery(after=(10, 2))), [THIRD]),
        (Beginning(OutputQuery(after=(15, 7))), [THIRD]),
        (Beginning(OutputQuery(after=(20, 1))), []),
        (Beginning(OutputQuery(tail=2), SECOND_OF_TEN), [SECOND_OF_TEN, THIRD]),
        (Beginning(OutputQuery(tail=0), SECOND_OF_TEN, beyond=True), [THIRD]),
        (Beginning(OutputQuery(tail=2, since=15), FIRST), [THIRD]),
    ],
)
def test_a_query_begins_at_a_time_behind_an_entry_or_so_many_lines_before_the_end(
    beginning: Beginning, wanted: list[Entry]
) -> None:
    assert kept(beginning, FIRST, SECOND_OF_TEN, THIRD) == wanted


def test_an_entry_that_came_late_has_its_place_behind_the_newest_before_it() -> None:
    assert kept(Beginning(OutputQuery(after=(10, 2))), FIRST, SECOND_OF_TEN, LATE, THIRD) == [LATE, THIRD]
    assert kept(Beginning(OutputQuery(after=(10, 3))), FIRST, SECOND_OF_TEN, LATE, THIRD) == [THIRD]


def test_a_question_names_the_project_the_place_the_streams_and_the_executions() -> None:
    assert read_log.request(PLACE, Ask(("a-run", "b-run"), since=1_500_000_000), "t") == ListLogEntriesRequest(
        resource_names=["projects/demo"],
        filter=(
            'resource.type="cloud_run_job" AND resource.labels.location="europe-west1" AND '
            'logName=("projects/demo/logs/run.googleapis.com%2Fstdout" OR '
            '"projects/demo/logs/run.googleapis.com%2Fstderr") AND '
            'labels."run.googleapis.com/execution_name"=("a-run" OR "b-run") AND '
            'timestamp>="1970-01-01T00:00:01.500000000Z"'
        ),
        order_by="timestamp asc",
        page_size=1000,
        page_token="t",
    )


def test_the_end_of_one_stream_can_be_asked_for() -> None:
    asked = read_log.request(PLACE, Ask(("a-run",), newest_first=True, streams=(STDERR,)), "")
    assert asked.order_by == "timestamp desc"
    assert 'logName=("projects/demo/logs/run.googleapis.com%2Fstderr")' in asked.filter
    assert "timestamp" not in asked.filter


def test_a_hundred_executions_fit_into_a_filter() -> None:
    names = tuple(f"cj-{'0' * 36}-999-run" for _ in range(100))
    assert len(read_log.request(PLACE, Ask(names, since=1), "").filter) < 20_000


def google_entry(**more: object) -> LogEntry:
    return LogEntry(
        {
            "log_name": "projects/demo/logs/run.googleapis.com%2Fstdout",
            "timestamp": Timestamp(seconds=5, nanos=123456789),
            "receive_timestamp": Timestamp(seconds=6),
            "insert_id": "i1",
            "labels": {"run.googleapis.com/execution_name": "x-run"},
            **more,
        }
    )


def test_an_entry_is_a_line_of_its_stream_to_the_nanosecond() -> None:
    response = ListLogEntriesResponse(
        entries=[
            google_entry(text_payload="hé"),
            google_entry(log_name="projects/demo/logs/run.googleapis.com%2Fstderr", text_payload=""),
        ],
        next_page_token="more",
    )
    time = 5 * SECOND + 123456789
    assert read_log.page(response) == Page(
        (
            Entry("x-run", STDOUT, time, 6 * SECOND, "i1", "hé\n".encode()),
            Entry("x-run", STDERR, time, 6 * SECOND, "i1", b"\n"),
        ),
        "more",
    )


def test_a_long_line_that_google_has_split_is_one_again() -> None:
    parts = [
        google_entry(text_payload=text, split=LogSplit(uid="u", index=at, total_splits=2))
        for at, text in enumerate("ab")
    ]
    assert [read_log.entry_of(part).data for part in parts] == [b"a", b"b\n"]


def test_a_line_of_json_is_json_again() -> None:
    payload = {"a": 1, "b": [1.5, None, {"c": "ü"}]}
    data = read_log.entry_of(google_entry(json_payload=ParseDict(payload, Struct()))).data
    assert json.loads(data) == payload
    assert b"1.0" not in data


def test_an_entry_that_tells_no_time_of_receipt_was_received_when_it_was_written() -> None:
    found = read_log.entry_of(LogEntry(timestamp=datetime(1970, 1, 1, 0, 0, 7, tzinfo=UTC)))
    assert (found.time, found.received, found.execution) == (7 * SECOND, 7 * SECOND, "")
    assert read_log.entry_of(LogEntry()).time == 0


def test_late_entries_of_the_executions_that_were_read_last_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "REMEMBERED", 2)

    async def nobody() -> NoReturn:
        raise AssertionError("nothing is asked")

    log = logs.ProjectLog(PLACE, nobody)
    first = log.late("a")
    assert log.late("a") is first
    log.late("b")
    log.late("c")
    assert log.late("a") is not first
