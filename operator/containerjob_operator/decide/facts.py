"""Everything a decision about one job may look at, gathered beforehand."""

from dataclasses import dataclass
from datetime import datetime

from containerjob_api.hostrefs import HostReference
from containerjob_api.jobs import ContainerJob
from containerjob_api.phases import Phase, Reason
from containerjob_operator.decide.observations import Observation


@dataclass(frozen=True, slots=True)
class Unplaced:
    """No host takes the job now, and why; `phase` is Pending or Queued."""

    phase: Phase
    reason: Reason
    message: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """The engine's last no to launching this attempt."""

    reason: Reason
    message: str
    retry_at: datetime | None
    """When to try again; None means that no is its last word."""


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
    refusal: Refusal | None = None
    launched_at: datetime | None = None
    """When this process started the container; None where it did not, so also after a restart."""
    stop_signalled_at: datetime | None = None
    """When this process sent the stop signal."""
    grace_seconds: float = 30.0
    """From the stop signal to SIGKILL, as terminationGracePeriodSeconds defaults to in core/v1."""
