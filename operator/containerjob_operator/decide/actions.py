"""The next step for one job, as a value; `reconcile` performs it and looks again."""

from dataclasses import dataclass
from datetime import datetime

from containerjob_api.jobstatus import ContainerJobStatus
from containerjob_operator.decide.outcomes import Outcome


@dataclass(frozen=True, slots=True)
class Write:
    """Store this status, then go on."""

    status: ContainerJobStatus


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
    """Remove a container that was created and shall never start."""


@dataclass(frozen=True, slots=True)
class Conclude:
    """Read the last output, then store the final status."""

    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing to do before `until`, or before something happens."""

    until: datetime | None = None


Action = Write | Create | Start | SignalStop | Kill | Remove | Conclude | Wait
