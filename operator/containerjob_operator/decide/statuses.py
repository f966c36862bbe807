"""The statuses a job can get: each a new value made from the old one. One function per kind of write."""

from datetime import UTC, datetime
from typing import Any, Final

from containerjob_api.conditions import Condition, condition, with_conditions
from containerjob_api.hostrefs import HostReference
from containerjob_api.jobs import ContainerJob
from containerjob_api.jobstatus import Attempt, ContainerJobStatus, StopRequest
from containerjob_api.names import container_name
from containerjob_api.phases import MOVES, ConditionType, Phase, Reason
from containerjob_api.restores import marks_restored
from containerjob_operator.decide.facts import Unplaced
from containerjob_operator.decide.observations import Observation

MESSAGE_LIMIT = 4096
"""As Attempt.message and well below what an Event or condition may hold."""
UNPLACED: Final = frozenset({Phase.PENDING, Phase.QUEUED})


_RESTORED: Final = (
    "restored from a backup without its record, so it may have run already: delete it, or remove the label {marks}"
    " to run it"
)


class IllegalMoveError(Exception):
    """A decision wanted a move that the table of phases does not have; nothing is written."""


def unplaced(job: ContainerJob, why: Unplaced, now: datetime) -> ContainerJobStatus:
    """Say why the job waits for a host; a job that was tried already stays Retrying meanwhile."""
    message = cut(why.message)
    assigned = condition(
        ConditionType.HOST_ASSIGNED, False, why.reason, message, now=now, generation=job.metadata.generation
    )
    phase = why.phase if (job.status.phase or Phase.PENDING) in UNPLACED else Phase.RETRYING
    return _progressing(job, phase, why.reason, message, now, extra=(assigned,))


def too_early(job: ContainerJob, now: datetime) -> ContainerJobStatus:
    """Say that the job waits for its time; its deadlines do not count yet."""
    phase = job.status.phase or Phase.PENDING
    phase = Phase.PENDING if phase in UNPLACED else phase
    return _progressing(job, phase, Reason.NOT_BEFORE, too_early_message(job), now, start_time=job.status.start_time)


def too_early_message(job: ContainerJob) -> str:
    """Name the time that the job waits for, whatever zone it was written in."""
    begin = job.spec.not_before
    return "" if begin is None else f"waits until {begin.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ} as spec.notBefore asks"


def suspended(job: ContainerJob, now: datetime) -> ContainerJobStatus:
    """Say that the job is kept from running; as in batch/v1 its start time is gone until it is resumed."""
    reason, message = Reason.JOB_SUSPENDED, "suspended as spec.suspend asks"
    marks = restored(job)
    if marks and not job.spec.suspend:
        reason, message = Reason.JOB_RESTORED, _RESTORED.format(marks=" and ".join(marks))
    told = condition(ConditionType.SUSPENDED, True, reason, message, now=now, generation=job.metadata.generation)
    return _progressing(
        job,
        Phase.SUSPENDED,
        reason,
        message,
        now,
        extra=(told,),
        start_time=None,
        next_retry_time=None,
    )


def restored(job: ContainerJob) -> tuple[str, ...]:
    """Return the labels by which a job without any attempt is known to come from a backup: its record may be lost."""
    return () if job.status.attempt_count else marks_restored(job.metadata.labels)


def resumed(job: ContainerJob, now: datetime) -> ContainerJobStatus:
    """Say that the job may run again; its deadlines begin anew."""
    message = "resumed: nothing keeps it from running any more"
    told = condition(
        ConditionType.SUSPENDED, False, Reason.JOB_RESUMED, message, now=now, generation=job.metadata.generation
    )
    return _progressing(job, Phase.PENDING, Reason.JOB_RESUMED, message, now, extra=(told,), start_time=now)


def scheduled(job: ContainerJob, host: HostReference, now: datetime) -> ContainerJobStatus:
    """Write the intent to run the next attempt on this host; nothing has started."""
    number = job.status.attempt_count
    attempt = Attempt(
        attempt=number,
        host=host,
        name=container_name(job.metadata.uid, number),
        scheduled_time=now,
    )
    message = f"assigned to {host.called}"
    assigned = condition(
        ConditionType.HOST_ASSIGNED, True, Reason.SCHEDULED, message, now=now, generation=job.metadata.generation
    )
    # Whatever was said of the last attempt's host does not hold for this one.
    reachable_again = (_in_sight(job, host, now),) if host_reachable_is(job.status, "False") else ()
    return _progressing(
        job,
        Phase.SCHEDULED,
        Reason.SCHEDULED,
        message,
        now,
        extra=(assigned, *reachable_again),
        next_retry_time=None,
        host=host,
        attempt_count=number + 1,
        attempts=(*job.status.attempts, attempt)[-10:],
    )


def waiting_to_launch(job: ContainerJob, reason: Reason, message: str, now: datetime) -> ContainerJobStatus:
    """Say why the attempt is not running yet; the phase stays."""
    return _progressing(job, job.status.phase or Phase.SCHEDULED, reason, cut(message), now)


