"""How long one container and the whole job may run: absolute times, by the operator's own clock."""

import pytest
from tests.unit.decide.builders import (
    HOST,
    LIMITLESS,
    after,
    ends,
    exited,
    facts,
    retrying,
    running,
    runs,
    scheduled,
    unreachable,
    why,
    writes,
)

from containerjob_api.phases import Phase, Reason
from containerjob_operator.decide.actions import SignalStop, Wait
from containerjob_operator.decide.deadlines import STRENGTH, attempt_deadline, deadline
from containerjob_operator.decide.jobs import decide
from containerjob_operator.decide.observations import Observation, RunState
from containerjob_operator.decide.outcomes import STOPPED

SHORT = LIMITLESS | {"attemptDeadlineSeconds": 30}
CAUGHT = {"stop_signalled_at": after(31)}


def test_a_container_that_runs_for_too_long_is_stopped_and_has_failed() -> None:
    job = running(more=SHORT)
    assert decide(facts(job, 10, seen=runs())) == Wait(after(31))
    job = writes(job, 31, seen=runs())
    assert job.status.phase is Phase.RUNNING
    assert decide(facts(job, 31, seen=runs())) == SignalStop()
    job = ends(job, 33, seen=exited(143, at=32), **CAUGHT)
    assert (why(job), job.status.failed) == ((Phase.RETRYING, "AttemptDeadlineExceeded"), 1)
    assert job.status.newest is not None
    assert (job.status.newest.failure_class, job.status.newest.exit_code) == ("Application", 143)


def test_a_job_that_is_not_tried_again_fails_with_the_attempts_deadline() -> None:
    job = writes(running(more={"attemptDeadlineSeconds": 30}), 31, seen=runs())
    assert why(ends(job, 33, seen=exited(0, at=32), **CAUGHT)) == (Phase.FAILED, "AttemptDeadlineExceeded")


def test_each_attempt_has_its_whole_time() -> None:
    job = writes(retrying(more=SHORT), 100, placement=HOST)
    job = writes(job, 110, seen=runs(109), launched_at=after(109))
    assert decide(facts(job, 111, seen=runs(109), launched_at=after(109))) == Wait(after(139))


@pytest.mark.parametrize("skew", [-7200.0, 7200.0])
def test_the_clock_of_the_host_does_not_matter(skew: float) -> None:
    job = scheduled(more=SHORT)
    job = writes(job, 2, seen=runs(skew), launched_at=after(1))
    assert attempt_deadline(facts(job)) == after(31)
    assert decide(facts(job, 30, seen=runs(skew))) == Wait(after(31))
    job = writes(job, 31, seen=runs(skew))
    ended = Observation(RunState.EXITED, exit_code=143, started_at=after(skew), finished_at=after(skew + 31))
    assert why(ends(job, 33, seen=ended, **CAUGHT)) == (Phase.RETRYING, "AttemptDeadlineExceeded")


def test_a_container_found_running_after_a_restart_counts_from_then_on() -> None:
    job = writes(scheduled(more=SHORT), 60, seen=runs(1))
    assert attempt_deadline(facts(job)) == after(90)


def test_a_container_that_runs_and_is_not_written_down_yet_counts_from_its_launch() -> None:
    short = scheduled(more=LIMITLESS | {"attemptDeadlineSeconds": 1})
    job = writes(short, 3, seen=runs(1), launched_at=after(1))
    assert job.status.current is not None
    assert job.status.current.stop is not None
    assert job.status.current.stop.reason is Reason.ATTEMPT_DEADLINE_EXCEEDED


def test_an_attempt_without_a_container_has_no_deadline_of_its_own() -> None:
    assert attempt_deadline(facts(scheduled(more=SHORT), 500)) is None
    assert attempt_deadline(facts(retrying(more=SHORT), 500)) is None


def test_the_attempts_deadline_is_written_on_a_silent_host_and_carried_out_when_it_is_back() -> None:
    job = unreachable(running(more=SHORT))
    assert decide(facts(job, 25)) == Wait(after(31))
    job = writes(job, 31)
    assert job.status.phase is Phase.RUNNING
    job = writes(job, 90, seen=runs())
    assert decide(facts(job, 90, seen=runs())) == SignalStop()


def test_the_jobs_deadline_runs_on_over_all_attempts() -> None:
    job = retrying(deadline=60)
    job = writes(job, 20, placement=HOST)
    assert deadline(job) == after(60)
    job = writes(job, 22, seen=runs(21))
    assert decide(facts(job, 23, seen=runs(21))) == Wait(after(60))
    job = writes(job, 60, seen=runs(21))
    assert job.status.current is not None
    assert job.status.current.stop is not None
    assert job.status.current.stop.reason is Reason.DEADLINE_EXCEEDED
    job = ends(job, 62, seen=exited(143, at=61), stop_signalled_at=after(60))
    assert (why(job), job.status.failed) == ((Phase.TIMED_OUT, "DeadlineExceeded"), 1)


def test_a_container_that_failed_when_the_jobs_time_was_up_is_not_tried_again() -> None:
    job = ends(running(deadline=10, more=LIMITLESS), 12, seen=exited(7, at=9))
    assert (why(job), job.status.failed, job.status.exit_code) == ((Phase.TIMED_OUT, "DeadlineExceeded"), 1, 7)


def test_the_jobs_deadline_takes_over_from_the_attempts() -> None:
    job = writes(running(deadline=40, more=SHORT), 31, seen=runs())
    assert decide(facts(job, 32, seen=runs(), **CAUGHT)) == Wait(after(61))
    job = writes(job, 40, seen=runs(), **CAUGHT)
    assert why(ends(job, 41, seen=exited(143, at=41), **CAUGHT)) == (Phase.TIMED_OUT, "DeadlineExceeded")


def test_a_deadline_is_acted_on_once_although_the_clock_steps_back_afterwards() -> None:
    job = writes(running(deadline=30), 30, seen=runs())
    assert decide(facts(job, -3600, seen=runs())) == SignalStop()
    assert why(ends(job, -3599, seen=exited(143, at=31))) == (Phase.TIMED_OUT, "DeadlineExceeded")


def test_a_clock_that_steps_back_before_the_deadline_only_makes_it_later() -> None:
    assert decide(facts(running(deadline=30), -3600, seen=runs())) == Wait(after(30))


def test_a_job_that_times_out_on_a_silent_host_is_stopped_and_not_forgotten() -> None:
    job = unreachable(writes(running(deadline=30), 30))
    assert (job.status.phase, job.status.finished) == (Phase.RUNNING, False)
    job = writes(job, 500, seen=runs())
    assert decide(facts(job, 500, seen=runs())) == SignalStop()


def test_every_wish_has_its_strength_and_its_words() -> None:
    assert set(STRENGTH) == set(STOPPED)
    assert STRENGTH[Reason.CANCELLED] == STRENGTH[Reason.DEADLINE_EXCEEDED] == max(STRENGTH.values())
