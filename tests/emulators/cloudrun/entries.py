"""Cloud Logging: what tasks wrote, and ListLogEntries over it."""

import base64
import json
import time
from collections.abc import Callable
from itertools import count
from typing import Any
from urllib.parse import quote

from google.api.monitored_resource_pb2 import MonitoredResource
from google.cloud.logging_v2.types import ListLogEntriesRequest, ListLogEntriesResponse, LogEntry
from google.cloud.run_v2.types import Task
from google.logging.type.log_severity_pb2 import LogSeverity
from google.protobuf.json_format import ParseDict
from google.protobuf.struct_pb2 import Struct

from .filters import Fields, compiled
from .names import parse
from .options import Options
from .refusals import Code, Refused
from .state import at, now

STDOUT, STDERR, SYSTEM = "stdout", "stderr", "varlog/system"
DEFAULT_PAGE = 50
LARGEST_PAGE = 1000
"""ListLogEntriesRequest.page_size: default 50; negative or beyond 1000 is rejected."""
LONGEST_FILTER = 20_000
"""ListLogEntriesRequest.filter."""
Key = tuple[int, str]
"""A moment in nanoseconds and an insert id: entries of one timestamp come in order of their insert_id."""


class Written:
    """One entry, and from when on it can be read."""

    __slots__ = ("entry", "fields", "key", "visible")

    def __init__(self, entry: LogEntry, nanoseconds: int, visible: float) -> None:
        self.entry = entry
        self.key: Key = (nanoseconds, entry.insert_id)
        self.fields: Fields = Fields.of(entry)
        self.visible = visible


class Book:
    """The log entries of a project."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._written: list[Written] = []
        self._next = count(1)
        self.latency: Callable[[LogEntry], float] = self.usual_latency
        """How long an entry stays unseen; faults make it differ to have entries arrive out of order."""

    def usual_latency(self, _: LogEntry) -> float:
        """Give what the options say."""
        return self._options.log_latency_seconds

    def write(self, task: Task, attempt: int, log: str, moment: int, text: str) -> None:
        """Take one line of a task's container; `moment` is in nanoseconds of the Unix clock."""
        entry = LogEntry(
            log_name=f"projects/{self._options.project}/logs/{quote(f'run.googleapis.com/{log}', safe='')}",
            resource=_resource(task, self._options),
            timestamp=at(moment),
            receive_timestamp=now(),
            insert_id=f"{next(self._next):024x}",
            labels={
                "run.googleapis.com/execution_name": task.execution.rpartition("/")[2],
                "run.googleapis.com/task_index": str(task.index),
                "run.googleapis.com/task_attempt": str(attempt),
            },
        )
        _fill(entry, text)
        self._written.append(Written(entry, moment, time.monotonic() + self.latency(entry)))

    def list(self, request: ListLogEntriesRequest) -> ListLogEntriesResponse:
        """Give one page: https://cloud.google.com/logging/docs/reference/v2/rpc/google.logging.v2."""
        size = self._check(request)
        matches = compiled(request.filter)
        newest_first = {"": False, "timestamp asc": False, "timestamp desc": True}[request.order_by]
        seen = time.monotonic()
        found = [one for one in self._written if one.visible <= seen and matches(one.fields)]
        found.sort(key=lambda one: one.key[1])
        found.sort(key=lambda one: one.key[0], reverse=newest_first)
        if request.page_token:
            found = _after(found, _read(request), newest_first=newest_first)
        shown = found[:size]
        token = _token(shown[-1].key, request) if len(found) > size else ""
        return ListLogEntriesResponse(entries=[one.entry for one in shown], next_page_token=token)

    def _check(self, request: ListLogEntriesRequest) -> int:
        if not request.resource_names:
            raise Refused(Code.INVALID_ARGUMENT, "resource_names must name at least one resource.")
        for name in request.resource_names:
            if name.removeprefix("projects/") not in (self._options.project, self._options.project_number):
                raise Refused(Code.NOT_FOUND, f"Project does not exist: {name.removeprefix('projects/')}")
        if request.order_by not in ("", "timestamp asc", "timestamp desc"):
            raise Refused(Code.INVALID_ARGUMENT, "order_by must be 'timestamp asc' or 'timestamp desc'.")
        if len(request.filter) > LONGEST_FILTER:
            raise Refused(Code.INVALID_ARGUMENT, "The filter is longer than 20,000 characters.")
        if not 0 <= request.page_size <= LARGEST_PAGE:
            raise Refused(Code.INVALID_ARGUMENT, "page_size must be between 0 and 1000.")
        return request.page_size or DEFAULT_PAGE


def _resource(task: Task, options: Options) -> MonitoredResource:
    """Name the Job: https://cloud.google.com/monitoring/api/resources#tag_cloud_run_job."""
    name = parse(task.name, 3, options)
    labels = {"project_id": name.project, "location": name.location, "job_name": name.ids[0]}
    return MonitoredResource(type="cloud_run_job", labels=labels)


def _fill(entry: LogEntry, text: str) -> None:
    """Make a line of a JSON object a structured entry, any other one a text.

    https://cloud.google.com/run/docs/logging#using-json and
    https://cloud.google.com/logging/docs/structured-logging#special-payload-fields.
    """
    payload = _object(text)
    if payload is None:
        entry.text_payload = text
        return
    severity = payload.pop("severity", None)
    if isinstance(severity, str) and severity.upper() in LogSeverity.keys():  # noqa: SIM118
        entry.severity = LogSeverity.Value(severity.upper())
    labels = payload.pop("logging.googleapis.com/labels", {})
    if isinstance(labels, dict):
        entry.labels.update({str(key): str(value) for key, value in labels.items()})
    if set(payload) == {"message"} and isinstance(payload["message"], str):
        entry.text_payload = payload["message"]
    else:
        entry.json_payload = ParseDict(payload, Struct())


def _object(text: str) -> dict[str, Any] | None:
    if not text.startswith("{"):
        return None
    try:
        found = json.loads(text)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _after(found: list[Written], last: Key, *, newest_first: bool) -> list[Written]:
    """Drop what earlier pages had; entries that come late may lie before the token and are then not seen by it."""
    moment, insert_id = last

    def later(key: Key) -> bool:
        if key[0] == moment:
            return key[1] > insert_id
        return key[0] < moment if newest_first else key[0] > moment

    return [one for one in found if later(one.key)]


def _token(key: Key, request: ListLogEntriesRequest) -> str:
    parts = [key[0], key[1], list(request.resource_names), request.filter, request.order_by]
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode()


def _read(request: ListLogEntriesRequest) -> Key:
    """Read a token; the values of other parameters should be identical to those in the previous call."""
    try:
        moment, insert_id, *asked = json.loads(base64.urlsafe_b64decode(request.page_token))
    except ValueError:
        raise Refused(Code.INVALID_ARGUMENT, "page_token is invalid.") from None
    if asked != [list(request.resource_names), request.filter, request.order_by]:
        raise Refused(Code.INVALID_ARGUMENT, "page_token doesn't match arguments from the request.")
    return int(moment), str(insert_id)
