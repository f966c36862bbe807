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
    RETRYING = "Retrying"
    """An attempt has ended and another one will follow."""
    SUSPENDED = "Suspended"
    """spec.suspend, or its return from a backup, keeps the job from running; no container of it is active."""
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

_UNPLACED: Final = frozenset({Phase.FAILED, Phase.CANCELLED, Phase.TIMED_OUT})
"""How a job can end that has no container."""
_WAITING: Final = frozenset({Phase.SCHEDULED, Phase.SUSPENDED, *_UNPLACED})
_BOUND: Final = frozenset({Phase.RETRYING, Phase.SUSPENDED, Phase.CANCELLING, *TERMINAL})

MOVES: Final[dict[Phase, frozenset[Phase]]] = {
    Phase.PENDING: _WAITING | {Phase.QUEUED},
    Phase.QUEUED: _WAITING | {Phase.PENDING},
    Phase.SCHEDULED: _BOUND | {Phase.RUNNING},
    Phase.RUNNING: _BOUND,
    Phase.RETRYING: _WAITING,
    Phase.SUSPENDED: frozenset({Phase.PENDING, Phase.CANCELLED}),
    Phase.CANCELLING: TERMINAL - {Phase.TIMED_OUT},
    Phase.SUCCEEDED: frozenset(),
    Phase.FAILED: frozenset(),
    Phase.CANCELLED: frozenset(),
    Phase.TIMED_OUT: frozenset(),
}
"""Every move there is; staying where one is is always allowed. A terminal phase has none."""


class ConditionType(StrEnum):
    """Condition types of a ContainerJob; the first three as batch/v1, the last three as kstatus reads them."""

    COMPLETE = "Complete"
    """The job succeeded."""
    FAILED = "Failed"
    """The job ended without success."""
    SUSPENDED = "Suspended"
    """spec.suspend, or its return from a backup, keeps the job from running; absent until it once did."""
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
    NOT_BEFORE = "NotBefore"
    """The job waits for spec.notBefore."""
    JOB_SUSPENDED = "JobSuspended"
    """spec.suspend is set."""
    JOB_RESTORED = "JobRestored"
    """The job came back from a backup without its record; it may have run already."""
    JOB_RESUMED = "JobResumed"
    """spec.suspend was set and is not any more."""
    HOST_FULL = "HostFull"
    """Every host this job may use runs maxConcurrentJobs already."""
    OPERATOR_FULL = "OperatorFull"
    """The operator runs as many jobs already as its --max-concurrent allows on all hosts together."""
    SCHEDULED = "Scheduled"
    """A host is assigned; the container is not started yet."""
    IMAGE_PULL_BACK_OFF = "ImagePullBackOff"
    """The registry could not be asked; the job is tried again with growing pauses."""
    LAUNCH_BACK_OFF = "LaunchBackOff"
    """The engine refused for a passing reason; the job is tried again with growing pauses."""
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
    OOM_SUSPECTED = "OOMSuspected"
    """The container failed after the kernel had killed a process in it for memory."""
    IMAGE_NOT_FOUND = "ImageNotFound"
    """The registry says that this image does not exist, or that it may not be read."""
    INVALID_SPEC = "InvalidSpec"
    """The engine refuses what the job asks for (or the stored object cannot be read)."""
    START_ERROR = "StartError"
    """The container was created and could not be started: entrypoint, working directory, runtime."""
    CONTAINER_LOST = "ContainerLost"
    """The container was removed by somebody else before its outcome could be read."""
    CANCELLED_EXTERNALLY = "CancelledExternally"
    """Somebody else cancelled the container at its host; the job itself was not cancelled."""
    NAME_CONFLICT = "NameConflict"
    """A container that is not ours has this attempt's name."""
    HOST_DISRUPTION = "HostDisruption"
    """The container ended because its engine or machine was restarted."""
    HOST_LOST = "HostLost"
    """The host did not answer for longer than its disconnect.lostAfterSeconds."""
    BACKOFF_LIMIT_EXCEEDED = "BackoffLimitExceeded"
    """The container failed more often than backoffLimit allows."""
    LAUNCH_RETRIES_EXHAUSTED = "LaunchRetriesExhausted"
    """Launches failed, or containers were lost, more often than retryPolicy.launchRetryLimit allows."""
    POD_FAILURE_POLICY = "PodFailurePolicy"
    """A rule of podFailurePolicy says FailJob."""
    STARTING_DEADLINE_EXCEEDED = "StartingDeadlineExceeded"
    """No container had started within startingDeadlineSeconds."""
    ATTEMPT_DEADLINE_EXCEEDED = "AttemptDeadlineExceeded"
    """The container ran for longer than attemptDeadlineSeconds."""
    CANCELLED = "Cancelled"
    """spec.cancel was set."""
    DEADLINE_EXCEEDED = "DeadlineExceeded"
    """The job was active for longer than activeDeadlineSeconds."""


UNPLACED: Final = (
    Reason.NO_HOST,
    Reason.HOST_NOT_FOUND,
    Reason.NAMESPACE_NOT_ALLOWED,
    Reason.HOST_UNSCHEDULABLE,
    Reason.HOST_NOT_READY,
    Reason.HOST_FULL,
)
"""Reasons to wait that lie with the hosts."""


class HostConditionType(StrEnum):
    """Condition types of a host."""

    READY = "Ready"
    """The host takes new jobs."""
    REACHABLE = "Reachable"
    """An engine answers at the endpoint, or Cloud Run for this project and location."""
    CREDENTIALS_VALID = "CredentialsValid"
    """A CloudRunHost's credentials are taken; False where a request was refused for them."""
    PERMISSIONS_OK = "PermissionsOK"
    """A CloudRunHost's identity may do all that the operator asks; the message names what is missing."""
    QUOTA_OK = "QuotaOK"
    """The project's quotas have room."""
    STALLED = "Stalled"
    """Somebody has to act before the host takes jobs: it does not pass by itself; absent until it was so."""


class HostReason(StrEnum):
    """Why a host is, or is not, ready."""

    ENGINE_READY = "EngineReady"
    """The engine, or Cloud Run, answers."""
    UNREACHABLE = "Unreachable"
    """The engine, or Cloud Run, does not answer."""
    ENGINE_CHANGED = "EngineChanged"
    """Another engine answers at this endpoint than the one first seen."""
    ENGINE_UNSUPPORTED = "EngineUnsupported"
    """The engine's API is older than 1.41."""
    FAKE_HOSTS_NOT_ALLOWED = "FakeHostsNotAllowed"
    """A fake:// endpoint, or an emulator's, needs an operator started with --allow-fake-hosts."""
    UNSCHEDULABLE = "Unschedulable"
    """spec.unschedulable is set."""
    CREDENTIALS_INVALID = "CredentialsInvalid"
    """Google does not take the credentials, or there are none."""
    PERMISSION_DENIED = "PermissionDenied"
    """The identity lacks an IAM permission, which the message names."""
    API_DISABLED = "APIDisabled"
    """The Cloud Run Admin API is not enabled in the project."""
    PROJECT_NOT_FOUND = "ProjectNotFound"
    """There is no such project, or the identity may not know of it."""
    LOCATION_NOT_FOUND = "LocationNotFound"
    """Cloud Run has no such location."""
    QUOTA_EXHAUSTED = "QuotaExhausted"
    """A quota of the project is used up; new jobs wait until there is room."""
    CLIENT_MISSING = "ClientMissing"
    """The operator was installed without the client of Cloud Run: its image is the one without it."""