def running(
    job: ContainerJob, seen: Observation, now: datetime, *, launched_at: datetime | None = None
) -> ContainerJobStatus:
    """Record that the container runs, and since when by our own clock."""
    attempt = _current(job).model_copy(
        update={
            "container_id": seen.container_id,
            "image_id": seen.image_id,
            "started_at": seen.started_at,
            "launch_time": launched_at or now,
        }
    )
    message = f"running on {attempt.host.called}"
    return _progressing(
        job,
        Phase.RUNNING,
        Reason.RUNNING,
        message,
        now,
        attempts=replace_current(job, attempt),
    )


def stopping(job: ContainerJob, reason: Reason, now: datetime) -> ContainerJobStatus:
    """Write the intent to stop the attempt, before the engine is told; its time is the first wish's."""
    attempt = _current(job)
    since = attempt.stop.time if attempt.stop is not None else now
    attempt = attempt.model_copy(update={"stop": StopRequest(reason=reason, time=since)})
    phase = Phase.CANCELLING if reason is Reason.CANCELLED else job.status.phase or Phase.SCHEDULED
    return _progressing(job, phase, reason, "stopping the container", now, attempts=replace_current(job, attempt))


def unreachable(job: ContainerJob, problem: str, now: datetime) -> ContainerJobStatus:
    """Say that the host does not answer. What the container does is unknown, so the phase stays."""
    host = _current(job).host.called
    lost_sight = condition(
        ConditionType.HOST_REACHABLE,
        False,
        Reason.HOST_UNREACHABLE,
        cut(f"{host} does not answer: {problem}"),
        now=now,
        generation=job.metadata.generation,
    )
    return job.status.model_copy(update={"conditions": with_conditions(job.status.conditions, (lost_sight,))})


def reachable(job: ContainerJob, now: datetime) -> ContainerJobStatus:
    """Say that the host answers again."""
    in_sight = _in_sight(job, _current(job).host, now)
    return job.status.model_copy(update={"conditions": with_conditions(job.status.conditions, (in_sight,))})


def host_reachable_is(status: ContainerJobStatus, word: str) -> bool:
    """Say whether the condition HostReachable has this status."""
    return any(c.type == ConditionType.HOST_REACHABLE and c.status == word for c in status.conditions)


def reason_of(status: ContainerJobStatus) -> tuple[str, str]:
    """Return reason and message as the condition Ready has them."""
    for known in status.conditions:
        if known.type == ConditionType.READY:
            return known.reason, known.message
    return "", ""


def tells(status: ContainerJobStatus, reason: Reason, message: str) -> bool:
    """Say whether the condition Ready has this reason and message, cut as it was when it was written."""
    return reason_of(status) == (reason, cut(message))


def _in_sight(job: ContainerJob, host: HostReference, now: datetime) -> Condition:
    return condition(
        ConditionType.HOST_REACHABLE,
        True,
        Reason.HOST_REACHABLE,
        f"{host.called} answers",
        now=now,
        generation=job.metadata.generation,
    )


def _progressing(
    job: ContainerJob,
    phase: Phase,
    reason: Reason,
    message: str,
    now: datetime,
    *,
    extra: tuple[Condition, ...] = (),
    **changes: Any,
) -> ContainerJobStatus:
    generation = job.metadata.generation
    ready = condition(ConditionType.READY, False, reason, message, now=now, generation=generation)
    reconciling = condition(ConditionType.RECONCILING, True, reason, message, now=now, generation=generation)
    # An operator that could not read the job has said so; kstatus takes whichever of the two is first for the truth.
    stalled = any(c.type == ConditionType.STALLED and c.status == "True" for c in job.status.conditions)
    steady = condition(ConditionType.STALLED, False, reason, message, now=now, generation=generation)
    told = (*extra, ready, reconciling, *((steady,) if stalled else ()))
    return moved(job, phase, now, told, **changes)


def moved(
    job: ContainerJob, phase: Phase, now: datetime, conditions: tuple[Condition, ...], **changes: Any
) -> ContainerJobStatus:
    """Return the status after a move of the table; IllegalMoveError where it has no such move."""
    before = job.status.phase or Phase.PENDING
    if phase is not before and phase not in MOVES[before]:
        raise IllegalMoveError(f"{before} to {phase} is no move of the table")
    return job.status.model_copy(
        update={
            "phase": phase,
            "observed_generation": job.metadata.generation,
            "start_time": job.status.start_time or now,
            "conditions": with_conditions(job.status.conditions, conditions),
            **changes,
        }
    )


def _current(job: ContainerJob) -> Attempt:
    attempt = job.status.current
    if attempt is None:
        raise IllegalMoveError("there is no attempt to write about")
    return attempt


def replace_current(job: ContainerJob, attempt: Attempt) -> tuple[Attempt, ...]:
    """Return the attempts with the newest one in another state."""
    return (*job.status.attempts[:-1], attempt)


def cut(message: str) -> str:
    """Shorten a message to what the schema can hold."""
    return message if len(message) <= MESSAGE_LIMIT else message[: MESSAGE_LIMIT - 12] + " [truncated]"
