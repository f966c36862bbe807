"""retryPolicy: how often and after which pauses a job is tried again; what batch/v1 has as constants."""

from enum import StrEnum
from typing import Annotated, ClassVar, Final, NamedTuple, Self

from pydantic import Field, model_validator

from containerjob_api.markers import Marker, Rule
from containerjob_api.resources import Value

DAY: Final = 86400
SHRINKING: Final = "maxDelaySeconds must not be less than initialDelaySeconds"


class OnHostLost(StrEnum):
    """What happens to a job whose host has not answered for lostAfterSeconds."""

    WAIT = "Wait"
    """Nothing: it is not known whether the container runs."""
    RETRY = "Retry"
    """The attempt counts as lost and another one follows; both containers may run at a time."""
    FAIL = "Fail"
    """The job fails."""


class Preset(StrEnum):
    """Named sets of numbers; every field that is set beside one wins over it."""

    DEFAULT = "Default"
    """3 launch retries, pauses from 2 s up to 60 s."""
    AGGRESSIVE = "Aggressive"
    """5 launch retries, pauses from 1 s up to 30 s."""
    CONSERVATIVE = "Conservative"
    """2 launch retries, pauses from 5 s up to 300 s."""
    HIGH_PRIORITY = "HighPriority"
    """5 launch retries, pauses from 0.5 s up to 15 s."""


class Backoff(NamedTuple):
    """The numbers in force for one job."""

    initial_seconds: float
    factor: int
    max_seconds: float
    jitter_percent: int
    launch_retry_limit: int


AS_BATCH: Final = Backoff(10.0, 2, 360.0, 10, 6)
"""batch/v1's pauses (10 s, doubling, at most 6 min), and as many launch retries as its backoffLimit."""
PRESETS: Final = {
    Preset.DEFAULT: Backoff(2.0, 2, 60.0, 10, 3),
    Preset.AGGRESSIVE: Backoff(1.0, 2, 30.0, 10, 5),
    Preset.CONSERVATIVE: Backoff(5.0, 2, 300.0, 10, 2),
    Preset.HIGH_PRIORITY: Backoff(0.5, 2, 15.0, 10, 5),
}
"""The retry strategies of django-container-manager."""


class RetryPolicy(Value):
    """Pauses between attempts, and what else leads to another one than the container's own failure."""

    schema_markers: ClassVar[tuple[Marker | Rule, ...]] = (
        Rule(
            "!has(self.initialDelaySeconds) || !has(self.maxDelaySeconds)"
            " || self.initialDelaySeconds <= self.maxDelaySeconds",
            SHRINKING,
            ".maxDelaySeconds",
        ),
    )

    preset: Preset | None = None
    """A named set of numbers; without one the pauses are batch/v1's: 10 s, doubling, at most 360 s."""
    initial_delay_seconds: Annotated[int, Field(ge=0, le=DAY)] | None = None
    """Seconds from the first failed attempt to the next one."""
    factor: Annotated[int, Field(ge=1, le=10)] | None = None
    """What each pause is multiplied by to give the next one."""
    max_delay_seconds: Annotated[int, Field(ge=0, le=DAY)] | None = None
    """Seconds that a pause has at most."""
    jitter_percent: Annotated[int, Field(ge=0, le=100)] | None = None
    """How much longer than computed a pause may be, so that jobs that failed together do not return together."""
    launch_retry_limit: Annotated[int, Field(ge=0, le=1000)] | None = None
    """How often the job is tried again after launches that failed and containers or hosts that were lost."""
    on_host_lost: OnHostLost | None = None
    """Overrides the host's disconnect.onHostLost for this job."""
    avoid_failed_host: bool = False
    """True prefers, for another attempt, hosts on which none of this job's attempts has failed."""

    @model_validator(mode="after")
    def _pauses_grow(self) -> Self:
        first, most = self.initial_delay_seconds, self.max_delay_seconds
        if first is not None and most is not None and first > most:
            raise ValueError(SHRINKING)
        return self

    @property
    def backoff(self) -> Backoff:
        """Return the numbers in force: what is set, else the preset's, else batch/v1's."""
        base = AS_BATCH if self.preset is None else PRESETS[self.preset]
        given = {
            "initial_seconds": self.initial_delay_seconds,
            "factor": self.factor,
            "max_seconds": self.max_delay_seconds,
            "jitter_percent": self.jitter_percent,
            "launch_retry_limit": self.launch_retry_limit,
        }
        return base._replace(**{name: value for name, value in given.items() if value is not None})
