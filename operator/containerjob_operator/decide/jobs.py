"""The one decision about a job: facts in, the next action out. Calling it twice on the same facts is safe."""

from datetime import datetime, timedelta
from typing import assert_never

from containerjob_api.hostrefs import HostReference
from containerjob_api.jobs import ContainerJob
from containerjob_api.jobstatus import Attempt
from containerjob_api.phases import Phase, Reason
from containerjob_operator.decide import statuses
from containerjob_operator.decide.actions import (
    Action,
    Conclude,
    Create,
    Kill,
    Remove,
    SignalStop,
    Start,
    Wait,
    Write,
)
from containerjob_operator.decide.facts import Facts, Unplaced
from containerjob_operator.decide.observations import Observation, RunState
from containerjob_operator.decide.outcomes import (
    outcome_of_absence,
    outcome_of_exit,
    outcome_of_failed_start,
    outcome_of_refusal,
    outcome_without_attempt,
)

COALESCE = timedelta(seconds=0.5)
"""A job that ends within this time of its start gets no write that says Running: its end says it all."""
LOOK_AGAIN = timedelta(seconds=10)
"""How long a job stays out of sight unasked: a single failed question has no event that ends it."""


QUEUED_AFTER = timedelta(seconds=10)
"""A job that gets its slot within this time of its creation is not told that it had to wait: in a burst most do."""


def decide(facts: Facts) -> Action:
    """Return the next step for this job."""
    status = facts.job.status
    if status.terminal:
        return Wait()
    if status.current is None:
        return _before_the_first_attempt(facts)
    if facts.seen is None:
        return _out_of_sight(facts, status.current)
    if statuses.host_reachable_is(status, "False"):
        return Write(statuses.reachable(facts.job, facts.now))
    return _with_a_container(facts, status.current, facts.seen)


def deadline(job: ContainerJob) -> datetime | None:
    """Return when the job's time is up; an absolute time, so that it holds across restarts."""
    seconds, start = job.spec.active_deadline_seconds, job.status.start_time
    return None if seconds is None or start is None else start + timedelta(seconds=seconds)


def _wish_to_stop(facts: Facts) -> Reason | None:
    if facts.job.spec.cancel:
        return Reason.CANCELLED
    end = deadline(facts.job)
    return Reason.DEADLINE_EXCEEDED if end is not None and facts.now >= end else None


def _before_the_first_attempt(facts: Facts) -> Action:
    wish = _wish_to_stop(facts)
    if wish is not None:
        return Conclude(outcome_without_attempt(wish))
    match facts.placement:
        case HostReference() as host:
            return Write(statuses.scheduled(facts.job, host, facts.now))
        case Unplaced() as why:
            return _tell_why(facts, why)
        case None:
            return Wait(deadline(facts.job))
        case _:
            assert_never(facts.placement)


def _tell_why(facts: Facts, why: Unplaced) -> Action:
    job, status = facts.job, facts.job.status
    if status.phase is why.phase and statuses.tells(status, why.reason, why.message):
        return Wait(deadline(job))
    tell_at = job.metadata.creation_timestamp + QUEUED_AFTER
    if status.observed_generation < 0 and why.reason is Reason.HOST_FULL and facts.now < tell_at:
        return Wait(_earliest(tell_at, deadline(job)))
    return Write(statuses.unplaced(job, why, facts.now))


def _out_of_sight(facts: Facts, attempt: Attempt) -> Action:
    wish = _wish_to_stop(facts)
    if wish is not None and attempt.stop is None:
        return Write(statuses.stopping(facts.job, wish, facts.now))
    if not statuses.host_reachable_is(facts.job.status, "False"):
        return Write(statuses.unreachable(facts.job, facts.host_problem, facts.now))
    return Wait(_earliest(facts.now + LOOK_AGAIN, deadline(facts.job) if attempt.stop is None else None))


def _with_a_container(facts: Facts, attempt: Attempt, seen: Observation) -> Action:
    if seen.state is RunState.EXITED:
        return Conclude(outcome_of_exit(attempt, seen, stop_signalled=facts.stop_signalled_at is not None))
    if seen.start_failed:
        return Conclude(outcome_of_failed_start(seen))
    wish = _wish_to_stop(facts)
    if wish is not None and attempt.stop is None:
        return Write(statuses.stopping(facts.job, wish, facts.now))
    match seen.state:
        case RunState.ABSENT:
            return _absent(facts, attempt)
        case RunState.CREATED:
            return _created(facts, attempt)
        case RunState.RUNNING:
            return _running(facts, attempt, seen)
        case _:
            assert_never(seen.state)


def _absent(facts: Facts, attempt: Attempt) -> Action:
    has_run = (
        facts.job.status.phase is Phase.RUNNING or attempt.started_at is not None or facts.launched_at is not None
    )
    if attempt.stop is not None or has_run:
        return Conclude(outcome_of_absence(attempt))
    return _unless_refused(facts, Create())


def _created(facts: Facts, attempt: Attempt) -> Action:
    if attempt.stop is not None:
        return Remove()
    return _unless_refused(facts, Start())


def _unless_refused(facts: Facts, launch: Action) -> Action:
    refusal = facts.refusal
    if refusal is None:
        return launch
    if refusal.retry_at is None:
        return Conclude(outcome_of_refusal(refusal.reason, refusal.message))
    if not statuses.tells(facts.job.status, refusal.reason, refusal.message):
        return Write(statuses.waiting_to_launch(facts.job, refusal.reason, refusal.message, facts.now))
    if facts.now >= refusal.retry_at:
        return launch
    return Wait(_earliest(refusal.retry_at, deadline(facts.job)))


def _running(facts: Facts, attempt: Attempt, seen: Observation) -> Action:
    if attempt.stop is not None:
        # After a restart the signal is sent again: a process gets its grace even if nobody could reach it before.
        if facts.stop_signalled_at is None:
            return SignalStop()
        kill_at = facts.stop_signalled_at + timedelta(seconds=facts.grace_seconds)
        return Kill() if facts.now >= kill_at else Wait(kill_at)
    if facts.job.status.phase is Phase.SCHEDULED:
        settled_at = (facts.launched_at or facts.now - COALESCE) + COALESCE
        if facts.now >= settled_at:
            return Write(statuses.running(facts.job, seen, facts.now))
        return Wait(_earliest(settled_at, deadline(facts.job)))
    return Wait(deadline(facts.job))


def _earliest(*moments: datetime | None) -> datetime | None:
    return min((moment for moment in moments if moment is not None), default=None)
