"""The status at the end of an attempt: one write that carries everything there is to know."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from containerjob_api.conditions import Condition, condition
from containerjob_api.jobs import ContainerJob
from containerjob_api.jobstatus import Attempt, ContainerJobStatus, LogTail
from containerjob_api.phases import TERMINAL, ConditionType, Phase
from containerjob_operator.decide import statuses
from containerjob_operator.decide.durations import human_duration
from containerjob_operator.decide.outcomes import Outcome
from containerjob_operator.decide.statuses import cut
from containerjob_operator.decide.verdicts import Verdict

FIRST_SIGNAL_CODE = 128
"""A process that a signal ended has this exit code plus the signal's number."""
LAST_SIGNAL = 64
LAST_WORDS = 2048
"""Characters; as core/v1 has it."""


@dataclass(frozen=True, slots=True)
class Remains:
    """What an ended container left behind."""

    tail: LogTail | None = None
    message: str | None = None


def concluded(job: ContainerJob, verdict: Verdict, remains: Remains, now: datetime) -> ContainerJobStatus:
    """Return the status after the verdict: a final one, or one that says what follows."""
    changes: dict[str, Any] = {
        "failed": verdict.failed,
        "launch_failures": verdict.launch_failures,
        "next_retry_time": verdict.next_retry_time,
    }
    if verdict.outcome is not None and job.status.current is not None:
        attempt = _ended(job.status.current, verdict, verdict.outcome, remains)
        changes |= {
            "attempts": statuses.replace_current(job, attempt),
            "exit_code": attempt.exit_code,
            "duration": human_duration(attempt.started_at, attempt.finished_at),
        }
    if verdict.phase in TERMINAL:
        changes |= _finish(job, verdict.phase, now)
    elif verdict.phase is Phase.SUSPENDED:
        changes["start_time"] = None
    return statuses.moved(job, verdict.phase, now, _conditions(job, verdict, now), **changes)


def time_to_live(job: ContainerJob, phase: Phase) -> int | None:
    """Return for how many seconds the object stays after its end; None is for ever."""
    spec = job.spec
    own = spec.ttl_seconds_after_success if phase is Phase.SUCCEEDED else spec.ttl_seconds_after_failure
    return spec.ttl_seconds_after_finished if own is None else own


def last_words(tail: LogTail) -> str | None:
    """Return the end of the output as a termination message, as core/v1's FallbackToLogsOnError has it."""
    return (tail.stderr or tail.stdout)[-LAST_WORDS:] or None


def signal_of(exit_code: int | None) -> int | None:
    """Return the signal that an exit code tells of; None where it tells of none."""
    if exit_code is None or not FIRST_SIGNAL_CODE < exit_code <= FIRST_SIGNAL_CODE + LAST_SIGNAL:
        return None
    return exit_code - FIRST_SIGNAL_CODE


def _finish(job: ContainerJob, phase: Phase, now: datetime) -> dict[str, Any]:
    seconds = time_to_live(job, phase)
    return {
        "finished": True,
        "finish_time": now,
        "completion_time": now if phase is Phase.SUCCEEDED else None,
        "expire_time": None if seconds is None else now + timedelta(seconds=seconds),
    }


def _conditions(job: ContainerJob, verdict: Verdict, now: datetime) -> tuple[Condition, ...]:
    message = _told(verdict)
    won, over = verdict.phase is Phase.SUCCEEDED, verdict.phase in TERMINAL

    def make(type_: ConditionType, status: bool) -> Condition:
        return condition(type_, status, verdict.reason, message, now=now, generation=job.metadata.generation)

    if over:
        return (
            make(ConditionType.COMPLETE if won else ConditionType.FAILED, True),
            make(ConditionType.FINISHED, True),
            make(ConditionType.READY, won),
            make(ConditionType.RECONCILING, False),
            make(ConditionType.STALLED, not won),
        )
    suspended = (make(ConditionType.SUSPENDED, True),) if verdict.phase is Phase.SUSPENDED else ()
    return (
        *suspended,
        make(ConditionType.HOST_ASSIGNED, False),
        make(ConditionType.READY, False),
        make(ConditionType.RECONCILING, True),
    )


def _told(verdict: Verdict) -> str:
    if verdict.phase is not Phase.RETRYING or verdict.next_retry_time is None:
        return cut(verdict.message)
    return cut(f"{verdict.message}; the next attempt is made at {verdict.next_retry_time:%Y-%m-%dT%H:%M:%SZ}")


def _ended(attempt: Attempt, verdict: Verdict, outcome: Outcome, remains: Remains) -> Attempt:
    changes: dict[str, Any] = {
        "reason": outcome.reason,
        "failure_class": outcome.failure_class,
        "message": cut(outcome.message),
        "log_tail": remains.tail,
        "termination_message": remains.message,
        "launch_time": attempt.launch_time or verdict.launched_at,
    }
    seen = outcome.seen
    if seen is not None:
        changes |= {
            "container_id": seen.container_id or attempt.container_id,
            "image_id": seen.image_id or attempt.image_id,
            "started_at": seen.started_at or attempt.started_at,
            "finished_at": seen.finished_at,
            "exit_code": seen.exit_code,
            "signal": signal_of(seen.exit_code),
        }
    return attempt.model_copy(update=changes)
