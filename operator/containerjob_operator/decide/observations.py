"""What an executor can say of one container. "Could not ask" is no observation but HostUnavailable."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class RunState(StrEnum):
    """The only states there are; success is derived from the exit code."""

    ABSENT = "absent"
    CREATED = "created"
    RUNNING = "running"
    EXITED = "exited"


@dataclass(frozen=True, slots=True)
class Observation:
    """One container, as its engine describes it just now."""

    state: RunState
    container_id: str = ""
    image_id: str = ""
    exit_code: int | None = None
    oom_killed: bool = False
    error: str = ""
    """The engine's own words where it could not start the container."""
    started_at: datetime | None = None
    finished_at: datetime | None = None

    @property
    def start_failed(self) -> bool:
        """Created, and a start was tried and refused; Docker leaves the exit code (126, 127) and its words."""
        return self.state is RunState.CREATED and bool(self.error or self.exit_code)


ABSENT = Observation(RunState.ABSENT)


@dataclass(frozen=True, slots=True)
class OwnedContainer:
    """A row of a host's list: enough to tell whose it is and whether it may go."""

    name: str
    job_uid: str
    namespace: str
    job_name: str
    state: RunState
    created_at: datetime
    finished_at: datetime | None = None
    """Known to the second from lists that tell it; None while it runs or where the list does not say."""


@dataclass(frozen=True, slots=True)
class RunEvent:
    """Something happened on a host: a hint to look, never a fact."""

    kind: str
    """`subscribed` once the stream stands (list after it); else start, die, destroy, oom."""
    job_uid: str = ""
    name: str = ""
