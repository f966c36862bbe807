"""The facts that the table of states tells apart, one predicate each; its docstring is what docs/states.md says."""

from datetime import datetime, timedelta

from containerjob_api.hostrefs import HostReference
from containerjob_api.phases import ConditionType, Phase, Reason
from containerjob_api.retries import OnHostLost
from containerjob_operator.decide import statuses
from containerjob_operator.decide.deadlines import deadline, is_over, starting_deadline, stronger_wish
from containerjob_operator.decide.facts import Facts, Unplaced
from containerjob_operator.decide.observations import RunState
from containerjob_operator.decide.verdicts import longest_pause_seconds, on_host_lost

COALESCE = timedelta(seconds=0.5)
"""A job that ends within this time of its start gets no write that says Running: its end says it all."""
FULL = frozenset({Reason.HOST_FULL, Reason.OPERATOR_FULL})
"""Reasons to wait for a slot."""
QUEUED_AFTER = timedelta(seconds=10)
"""A job that gets its slot within this time is not told that it had to wait: in a burst most do."""


def anything(_facts: Facts) -> bool:
    """anything else"""
    return True


def gone_without_a_container(facts: Facts) -> bool:
    """the object is deleted; no attempt is under way, its container is gone, or its host does not answer"""
    return facts.gone and (facts.seen is None or facts.seen.state is RunState.ABSENT)


def gone_and_running(facts: Facts) -> bool:
    """the object is deleted; the container runs and has not got its stop signal"""
    return facts.gone and _is(facts, RunState.RUNNING) and facts.stop_signalled_at is None


def gone_in_its_grace(facts: Facts) -> bool:
    """the object is deleted; the container runs and has its grace left"""
    return facts.gone and _is(facts, RunState.RUNNING) and not grace_is_over(facts)


def gone(facts: Facts) -> bool:
    """the object is deleted; the container has ended, never started, or has used up its grace"""
    return facts.gone


def without_an_attempt(facts: Facts) -> bool:
    """the status names no attempt under way: somebody else has written it"""
    return facts.job.status.current is None


def cancel_wanted(facts: Facts) -> bool:
    """spec.cancel is true"""
    return facts.job.spec.cancel


def time_is_up(facts: Facts) -> bool:
    """activeDeadlineSeconds have passed"""
    return is_over(deadline(facts.job), facts)


def suspend_wanted(facts: Facts) -> bool:
    """spec.suspend is true, or the job came back from a backup without its record"""
    return facts.job.spec.suspend or bool(statuses.restored(facts.job))


def suspend_untold(facts: Facts) -> bool:
    """spec.suspend is true, or the job came back from a backup without its record; the spec has changed since"""
    return suspend_wanted(facts) and facts.job.status.observed_generation != facts.job.metadata.generation


def never_started_in_time(facts: Facts) -> bool:
    """startingDeadlineSeconds have passed and no container has ever started"""
    return is_over(starting_deadline(facts.job), facts)


def too_early_untold(facts: Facts) -> bool:
    """spec.notBefore lies ahead and the status does not say so"""
    message = statuses.too_early_message(facts.job)
    return too_early(facts) and not statuses.tells(facts.job.status, Reason.NOT_BEFORE, message)


def too_early(facts: Facts) -> bool:
    """spec.notBefore lies ahead"""
    begin = facts.job.spec.not_before
    return begin is not None and facts.now < begin


def backing_off(facts: Facts) -> bool:
    """nextRetryTime lies ahead"""
    retry_at = facts.job.status.next_retry_time
    if retry_at is None or facts.now >= retry_at:
        return False
    # Further ahead than any pause: the clock has stepped back since it was written.
    return (retry_at - facts.now).total_seconds() <= longest_pause_seconds(facts.job)


def host_chosen(facts: Facts) -> bool:
    """the schedule names a host"""
    return isinstance(facts.placement, HostReference)


def unplaced_and_told(facts: Facts) -> bool:
    """no host takes the job, and the status says why"""
    why = facts.placement
    if not isinstance(why, Unplaced):
        return False
    status = facts.job.status
    settled = status.phase is why.phase or status.phase is Phase.RETRYING
    return settled and statuses.tells(status, why.reason, why.message)


def cannot_run_now(facts: Facts) -> bool:
    """no host would take the job if it had slots, or spec.notBefore lies ahead; and the status says so"""
    if too_early(facts):
        return not too_early_untold(facts)
    why = facts.placement
    return isinstance(why, Unplaced) and why.phase is Phase.PENDING and unplaced_and_told(facts)


def full_for_a_moment(facts: Facts) -> bool:
    """every host, or the operator, is full, since less than 10 s"""
    why = facts.placement
    return isinstance(why, Unplaced) and why.phase is Phase.QUEUED and facts.now < told_to_queue_at(facts)


def unplaced(facts: Facts) -> bool:
    """no host takes the job"""
    return isinstance(facts.placement, Unplaced)


def wish_unwritten(facts: Facts) -> bool:
    """cancel, suspend or a deadline asks for a stop that is not written down yet"""
    return stronger_wish(facts) is not None


def wish_unwritten_out_of_sight(facts: Facts) -> bool:
    """the host does not answer; cancel, suspend or a deadline asks for a stop that is not written down yet"""
    return out_of_sight(facts) and wish_unwritten(facts)


