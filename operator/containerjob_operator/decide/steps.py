"""What the rows of the table do: each builds one action from the facts that its row holds for."""

from datetime import timedelta

from containerjob_api.hostrefs import HostReference
from containerjob_api.phases import Reason
from containerjob_operator.decide import situations, statuses
from containerjob_operator.decide.actions import (
    Action,
    Conclude,
    Create,
    Forget,
    Kill,
    Place,
    Remove,
    SignalStop,
    Start,
    Wait,
    Write,
)
from containerjob_operator.decide.deadlines import earliest, launch_deadline, next_deadline, stronger_wish
from containerjob_operator.decide.facts import Facts, Refusal, Unplaced, given
from containerjob_operator.decide.outcomes import (
    Outcome,
    outcome_of_absence,
    outcome_of_exit,
    outcome_of_failed_start,
    outcome_of_loss,
    outcome_of_refusal,
)
from containerjob_operator.decide.verdicts import verdict, verdict_without_attempt

LOOK_AGAIN = timedelta(seconds=10)
"""How long a job stays out of sight unasked: a single failed question has no event that ends it."""


def rest(_facts: Facts) -> Action:
    """Wait for something to happen."""
    return Wait()


def forget(_facts: Facts) -> Action:
    """Let go of the job."""
    return Forget()


def signal_stop(_facts: Facts) -> Action:
    """Send the stop signal."""
    return SignalStop()


def kill(_facts: Facts) -> Action:
    """Send SIGKILL."""
    return Kill()


def remove(_facts: Facts) -> Action:
    """Remove the container."""
    return Remove()


def create(_facts: Facts) -> Action:
    """Create the container."""
    return Create()


def start(_facts: Facts) -> Action:
    """Start the container."""
    return Start()


def wait_for_the_grace(facts: Facts) -> Action:
    """Wait until the process has had time to end by itself."""
    return Wait(situations.kill_at(facts))


def end_as_cancelled(facts: Facts) -> Action:
    """End a job that has no container."""
    return Conclude(verdict_without_attempt(facts.job, Reason.CANCELLED))


def end_as_timed_out(facts: Facts) -> Action:
    """End a job that has no container."""
    return Conclude(verdict_without_attempt(facts.job, Reason.DEADLINE_EXCEEDED))


def end_as_never_started(facts: Facts) -> Action:
    """End a job that has had no container."""
    return Conclude(verdict_without_attempt(facts.job, Reason.STARTING_DEADLINE_EXCEEDED))


def suspend(facts: Facts) -> Action:
    """Say that the job is suspended, and give up its place."""
    return Write(statuses.suspended(facts.job, facts.now), release=True)


def resume(facts: Facts) -> Action:
    """Say that the job may run again."""
    return Write(statuses.resumed(facts.job, facts.now))


def tell_too_early(facts: Facts) -> Action:
    """Say that the job waits for its time, and give up its place."""
    return Write(statuses.too_early(facts.job, facts.now), release=True)


def wait_for_its_time(facts: Facts) -> Action:
    """Wait until notBefore."""
    return Wait(earliest(facts.job.spec.not_before, next_deadline(facts)))


def wait_for_the_pause(facts: Facts) -> Action:
    """Wait until nextRetryTime."""
    return Wait(earliest(facts.job.status.next_retry_time, next_deadline(facts)))


def bind(facts: Facts) -> Action:
    """Write down the host of the next attempt."""
    host = facts.placement if isinstance(facts.placement, HostReference) else None
    return Write(statuses.scheduled(facts.job, given(host, "a host"), facts.now))


def wait_for_a_slot(facts: Facts) -> Action:
    """Wait a moment before telling that every host is full."""
    return Wait(earliest(situations.told_to_queue_at(facts), next_deadline(facts)))


def tell_why(facts: Facts) -> Action:
    """Say why no host takes the job."""
    why = facts.placement if isinstance(facts.placement, Unplaced) else None
    return Write(statuses.unplaced(facts.job, given(why, "a reason to wait"), facts.now))


def ask_the_schedule(facts: Facts) -> Action:
    """Wait for the schedule's word."""
    return Place(next_deadline(facts))


def write_the_stop(facts: Facts) -> Action:
    """Write the intent to stop the container, before the engine is told; only a cancel changes the phase."""
    wish = given(stronger_wish(facts), "a wish")
    return Write(statuses.stopping(facts.job, wish, facts.now))


def give_up_the_host(facts: Facts) -> Action:
    """Count the attempt as lost."""
    return _end(facts, outcome_of_loss(facts.attempt, facts.disconnect.lost_after_seconds))


def tell_unreachable(facts: Facts) -> Action:
    """Say that the host does not answer."""
    return Write(statuses.unreachable(facts.job, facts.host_problem, facts.now))


def look_again(facts: Facts) -> Action:
    """Ask again in a while."""
    moments = (facts.now + LOOK_AGAIN, next_deadline(facts), situations.host_lost_at(facts))
    return Wait(earliest(*moments))


def tell_reachable(facts: Facts) -> Action:
    """Say that the host answers again."""
    return Write(statuses.reachable(facts.job, facts.now))


def end_by_exit(facts: Facts) -> Action:
    """End the attempt with its exit code."""
    signalled = facts.stop_signalled_at is not None
    return _end(
        facts, outcome_of_exit(facts.attempt, facts.container, stop_signalled=signalled, oom_seen=facts.oom_seen)
    )


def end_by_failed_start(facts: Facts) -> Action:
    """End the attempt with the engine's words."""
    return _end(facts, outcome_of_failed_start(facts.container))


def end_by_absence(facts: Facts) -> Action:
    """End the attempt without an exit code."""
    return _end(facts, outcome_of_absence(facts.attempt))


def end_by_refusal(facts: Facts) -> Action:
    """End the attempt with the engine's words."""
    return _end(facts, outcome_of_refusal(_refusal(facts)))


def tell_unanswered(facts: Facts) -> Action:
    """Say why the container does not run yet."""
    refusal = _refusal(facts)
    return Write(statuses.waiting_to_launch(facts.job, refusal.reason, refusal.message, facts.now))


def wait_to_launch(facts: Facts) -> Action:
    """Wait until the launch is tried again."""
    return Wait(earliest(_refusal(facts).retry_at, launch_deadline(facts.job)))


def wait_to_settle(facts: Facts) -> Action:
    """Wait a moment: an end may make this write needless."""
    return Wait(earliest(situations.settled_at(facts), next_deadline(facts)))


def tell_running(facts: Facts) -> Action:
    """Say that the container runs."""
    return Write(statuses.running(facts.job, facts.container, facts.now, launched_at=facts.launched_at))


def wait_for_the_end(facts: Facts) -> Action:
    """Wait for something to happen, or for the next limit."""
    return Wait(next_deadline(facts))


def _end(facts: Facts, outcome: Outcome) -> Action:
    return Conclude(verdict(facts, outcome))


def _refusal(facts: Facts) -> Refusal:
    return given(facts.refusal, "a refusal")
