"""Jobs, attempts and facts as the tests of decisions need them; every status goes over the wire and back."""

from datetime import UTC, datetime, timedelta
from typing import Any

from containerjob_api.hostrefs import HostReference
from containerjob_api.jobs import ContainerJob
from containerjob_api.jobstatus import ContainerJobStatus
from containerjob_api.phases import Phase, Reason
from containerjob_operator.decide import statuses
from containerjob_operator.decide.actions import Action, Conclude, Write
from containerjob_operator.decide.endings import Remains, concluded
from containerjob_operator.decide.facts import Facts, Refusal, Unplaced
from containerjob_operator.decide.jobs import decide
from containerjob_operator.decide.observations import ABSENT, Observation, RunState
from containerjob_operator.decide.outcomes import Outcome
from containerjob_operator.decide.verdicts import Verdict

START = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
HOST = HostReference(name="builder-1")
FULL = Unplaced(Phase.QUEUED, Reason.HOST_FULL, "builder-1 runs maxConcurrentJobs already")
NO_HOST = Unplaced(Phase.PENDING, Reason.NO_HOST, "no DockerHost exists: create one")
PASSING = Refusal(Reason.LAUNCH_BACK_OFF, "the engine is busy")
LIMITLESS: dict[str, Any] = {"backoffLimit": 1000, "retryPolicy": {"launchRetryLimit": 1000}}
ENDS = {
    Phase.SUCCEEDED: Reason.COMPLETED,
    Phase.FAILED: Reason.NON_ZERO_EXIT_CODE,
    Phase.CANCELLED: Reason.CANCELLED,
    Phase.TIMED_OUT: Reason.DEADLINE_EXCEEDED,
}
CREATED = Observation(RunState.CREATED, container_id="c1", image_id="sha256:1")


def after(seconds: float) -> datetime:
    """Return a moment counted from the job's start."""
    return START + timedelta(seconds=seconds)


def new_job(
    *,
    cancel: bool = False,
    deadline: int | None = None,
    generation: int = 1,
    created: float | None = None,
    status: dict[str, Any] | None = None,
    more: dict[str, Any] | None = None,
    **container: Any,
) -> ContainerJob:
    """Return a job that is not tried again, unless `more` of its spec says so."""
    spec: dict[str, Any] = {
        "template": {"spec": {"containers": [{"name": "main", "image": "busybox", **container}]}},
        "cancel": cancel,
        "backoffLimit": 0,
        "retryPolicy": {"launchRetryLimit": 0},
        **(more or {}),
    }
    if deadline is not None:
        spec["activeDeadlineSeconds"] = deadline
    metadata = {"name": "hello", "namespace": "team-a", "uid": "u1", "resourceVersion": "1", "generation": generation}
    if created is not None:
        metadata["creationTimestamp"] = after(created).isoformat()
    return ContainerJob.from_body({"metadata": metadata, "spec": spec, "status": status or {}})


def stored(job: ContainerJob, status: ContainerJobStatus) -> ContainerJob:
    """Return the job as the API server gives it back once this status is written."""
    body = {"metadata": job.metadata.to_json(), "spec": job.spec.to_json(), "status": status.to_json()}
    return ContainerJob.from_body(body)


def changed(job: ContainerJob, **spec: Any) -> ContainerJob:
    """Return the job after somebody changed these fields of its spec, named as on the wire."""
    generation = job.metadata.generation + 1
    metadata = job.metadata.model_copy(update={"generation": generation})
    body = {"metadata": metadata.to_json(), "spec": job.spec.to_json() | spec, "status": job.status.to_json()}
    return ContainerJob.from_body(body)


def pending(**spec: Any) -> ContainerJob:
    job = new_job(**spec)
    return stored(job, statuses.unplaced(job, NO_HOST, START))


def queued(**spec: Any) -> ContainerJob:
    job = new_job(**spec)
    return stored(job, statuses.unplaced(job, FULL, START))


def scheduled(**spec: Any) -> ContainerJob:
    job = new_job(**spec)
    return stored(job, statuses.scheduled(job, HOST, START))


def running(**spec: Any) -> ContainerJob:
    job = scheduled(**spec)
    return stored(job, statuses.running(job, runs(), after(1)))


