"""ContainerJob's status: the record of what happened. Written by the operator alone."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from containerjob_api.conditions import Conditions
from containerjob_api.hostrefs import HostReference
from containerjob_api.lifecycle import ATTEMPT, RECORD
from containerjob_api.markers import Marker, Rule, list_map
from containerjob_api.phases import TERMINAL, Phase, Reason
from containerjob_api.resources import MicroTime, Time, Value


class LogTail(Value):
    """The last lines of output, kept so that the record tells what happened when the container is gone."""

    stdout: Annotated[str, Field(max_length=8192)] = ""
    """End of the standard output."""
    stderr: Annotated[str, Field(max_length=8192)] = ""
    """End of the standard error output."""
    truncated: bool = False
    """True when there was more output than is kept here."""


class StopRequest(Value):
    """The operator's written intent to end an attempt, stored before the engine is told."""

    reason: Reason
    """Cancelled, JobSuspended or one of the deadlines: what the outcome will be called."""
    time: MicroTime
    """When it was decided."""


class Attempt(Value):
    """One container on one host; at most one execution ever has this index and attempt number."""

    schema_markers: ClassVar[tuple[Marker | Rule, ...]] = ATTEMPT

    index: Annotated[int, Field(ge=0)] = 0
    """Completion index."""
    attempt: Annotated[int, Field(ge=0)]
    """Counts from 0."""
    host: HostReference
    """Where it runs."""
    name: Annotated[str, Field(max_length=128)]
    """Name of the container on that host."""
    scheduled_time: Time
    """When the host was chosen."""
    launch_time: MicroTime | None = None
    """When the container was seen to run, by the operator's clock; attemptDeadlineSeconds counts from here."""
    container_id: Annotated[str, Field(max_length=128)] | None = Field(None, alias="containerID")
    """The engine's id of the container."""
    image_id: Annotated[str, Field(max_length=256)] | None = Field(None, alias="imageID")
    """The engine's id of the image that was used."""
    started_at: MicroTime | None = None
    """When the container started, by the host's clock."""
    finished_at: MicroTime | None = None
    """When the container ended, by the host's clock."""
    exit_code: int | None = None
    """The container's own exit code."""
    signal: Annotated[int, Field(ge=1, le=127)] | None = None
    """The signal that ended the container, as its exit code (128 and more) tells it."""
    reason: Reason | None = None
    """Why the attempt ended as it did; absent while it has not ended."""
    failure_class: Literal["Application", "Launch", "Infrastructure"] | None = None
    """Whose failure it was, where it was one: the container's, the launch's, or the host's."""
    message: Annotated[str, Field(max_length=4096)] | None = None
    """The engine's own words, or ours."""
    termination_message: Annotated[str, Field(max_length=4096)] | None = None
    """What the container left in its terminationMessagePath."""
    log_tail: LogTail | None = None
    """The last lines of output."""
    stop: StopRequest | None = None
    """Set before the container is stopped on purpose."""


class ContainerJobStatus(Value):
    """What happened so far."""

    schema_markers: ClassVar[tuple[Marker | Rule, ...]] = RECORD

    observed_generation: int = -1
    """The generation this status speaks of; -1 before the operator has seen the object."""
    phase: Phase | None = None
    """Where the job stands, for people; conditions are the contract."""
    conditions: Conditions = ()
    """Complete, Failed, Suspended, Finished, HostAssigned, HostReachable; Ready, Reconciling, Stalled for kstatus."""
    start_time: MicroTime | None = None
    """When the operator first acted on the job, or resumed it; absent while it is suspended."""
    completion_time: MicroTime | None = None
    """When the job succeeded; absent otherwise, as in batch/v1."""
    finish_time: MicroTime | None = None
    """When the job ended, whatever the outcome."""
    finished: bool = False
    """True once the outcome is final."""
    expire_time: Time | None = None
    """When the finished object is deleted, as its ttlSecondsAfter… ask for."""
    host: HostReference | None = None
    """Host of the newest attempt."""
    exit_code: int | None = None
    """Exit code of the newest attempt that ended."""
    duration: Annotated[str, Field(max_length=32)] | None = None
    """How long the newest attempt's container ran, for people."""
    attempt_count: Annotated[int, Field(ge=0)] = 0
    """How many attempts were ever made; never resets."""
    failed: Annotated[int, Field(ge=0)] = 0
    """How many attempts count against backoffLimit."""
    launch_failures: Annotated[int, Field(ge=0)] = 0
    """How many attempts count against retryPolicy.launchRetryLimit."""
    next_retry_time: MicroTime | None = None
    """Not before this time another attempt is made."""
    attempts: Annotated[tuple[Attempt, ...], Field(max_length=10), list_map("index", "attempt")] = ()
    """The newest attempts, oldest first."""

    @property
    def terminal(self) -> bool:
        """Say whether the outcome is final."""
        return self.finished or self.phase in TERMINAL

    @property
    def newest(self) -> Attempt | None:
        """The newest attempt, over or not."""
        return self.attempts[-1] if self.attempts else None

    @property
    def current(self) -> Attempt | None:
        """The attempt under way; None before the first, between two and after the last."""
        newest = self.newest
        return newest if newest is not None and newest.reason is None else None
