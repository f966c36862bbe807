"""Cloud Logging's messages to our values, and what it is asked. Pure.

Entries of a task: https://cloud.google.com/run/docs/logging; the filter is of
https://cloud.google.com/logging/docs/view/logging-query-language.
"""

import json
from datetime import datetime
from typing import Any, Final

from google.cloud.logging_v2.types import ListLogEntriesRequest, ListLogEntriesResponse, LogEntry
from google.protobuf.json_format import MessageToDict  # type: ignore[import-untyped]

from containerjob_operator.executors.cloudrun.entries import SECOND, Ask, Entry, Page
from containerjob_operator.executors.cloudrun.place import Place
from containerjob_operator.executors.outputs import STDERR, STDOUT
from containerjob_operator.executors.stamps import stamp_of

PAGE: Final = 1000
"""Entries; more are refused."""
_EXECUTION: Final = "run.googleapis.com/execution_name"
_LOGS: Final = {STDOUT: "run.googleapis.com%2Fstdout", STDERR: "run.googleapis.com%2Fstderr"}


def request(place: Place, ask: Ask, token: str) -> ListLogEntriesRequest:
    """Return the question for one page."""
    logs = [f"projects/{place.project}/logs/{_LOGS[1 if stream == STDOUT else 2]}" for stream in ask.streams]
    terms = [
        'resource.type="cloud_run_job"',
        f'resource.labels.location="{place.location}"',
        f"logName=({_any(logs)})",
        f'labels."{_EXECUTION}"=({_any(ask.executions)})',
    ]
    if ask.since is not None:
        terms.append(f'timestamp>="{stamp_of(ask.since).decode()}"')
    return ListLogEntriesRequest(
        resource_names=[f"projects/{place.project}"],
        filter=" AND ".join(terms),
        order_by="timestamp desc" if ask.newest_first else "timestamp asc",
        page_size=PAGE,
        page_token=token,
    )


def page(response: ListLogEntriesResponse) -> Page:
    """Read one page."""
    return Page(tuple(entry_of(entry) for entry in response.entries), response.next_page_token)


def entry_of(entry: LogEntry) -> Entry:
    """Read one entry. Google drops the end of a line, so that of the last one is invented where there was none."""
    whole = not entry.split.total_splits or entry.split.index == entry.split.total_splits - 1
    time = _nanoseconds(entry.timestamp)
    return Entry(
        execution=entry.labels.get(_EXECUTION, ""),
        stream=STDERR if entry.log_name.endswith(_LOGS[STDERR]) else STDOUT,
        time=time,
        received=_nanoseconds(entry.receive_timestamp) or time,
        id=entry.insert_id,
        data=(_text(entry) + ("\n" if whole else "")).encode(),
    )


def _text(entry: LogEntry) -> str:
    """Return the line; one that was a JSON object is one again, though its fields may have another order."""
    raw = LogEntry.pb(entry)
    if raw.WhichOneof("payload") == "json_payload":
        return json.dumps(_plain(MessageToDict(raw.json_payload)), ensure_ascii=False)
    return str(entry.text_payload)


def _plain(value: Any) -> Any:
    """Return whole numbers as such: Google keeps every number as a fraction."""
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _any(values: "list[str] | tuple[str, ...]") -> str:
    return " OR ".join(f'"{value}"' for value in values)


def _nanoseconds(time: datetime | None) -> int:
    if time is None:
        return 0
    nanosecond = getattr(time, "nanosecond", time.microsecond * 1000)
    return int(time.replace(microsecond=0).timestamp()) * SECOND + int(nanosecond)