def stopping(reason: Reason = Reason.CANCELLED, at: float = 10, **spec: Any) -> ContainerJob:
    """Return a running job whose stop was written; the wish itself is in its spec."""
    wish: dict[str, Any] = {"cancel": True} if reason is Reason.CANCELLED else {"deadline": 10}
    job = running(**wish, **spec)
    return stored(job, statuses.stopping(job, reason, after(at)))


def suspended(**spec: Any) -> ContainerJob:
    """Return a job that was suspended before it had a host."""
    job = new_job(**spec)
    job = changed(job, suspend=True)
    return stored(job, statuses.suspended(job, START))


def retrying(**spec: Any) -> ContainerJob:
    """Return a job without limits whose first container has failed after 5 s; it pauses for 10 to 11 s."""
    job = running(**spec | {"more": LIMITLESS | spec.get("more", {})})
    return ends(job, 5, seen=exited(1))


def relaunching(**spec: Any) -> ContainerJob:
    """Return a job without limits whose first container has never started; it pauses for 10 to 11 s."""
    job = scheduled(**spec | {"more": LIMITLESS | spec.get("more", {})})
    return ends(job, 5, seen=ABSENT, refusal=PASSING)


def ended(phase: Phase, job: ContainerJob | None = None, at: float = 20) -> ContainerJob:
    """Return the job in a final phase."""
    job = running() if job is None else job
    outcome = Outcome(ENDS[phase], "the end", exited(0) if phase is Phase.SUCCEEDED else None)
    verdict = Verdict(phase, ENDS[phase], "the end", outcome)
    return stored(job, concluded(job, verdict, Remains(), after(at)))


def in_phase(phase: Phase, **spec: Any) -> ContainerJob:
    """Return a job in this phase, on the shortest way there."""
    if phase in ENDS:
        return ended(phase, running(**spec))
    ways = {
        Phase.PENDING: pending,
        Phase.QUEUED: queued,
        Phase.SCHEDULED: scheduled,
        Phase.RUNNING: running,
        Phase.RETRYING: relaunching,
        Phase.SUSPENDED: suspended,
        Phase.CANCELLING: stopping,
    }
    return ways[phase](**spec)


def unreachable(job: ContainerJob, problem: str = "no answer") -> ContainerJob:
    return stored(job, statuses.unreachable(job, problem, after(2)))


def runs(since: float = 0.2) -> Observation:
    return Observation(RunState.RUNNING, "c1", "sha256:1", started_at=after(since))


def exited(code: int | None = 0, *, at: float = 5.0, oom: bool = False) -> Observation:
    return Observation(
        RunState.EXITED,
        "c1",
        "sha256:1",
        exit_code=code,
        oom_killed=oom,
        started_at=after(0.2),
        finished_at=after(at),
    )


def failed_start(words: str = 'exec: "nope": executable file not found in $PATH') -> Observation:
    return Observation(RunState.CREATED, "c1", "sha256:1", exit_code=127, error=words)


def facts(job: ContainerJob, at: float = 0.0, **known: Any) -> Facts:
    return Facts(job=job, now=after(at), **known)


def written(action: Action) -> ContainerJobStatus:
    """Return the status that the action wants stored."""
    assert isinstance(action, Write), action
    return action.status


def end_of(action: Action, job: ContainerJob, at: float = 20.0) -> ContainerJob:
    """Return the job with the outcome stored."""
    assert isinstance(action, Conclude), action
    return stored(job, concluded(job, action.verdict, Remains(), after(at)))


def ends(job: ContainerJob, at: float, **known: Any) -> ContainerJob:
    """Return the job after its attempt has ended as these facts tell."""
    return end_of(decide(facts(job, at, **known)), job, at)


def writes(job: ContainerJob, at: float, **known: Any) -> ContainerJob:
    """Return the job after the one write that these facts lead to."""
    return stored(job, written(decide(facts(job, at, **known))))


def why(job: ContainerJob) -> tuple[Phase | None, str]:
    """Return phase and reason as a person sees them."""
    return job.status.phase, statuses.reason_of(job.status)[0]


def conditions(status: ContainerJobStatus) -> dict[str, str]:
    return {condition.type: condition.status for condition in status.conditions}


def refusal(at: float | None, message: str = "registry does not answer") -> Refusal:
    reason = Reason.IMAGE_NOT_FOUND if at is None else Reason.IMAGE_PULL_BACK_OFF
    return Refusal(reason, message, None if at is None else after(at), permanent=at is None)
