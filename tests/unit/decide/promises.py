"""What holds for a job at every moment of every history, and that every history comes to an end."""

from tests.unit.decide.builders import HOST, conditions
from tests.unit.decide.simulation import HOSTS, World

from containerjob_api.jobstatus import Attempt, ContainerJobStatus
from containerjob_api.phases import Phase, Reason
from containerjob_operator.decide.observations import RunState

BEGUN = frozenset({Phase.SCHEDULED, Phase.RUNNING, Phase.CANCELLING})
PERMANENT = frozenset({Reason.START_ERROR, Reason.LAUNCH_BACK_OFF, Reason.HOST_LOST})
"""Reasons for which a job may fail at once, and then nothing is counted."""
MOST_WAITS = 60
"""Each of the last attempts waits for its pause, a limit, its grace and its end; there are a dozen at most."""


def check(world: World) -> None:
    """Check every promise that holds at this moment."""
    status = world.job.status
    assert all(count == 1 for count in world.executions.values())
    assert len(world.executions) <= status.attempt_count
    assert (status.current is not None) == (status.phase in BEGUN)
    assert (status.next_retry_time is not None) == (status.phase is Phase.RETRYING)
    assert [a.attempt for a in status.attempts] == list(range(status.attempt_count))[-10:]
    for attempt in status.attempts:
        _check_attempt(world, attempt)
    if status.attempt_count <= len(status.attempts):
        _check_counts(status)
    if world.outcome is None:
        assert not status.terminal
        assert "Finished" not in conditions(status)
    else:
        assert status == world.outcome
        assert conditions(status)["Finished"] == "True"
        _check_end(world, status)


def _check_attempt(world: World, attempt: Attempt) -> None:
    """An exit code is the true one or none; an end without one has a reason that says so."""
    if attempt.exit_code is not None and attempt.reason is not Reason.START_ERROR:
        assert attempt.exit_code == world.exit_codes[attempt.name]
    if attempt.reason in {Reason.COMPLETED, Reason.NON_ZERO_EXIT_CODE, Reason.OOM_KILLED, Reason.OOM_SUSPECTED}:
        assert attempt.exit_code == world.exit_codes[attempt.name]
        assert (attempt.exit_code == 0) == (attempt.reason is Reason.COMPLETED)
    if attempt.reason in {Reason.START_ERROR, Reason.LAUNCH_BACK_OFF}:
        assert world.executions[attempt.name] == 0
    if attempt.failure_class is not None:
        assert attempt.reason is not None


def _check_counts(status: ContainerJobStatus) -> None:
    classes = [attempt.failure_class for attempt in status.attempts if attempt.failure_class is not None]
    assert status.failed == classes.count("Application")
    uncounted = len(classes) - status.failed - status.launch_failures
    newest = status.newest
    at_once = status.phase is Phase.FAILED and newest is not None and newest.reason in PERMANENT
    assert uncounted in ({0, 1} if at_once else {0})


def _check_end(world: World, status: ContainerJobStatus) -> None:
    spec, newest = world.job.spec, status.newest
    reason = next(c.reason for c in status.conditions if c.type == "Finished")
    match status.phase:
        case Phase.SUCCEEDED:
            assert newest is not None
            assert (newest.reason, status.exit_code) == (Reason.COMPLETED, 0)
            assert world.executions[newest.name] == 1
        case Phase.CANCELLED:
            assert spec.cancel
        case Phase.TIMED_OUT:
            assert spec.active_deadline_seconds is not None
        case Phase.FAILED if reason == Reason.BACKOFF_LIMIT_EXCEEDED:
            assert status.failed == spec.backoff_limit + 1
        case Phase.FAILED if reason == Reason.LAUNCH_RETRIES_EXHAUSTED:
            assert status.launch_failures == spec.retry_policy.backoff.launch_retry_limit + 1
        case Phase.FAILED if reason == Reason.STARTING_DEADLINE_EXCEEDED:
            assert all(attempt.started_at is None for attempt in status.attempts)
        case _:
            assert newest is not None
            assert newest.reason == reason


def come_to_an_end(world: World) -> None:
    """Let all faults end: waking the job exactly when it asked for it must be enough to finish it."""
    world.trouble, world.start_fails = None, ""
    world.answer = world.memory.placement = HOST
    for host in HOSTS:
        world.heal(host.name)
    if not world.job.status.terminal and world.job.spec.suspend:
        world.wish(suspend=False)
    for _ in range(MOST_WAITS):
        until = world.settle()
        check(world)
        if world.job.status.terminal:
            return
        if world.container.state is RunState.RUNNING and until is None:
            assert world.attempt is not None
            world.end_container(world.attempt.name, 0)
        elif until is not None:
            world.now = max(world.now, until)
    raise AssertionError(f"the job never ends: {world.job.status}")
