"""Everything a decision about one job may look at, gathered beforehand."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from containerjob_api.hostparts import Disconnect
from containerjob_api.hostrefs import HostReference
from containerjob_api.jobs import ContainerJob
from containerjob_api.jobstatus import Attempt
from containerjob_api.phases import Phase, Reason
from containerjob_operator.decide.observations import Observation

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Unplaced:
    """No host takes the job now, and why; `phase` is Pending or Queued."""

    phase: Phase
    reason: Reason
    message: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """What stood in the way of launching this attempt, when it was last tried."""

    reason: Reason
    message: str
    retry_at: datetime | None = None
    """When to try this very attempt again, because nobody said no; None: the engine did, the attempt is over."""
    permanent: bool = False
    """Whether another attempt would meet the same no."""


@dataclass(frozen=True, slots=True)
class Facts:
    """One job, what its host says, and the time."""

    job: ContainerJob
    now: datetime
    placement: HostReference | Unplaced | None = None
    """What the schedule says of a job without an attempt; None while it has not been asked yet."""
    seen: Observation | None = None
    """The attempt's container; None where there is no attempt or the host could not be asked."""
    host_problem: str = ""
    """Why the host could not be asked."""
    disconnect: Disconnect = field(default_factory=Disconnect)
    """What the host says should happen while it cannot be asked."""
    refusal: Refusal | None = None
    launched_at: datetime | None = None
    """When this process started the container; None where it did not, so also after a restart."""
    stop_signalled_at: datetime | None = None
    """When this process sent the stop signal."""
    oom_seen: bool = False
    """Whether the engine told this process that the kernel killed something in the container for memory."""
    gone: bool = False
    """Whether the object is proven to exist no more."""
    grace_seconds: float = 30.0
    """From the stop signal to SIGKILL, as terminationGracePeriodSeconds defaults to in core/v1."""

    @property
    def attempt(self) -> Attempt:
        """The attempt under way; LookupError where there is none."""
        return given(self.job.status.current, "an attempt under way")

    @property
    def container(self) -> Observation:
        """The attempt's container; LookupError where its host could not be asked."""
        return given(self.seen, "a look at the container")


def given(value: T | None, what: str) -> T:
    """Return a value that is there; LookupError where a step was taken that needs what the facts do not have."""
    if value is None:
        raise LookupError(f"the facts do not have {what}")
    return value
