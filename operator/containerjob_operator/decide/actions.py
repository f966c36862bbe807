"""The next step for one job, as a value; `reconcile` performs it and looks again."""

from dataclasses import dataclass
from datetime import datetime

from containerjob_api.jobstatus import ContainerJobStatus
from containerjob_operator.decide.verdicts import Verdict


@dataclass(frozen=True, slots=True)
class Write:
    """Store this status, then go on."""

    status: ContainerJobStatus
    release: bool = False
    """Give up the slot, or the place among those who wait for one, once it is stored."""


@dataclass(frozen=True, slots=True)
class Place:
    """Wait for the schedule to name a host, at most until `until`."""

    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Create:
    """Create the attempt's container, fetching its image when needed."""


@dataclass(frozen=True, slots=True)
class Start:
    """Start the created container."""


@dataclass(frozen=True, slots=True)
class SignalStop:
    """Send the container its stop signal."""


@dataclass(frozen=True, slots=True)
class Kill:
    """End the container by SIGKILL."""


@dataclass(frozen=True, slots=True)
class Remove:
    """Remove the container by force."""


@dataclass(frozen=True, slots=True)
class Conclude:
    """Read the last output, then store how the attempt ended and what follows for the job."""

    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Forget:
    """Let go of a job whose object is gone; what is left on its host is the sweep's."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing to do before `until`, or before something happens."""

    until: datetime | None = None


Action = Write | Place | Create | Start | SignalStop | Kill | Remove | Conclude | Forget | Wait
