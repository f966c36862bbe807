"""Phases, condition types and reasons: closed lists, each with a sentence. Conditions are the contract."""

from enum import StrEnum
from typing import Final


class Phase(StrEnum):
    """Where a job stands, in one word, for people."""

    PENDING = "Pending"
    """Not placed yet: new, or no host exists, admits its namespace or is ready."""
    QUEUED = "Queued"
    """Could run on a host that has no free slot now."""
    SCHEDULED = "Scheduled"
    """A host is written down; the container is being pulled, created or started there."""
    RUNNING = "Running"
    """The container runs."""
    CANCELLING = "Cancelling"
    """The stop was asked for; the container may still be there."""
    SUCCEEDED = "Succeeded"
    """The container exited with code 0."""
    FAILED = "Failed"
    """The job ended without success; the reason says why."""
    CANCELLED = "Cancelled"
    """The job was stopped because spec.cancel was set."""
    TIMED_OUT = "TimedOut"
    """The job was stopped at its deadline."""


TERMINAL: Final = frozenset({Phase.SUCCEEDED, Phase.FAILED, Phase.CANCELLED, Phase.TIMED_OUT})

MOVES: Final[dict[Phase, frozenset[Phase]]] = {
    Phase.PENDING: frozenset({Phase.QUEUED, Phase.SCHEDULED, Phase.FAILED, Phase.CANCELLED, Phase.TIMED_OUT}),
    Phase.QUEUED: frozenset({Phase.PENDING, Phase.SCHEDULED, Phase.FAILED, Phase.CANCELLED, Phase.TIMED_OUT}),
    Phase.SCHEDULED: frozenset({Phase.RUNNING, Phase.CANCELLING, *TERMINAL}),
    Phase.RUNNING: frozenset({Phase.CANCELLING, *TERMINAL}),
    Phase.CANCELLING: TERMINAL,
    Phase.SUCCEEDED: frozenset(),
    Phase.FAILED: frozenset(),
    Phase.CANCELLED: frozenset(),
    Phase.TIMED_OUT: frozenset(),
}
"""Every move there is; staying where one is is always allowed. A terminal phase has none."""


class ConditionType(StrEnum):
    """Condition types of a ContainerJob; the first two as batch/v1, the last three as kstatus reads them."""

    COMPLETE = "Complete"
    """The job succeeded."""
    FAILED = "Failed"
    """The job ended without success."""
    FINISHED = "Finished"
    """True on any terminal outcome: what `kubectl wait --for=condition=Finished` waits for."""
    HOST_ASSIGNED = "HostAssigned"
    """A host is written down for the job."""
    HOST_REACHABLE = "HostReachable"
    """The job's host answers; absent until it once did not."""
    READY = "Ready"
    """True once the job has succeeded."""
    RECONCILING = "Reconciling"
    """True while there is more to do."""
    STALLED = "Stalled"
    """True when the job will not succeed."""


class Reason(StrEnum):
    """Why a job is in its phase; the sentence is what the documentation says of it."""

    NO_HOST = "NoHost"
    """No host exists that this job may use."""
    HOST_NOT_FOUND = "HostNotFound"
    """placement.hostRef names a host that does not exist."""
    NAMESPACE_NOT_ALLOWED = "NamespaceNotAllowed"
    """The host's allowedNamespaces does not admit the job's namespace."""
    HOST_UNSCHEDULABLE = "HostUnschedulable"
    """The host takes no new jobs: spec.unschedulable is set."""
    HOST_NOT_READY = "HostNotReady"
    """The host has not answered yet, or does not answer now."""
    HOST_FULL = "HostFull"
    """Every host this job may use runs maxConcurrentJobs already."""
    SCHEDULED = "Scheduled"
    """A host is assigned; the container is not started yet."""
    IMAGE_PULL_BACK_OFF = "ImagePullBackOff"
    """The registry could not be asked; the pull is tried again with growing pauses."""
    LAUNCH_BACK_OFF = "LaunchBackOff"
    """The engine refused for a passing reason; the launch is tried again with growing pauses."""
    HOST_UNREACHABLE = "HostUnreachable"
    """The host of this job does not answer; what the container does meanwhile is unknown."""
    HOST_REACHABLE = "HostReachable"
    """The host of this job answers again."""
    RUNNING = "Running"
    """The container runs."""
    COMPLETED = "Completed"
    """The container exited with code 0."""
    NON_ZERO_EXIT_CODE = "NonZeroExitCode"
    """The container exited with a code other than 0."""
    OOM_KILLED = "OOMKilled"
    """The kernel killed the container for memory, as the engine reports."""
    IMAGE_NOT_FOUND = "ImageNotFound"
    """The registry says that this image does not exist, or that it may not be read."""
    INVALID_SPEC = "InvalidSpec"
    """The engine refuses what the job asks for (or the stored object cannot be read)."""
    START_ERROR = "StartError"
    """The container was created and could not be started: entrypoint, working directory, runtime."""
    CONTAINER_LOST = "ContainerLost"
    """The container was removed by somebody else before its outcome could be read."""
    NAME_CONFLICT = "NameConflict"
    """A container that is not ours has this attempt's name."""
    CANCELLED = "Cancelled"
    """spec.cancel was set."""
    DEADLINE_EXCEEDED = "DeadlineExceeded"
    """The job was active for longer than activeDeadlineSeconds."""


class HostConditionType(StrEnum):
    """Condition types of a DockerHost."""

    READY = "Ready"
    """The host takes new jobs."""
    REACHABLE = "Reachable"
    """An engine answers at the endpoint."""


class HostReason(StrEnum):
    """Why a host is, or is not, ready."""

    ENGINE_READY = "EngineReady"
    """The engine answers."""
    UNREACHABLE = "Unreachable"
    """The engine does not answer."""
    ENGINE_CHANGED = "EngineChanged"
    """Another engine answers at this endpoint than the one first seen."""
    ENGINE_UNSUPPORTED = "EngineUnsupported"
    """The engine's API is older than 1.41."""
    FAKE_HOSTS_NOT_ALLOWED = "FakeHostsNotAllowed"
    """A fake:// endpoint needs an operator started with --allow-fake-hosts."""
    UNSCHEDULABLE = "Unschedulable"
    """spec.unschedulable is set."""
