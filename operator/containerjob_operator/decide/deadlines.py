"""When a job's times are up: absolute times from spec and status, so that they hold across restarts."""

from datetime import datetime, timedelta
from typing import Final

from containerjob_api.jobs import ContainerJob
from containerjob_api.jobstatus import Attempt
from containerjob_api.phases import ConditionType, Reason
from containerjob_operator.decide.facts import Facts
from containerjob_operator.decide.observations import RunState

STRENGTH: Final = {
    Reason.STARTING_DEADLINE_EXCEEDED: 1,
    Reason.ATTEMPT_DEADLINE_EXCEEDED: 2,
    Reason.JOB_SUSPENDED: 3,
    Reason.DEADLINE_EXCEEDED: 4,
    Reason.CANCELLED: 4,
}
"""Every reason to stop a container on purpose; a stronger one takes over from a weaker one that was written down.

Those that end the job are equal: what was written first is what the job ends as.
"""


def deadline(job: ContainerJob) -> datetime | None:
    """Return when the job's time is up, over all attempts."""
    return _after(job.status.start_time, job.spec.active_deadline_seconds)


def starting_deadline(job: ContainerJob) -> datetime | None:
    """Return by when a container must have started; None once one may have, and where there is no such limit."""
    forgotten = job.status.attempt_count > len(job.status.attempts)
    if forgotten or any(_may_have_started(attempt) for attempt in job.status.attempts):
        return None
    begins = [job.metadata.creation_timestamp, job.spec.not_before, _resumed_at(job)]
    begin = max(moment for moment in begins if moment is not None)
    return _after(begin, job.spec.starting_deadline_seconds)


def attempt_deadline(facts: Facts) -> datetime | None:
    """Return when the attempt's container has run for long enough, by the operator's own clock."""
    attempt = facts.job.status.current
    launched = None if attempt is None else attempt.launch_time or facts.launched_at
    return _after(launched, facts.job.spec.attempt_deadline_seconds)


def launch_deadline(job: ContainerJob) -> datetime | None:
    """Return until when a launch may take."""
    return earliest(deadline(job), starting_deadline(job))


def wish_to_stop(facts: Facts) -> Reason | None:
    """Return the strongest reason there is now to stop the attempt, or to make none."""
    spec = facts.job.spec
    if spec.cancel:
        return Reason.CANCELLED
    if is_over(deadline(facts.job), facts):
        return Reason.DEADLINE_EXCEEDED
    if spec.suspend:
        return Reason.JOB_SUSPENDED
    if is_over(attempt_deadline(facts), facts):
        return Reason.ATTEMPT_DEADLINE_EXCEEDED
    if _surely_not_started(facts) and is_over(starting_deadline(facts.job), facts):
        return Reason.STARTING_DEADLINE_EXCEEDED
    return None


def stronger_wish(facts: Facts) -> Reason | None:
    """Return a reason to stop the attempt that is not written down yet."""
    wish, attempt = wish_to_stop(facts), facts.job.status.current
    if wish is None or attempt is None:
        return wish
    return wish if attempt.stop is None or STRENGTH[wish] > STRENGTH[attempt.stop.reason] else None


def next_deadline(facts: Facts) -> datetime | None:
    """Return when the next of all limits strikes."""
    attempt = facts.job.status.current
    if attempt is not None and attempt.stop is not None:
        return deadline(facts.job) if STRENGTH[attempt.stop.reason] < STRENGTH[Reason.DEADLINE_EXCEEDED] else None
    starting = starting_deadline(facts.job) if attempt is None or _surely_not_started(facts) else None
    return earliest(deadline(facts.job), attempt_deadline(facts), starting)


def is_over(moment: datetime | None, facts: Facts) -> bool:
    """Say whether a moment has come; no moment never does."""
    return moment is not None and facts.now >= moment


def earliest(*moments: datetime | None) -> datetime | None:
    """Return the first of the moments that there are."""
    return min((moment for moment in moments if moment is not None), default=None)


def _surely_not_started(facts: Facts) -> bool:
    state = None if facts.seen is None else facts.seen.state
    # A container that this process has started and that is not there any more was not too late: it is lost.
    return state is RunState.CREATED or (state is RunState.ABSENT and facts.launched_at is None)


def _may_have_started(attempt: Attempt) -> bool:
    known = attempt.started_at is not None or attempt.launch_time is not None
    return known or attempt.reason is Reason.HOST_LOST


def _resumed_at(job: ContainerJob) -> datetime | None:
    for known in job.status.conditions:
        if known.type == ConditionType.SUSPENDED and known.status == "False":
            return known.last_transition_time
    return None


def _after(begin: datetime | None, seconds: int | None) -> datetime | None:
    return None if begin is None or seconds is None else begin + timedelta(seconds=seconds)
