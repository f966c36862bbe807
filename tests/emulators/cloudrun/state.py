"""What an emulated project holds: Jobs, Executions, Tasks, operations, and how one version follows another."""

import hashlib
import time
from itertools import count
from typing import Any
from uuid import uuid4

from google.cloud.run_v2.types import Condition, Execution, Job, Task
from google.protobuf.timestamp_pb2 import Timestamp

State = Condition.State
Resource = Job | Execution | Task


def now() -> Timestamp:
    """Give this moment."""
    return at(time.time_ns())


def at(nanoseconds: int) -> Timestamp:
    """Give a moment of the Unix clock."""
    return Timestamp(seconds=nanoseconds // 10**9, nanos=nanoseconds % 10**9)


def condition(kind: str, state: int, message: str = "", **more: Any) -> Condition:
    """Build a condition of this moment; `more` has its reason, execution_reason or severity."""
    return Condition(type_=kind, state=state, message=message, last_transition_time=now(), **more)


def set_condition(resource: Execution | Task, new: Condition) -> None:
    """Put a condition in the place of the one of its type."""
    kept = [one for one in resource.conditions if one.type_ != new.type_]
    resource.conditions = [*kept, new]


def find_condition(resource: Execution | Task, kind: str) -> Condition | None:
    """Look one up by its type."""
    return next((one for one in resource.conditions if one.type_ == kind), None)


class Records:
    """Everything that exists, by full name; each record has a number that grows with its time of creation."""

    def __init__(self) -> None:
        self.jobs: dict[str, Job] = {}
        self.executions: dict[str, Execution] = {}
        self.tasks: dict[str, Task] = {}
        self.deleted: list[Resource] = []
        """What `show_deleted` shows beside the rest."""
        self.numbers: dict[str, int] = {}
        self._next = count(1)

    def born(self, resource: Resource) -> None:
        """Give a new record its uid, its times and its number."""
        resource.uid = str(uuid4())
        resource.generation = 1
        resource.create_time = now()
        self.numbers[resource.uid] = next(self._next)
        touch(resource)

    def gone(self, resource: Resource) -> None:
        """Keep a deleted record for `show_deleted`."""
        resource.delete_time = now()
        resource.expire_time = at(time.time_ns() + 30 * 24 * 3600 * 10**9)
        touch(resource)
        self.deleted.append(resource)

    def executions_of(self, job: str) -> list[Execution]:
        """Give a Job's executions, oldest first."""
        return [one for name, one in self.executions.items() if name.startswith(f"{job}/executions/")]

    def tasks_of(self, execution: str) -> list[Task]:
        """Give an execution's tasks in order of their index."""
        return [one for name, one in self.tasks.items() if name.startswith(f"{execution}/tasks/")]


def touch(resource: Resource) -> None:
    """Make a new version: another update_time, and an etag nobody has seen."""
    resource.update_time = now()
    resource.etag = '"' + hashlib.sha256(uuid4().bytes).hexdigest()[:16] + '"'