def host_lost(facts: Facts) -> bool:
    """the host has not answered for disconnect.lostAfterSeconds, and onHostLost is Retry or Fail"""
    lost_at = host_lost_at(facts)
    return out_of_sight(facts) and lost_at is not None and facts.now >= lost_at


def out_of_sight_untold(facts: Facts) -> bool:
    """the host does not answer and the status does not say so"""
    return out_of_sight(facts) and not statuses.host_reachable_is(facts.job.status, "False")


def out_of_sight(facts: Facts) -> bool:
    """the host does not answer"""
    return facts.seen is None


def in_sight_untold(facts: Facts) -> bool:
    """the host answers again and the status does not say so"""
    return statuses.host_reachable_is(facts.job.status, "False")


def exited(facts: Facts) -> bool:
    """the container has exited"""
    return _is(facts, RunState.EXITED)


def start_failed(facts: Facts) -> bool:
    """the engine tried to start the container and could not"""
    return facts.seen is not None and facts.seen.start_failed


def vanished(facts: Facts) -> bool:
    """the container is not there, and has run or was to be stopped"""
    has_run = _known_to_run(facts) or (facts.launched_at is not None and not _said_no(facts))
    return _is(facts, RunState.ABSENT) and (facts.attempt.stop is not None or has_run)


def never_to_start(facts: Facts) -> bool:
    """the container is created and must not start: a stop is written down, the engine has refused, or it has run"""
    never = facts.attempt.stop is not None or _said_no(facts) or _known_to_run(facts)
    return _is(facts, RunState.CREATED) and never


def refused(facts: Facts) -> bool:
    """there is no container, and the engine has refused to make or start it"""
    return _is(facts, RunState.ABSENT) and _said_no(facts)


def launch_unanswered_untold(facts: Facts) -> bool:
    """the engine has not answered a launch, and the status does not say so"""
    refusal = facts.refusal
    if refusal is None or not (absent(facts) or created(facts)):
        return False
    return not statuses.tells(facts.job.status, refusal.reason, refusal.message)


def launch_unanswered(facts: Facts) -> bool:
    """the engine has not answered a launch, and its pause is not over"""
    retry_at = facts.refusal.retry_at if facts.refusal is not None else None
    return (absent(facts) or created(facts)) and retry_at is not None and facts.now < retry_at


def absent(facts: Facts) -> bool:
    """there is no container"""
    return _is(facts, RunState.ABSENT)


def created(facts: Facts) -> bool:
    """the container is created"""
    return _is(facts, RunState.CREATED)


def to_be_signalled(facts: Facts) -> bool:
    """the container runs, a stop is written down, and no stop signal was sent by this process"""
    return _stop_written(facts) and facts.stop_signalled_at is None


def in_its_grace(facts: Facts) -> bool:
    """the container runs on after its stop signal and has its grace left"""
    return _stop_written(facts) and not grace_is_over(facts)


def to_be_killed(facts: Facts) -> bool:
    """the container runs on after its grace"""
    return _stop_written(facts)


def just_started(facts: Facts) -> bool:
    """the container runs, since less than 0.5 s"""
    return facts.job.status.phase is Phase.SCHEDULED and facts.now < settled_at(facts)


def running_untold(facts: Facts) -> bool:
    """the container runs and the status does not say so"""
    return facts.job.status.phase is Phase.SCHEDULED


def grace_is_over(facts: Facts) -> bool:
    """Say whether a signalled container may be killed."""
    return facts.stop_signalled_at is not None and facts.now >= kill_at(facts)


def kill_at(facts: Facts) -> datetime:
    """Return when the grace of a signalled container is over."""
    return (facts.stop_signalled_at or facts.now) + timedelta(seconds=facts.grace_seconds)


def settled_at(facts: Facts) -> datetime:
    """Return from when on a running container is worth a write."""
    return (facts.launched_at or facts.now - COALESCE) + COALESCE


def told_to_queue_at(facts: Facts) -> datetime:
    """Return from when on waiting for a slot is worth a write; now where something was written already."""
    status = facts.job.status
    if status.phase is Phase.RETRYING and statuses.reason_of(status)[0] not in FULL:
        return (status.next_retry_time or facts.now) + QUEUED_AFTER
    if status.observed_generation < 0:
        return facts.job.metadata.creation_timestamp + QUEUED_AFTER
    return facts.now


def host_lost_at(facts: Facts) -> datetime | None:
    """Return when a host that does not answer counts as lost; None where it never does."""
    if on_host_lost(facts) is OnHostLost.WAIT:
        return None
    for known in facts.job.status.conditions:
        if known.type == ConditionType.HOST_REACHABLE and known.status == "False":
            return known.last_transition_time + timedelta(seconds=facts.disconnect.lost_after_seconds)
    return None


def _stop_written(facts: Facts) -> bool:
    attempt = facts.job.status.current
    return _is(facts, RunState.RUNNING) and attempt is not None and attempt.stop is not None


def _said_no(facts: Facts) -> bool:
    return facts.refusal is not None and facts.refusal.retry_at is None


def _known_to_run(facts: Facts) -> bool:
    return facts.job.status.phase is Phase.RUNNING or facts.attempt.started_at is not None


def _is(facts: Facts, state: RunState) -> bool:
    return facts.seen is not None and facts.seen.state is state
