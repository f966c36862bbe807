"""The statuses a job can get: each a new value made from the old one. One function per kind of write."""

from datetime import datetime
from typing import Any

from containerjob_api.conditions import Condition, condition, with_conditions
from containerjob_api.hostrefs import HostReference
from containerjob_api.jobs import ContainerJob
from containerjob_api.jobstatus import Attempt, ContainerJobStatus, LogTail, StopRequest
from containerjob_api.names import container_name
from containerjob_api.phases import MOVES, ConditionType, Phase, Reason
from containerjob_operator.decide.durations import human_duration
from containerjob_operator.decide.facts import Unplaced
from containerjob_operator.decide.observations import Observation
from containerjob_operator.decide.outcomes import Outcome

MESSAGE_LIMIT = 4096
"""As Attempt.message and well below what an Event or condition may hold."""


class IllegalMoveError(Exception):
    """A decision wanted a move that the table of phases does not have; nothing is written."""


def unplaced(job: ContainerJob, why: Unplaced, now: datetime) -> ContainerJobStatus:
    """Say why the job waits for a host."""
    message = _cut(why.message)
    assigned = condition(
        ConditionType.HOST_ASSIGNED, False, why.reason, message, now=now, generation=job.metadata.generation
    )
    return _progressing(job, why.phase, why.reason, message, now, extra=(assigned,))


def scheduled(job: ContainerJob, host: HostReference, now: datetime) -> ContainerJobStatus:
    """Write the intent to run the next attempt on this host; nothing has started."""
    number = job.status.attempt_count
    attempt = Attempt(
        attempt=number,
        host=host,
        name=container_name(job.metadata.uid, number),
        scheduled_time=now,
    )
    message = f"assigned to host {host.name}"
    assigned = condition(
        ConditionType.HOST_ASSIGNED, True, Reason.SCHEDULED, message, now=now, generation=job.metadata.generation
    )
    return _progressing(
        job,
        Phase.SCHEDULED,
        Reason.SCHEDULED,
        message,
        now,
        extra=(assigned,),
        host=host,
        attempt_count=number + 1,
        attempts=(*job.status.attempts, attempt)[-10:],
    )


def waiting_to_launch(job: ContainerJob, reason: Reason, message: str, now: datetime) -> ContainerJobStatus:
    """Say why the attempt is not running yet; the phase stays."""
    return _progressing(job, job.status.phase or Phase.SCHEDULED, reason, _cut(message), now)


def running(job: ContainerJob, seen: Observation, now: datetime) -> ContainerJobStatus:
    """Record that the container runs."""
    attempt = _current(job).model_copy(
        update={"container_id": seen.container_id, "image_id": seen.image_id, "started_at": seen.started_at}
    )
    message = f"running on host {attempt.host.name}"
    return _progressing(
        job,
        Phase.RUNNING,
        Reason.RUNNING,
        message,
        now,
        attempts=_replace(job, attempt),
    )


def stopping(job: ContainerJob, reason: Reason, now: datetime) -> ContainerJobStatus:
    """Write the intent to stop the attempt, before the engine is told."""
    attempt = _current(job).model_copy(update={"stop": StopRequest(reason=reason, time=now)})
    phase = Phase.CANCELLING if reason is Reason.CANCELLED else job.status.phase or Phase.SCHEDULED
    return _progressing(job, phase, reason, "stopping the container", now, attempts=_replace(job, attempt))


def unreachable(job: ContainerJob, problem: str, now: datetime) -> ContainerJobStatus:
    """Say that the host does not answer. What the container does is unknown, so the phase stays."""
    host = _current(job).host.name
    lost_sight = condition(
        ConditionType.HOST_REACHABLE,
        False,
        Reason.HOST_UNREACHABLE,
        _cut(f"host {host} does not answer: {problem}"),
        now=now,
        generation=job.metadata.generation,
    )
    return job.status.model_copy(update={"conditions": with_conditions(job.status.conditions, (lost_sight,))})


def reachable(job: ContainerJob, now: datetime) -> ContainerJobStatus:
    """Say that the host answers again."""
    message = f"host {_current(job).host.name} answers"
    in_sight = condition(
        ConditionType.HOST_REACHABLE,
        True,
        Reason.HOST_REACHABLE,
        message,
        now=now,
        generation=job.metadata.generation,
    )
    return job.status.model_copy(update={"conditions": with_conditions(job.status.conditions, (in_sight,))})


def concluded(job: ContainerJob, outcome: Outcome, tail: LogTail | None, now: datetime) -> ContainerJobStatus:
    """Write the end: one write that carries everything there is to know."""
    changes: dict[str, Any] = {
        "finished": True,
        "finish_time": now,
        "completion_time": now if outcome.phase is Phase.SUCCEEDED else None,
    }
    if job.status.current is not None:
        attempt = _concluded_attempt(job.status.current, outcome, tail)
        changes |= {
            "attempts": _replace(job, attempt),
            "exit_code": attempt.exit_code,
            "duration": human_duration(attempt.started_at, attempt.finished_at),
        }
    return _moved(job, outcome.phase, now, _final_conditions(job, outcome, now), **changes)


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
    return reason_of(status) == (reason, _cut(message))


def _final_conditions(job: ContainerJob, outcome: Outcome, now: datetime) -> tuple[Condition, ...]:
    won = outcome.phase is Phase.SUCCEEDED
    message = _cut(outcome.message)

    def make(type_: ConditionType, status: bool) -> Condition:
        return condition(type_, status, outcome.reason, message, now=now, generation=job.metadata.generation)

    return (
        make(ConditionType.COMPLETE if won else ConditionType.FAILED, True),
        make(ConditionType.FINISHED, True),
        make(ConditionType.READY, won),
        make(ConditionType.RECONCILING, False),
        make(ConditionType.STALLED, not won),
    )


def _concluded_attempt(attempt: Attempt, outcome: Outcome, tail: LogTail | None) -> Attempt:
    changes: dict[str, Any] = {"reason": outcome.reason, "message": _cut(outcome.message), "log_tail": tail}
    seen = outcome.seen
    if seen is not None:
        changes |= {
            "container_id": seen.container_id or attempt.container_id,
            "image_id": seen.image_id or attempt.image_id,
            "started_at": seen.started_at or attempt.started_at,
            "finished_at": seen.finished_at,
            "exit_code": seen.exit_code,
        }
    return attempt.model_copy(update=changes)


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
    return _moved(job, phase, now, (*extra, ready, reconciling), **changes)


def _moved(
    job: ContainerJob, phase: Phase, now: datetime, conditions: tuple[Condition, ...], **changes: Any
) -> ContainerJobStatus:
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


def _replace(job: ContainerJob, attempt: Attempt) -> tuple[Attempt, ...]:
    return (*job.status.attempts[:-1], attempt)


def _cut(message: str) -> str:
    return message if len(message) <= MESSAGE_LIMIT else message[: MESSAGE_LIMIT - 12] + " [truncated]"
