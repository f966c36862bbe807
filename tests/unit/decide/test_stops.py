"""Cancel and deadline: the intent is written first, then the signal once, then SIGKILL, by absolute times."""

import pytest
from tests.unit.decide.builders import (
    CREATED,
    after,
    conditions,
    end_of,
    facts,
    failed_start,
    new_job,
    refusal,
    running,
    runs,
    scheduled,
    stopping,
    stored,
    unreachable,
    written,
)

from containerjob_api.jobs import ContainerJob
from containerjob_api.phases import Phase, Reason
from containerjob_operator.decide.actions import Kill, Remove, SignalStop, Wait
from containerjob_operator.decide.deadlines import deadline
from containerjob_operator.decide.jobs import decide
from containerjob_operator.decide.observations import ABSENT, Observation


@pytest.mark.parametrize("seen", [ABSENT, CREATED, runs()])
@pytest.mark.parametrize(
    ("wish", "reason", "phase"),
    [
        ({"cancel": True, "generation": 2}, Reason.CANCELLED, Phase.CANCELLING),
        ({"deadline": 30}, Reason.DEADLINE_EXCEEDED, Phase.SCHEDULED),
        ({"cancel": True, "deadline": 30}, Reason.CANCELLED, Phase.CANCELLING),
    ],
    ids=["cancel", "deadline", "both"],
)
def test_the_wish_to_stop_is_written_before_anything_is_done_about_it(
    seen: Observation, wish: dict[str, int], reason: Reason, phase: Phase
) -> None:
    job = scheduled(**wish)
    status = written(decide(facts(job, 30.25, seen=seen, launched_at=after(1) if seen.started_at else None)))
    assert status.current is not None
    assert status.current.stop is not None
    assert (status.phase, status.current.stop.reason, status.current.stop.time) == (phase, reason, after(30.25))
    assert status.observed_generation == job.metadata.generation
    assert conditions(status)["Reconciling"] == "True"


def test_a_running_job_past_its_deadline_stays_running_while_it_is_stopped() -> None:
    status = written(decide(facts(running(deadline=30), 30, seen=runs())))
    assert status.phase is Phase.RUNNING


def test_the_stop_signal_is_sent_once_and_the_grace_is_waited_for() -> None:
    job = stopping(at=10)
    assert decide(facts(job, 10, seen=runs())) == SignalStop()
    assert decide(facts(job, 12, seen=runs(), stop_signalled_at=after(11))) == Wait(after(41))


def test_a_process_gets_its_grace_even_if_nobody_could_reach_it_for_longer_than_that() -> None:
    job = stopping(at=10)
    assert decide(facts(job, 600, seen=runs())) == SignalStop()
    assert decide(facts(job, 629, seen=runs(), stop_signalled_at=after(600))) == Wait(after(630))
    assert decide(facts(job, 630, seen=runs(), stop_signalled_at=after(600))) == Kill()


def test_the_grace_is_an_option() -> None:
    job = stopping(at=10)
    assert decide(facts(job, 12, seen=runs(), stop_signalled_at=after(10), grace_seconds=1.5)) == Kill()


@pytest.mark.parametrize("reason", [Reason.CANCELLED, Reason.DEADLINE_EXCEEDED])
def test_a_container_that_never_ran_is_removed_and_the_job_ends_as_stopped(reason: Reason) -> None:
    job = stopping(reason)
    assert decide(facts(job, 11, seen=CREATED)) == Remove()
    ended = end_of(decide(facts(job, 11, seen=ABSENT)), job).status
    assert ended.exit_code is None
    assert ended.phase is (Phase.CANCELLED if reason is Reason.CANCELLED else Phase.TIMED_OUT)


def test_nothing_is_launched_once_the_stop_is_written() -> None:
    job = stopping()
    assert decide(facts(job, 11, seen=CREATED, refusal=refusal(5))) == Remove()
    assert end_of(decide(facts(job, 11, seen=ABSENT, refusal=refusal(5))), job).status.phase is Phase.CANCELLED


def test_a_failed_start_is_told_although_the_job_was_cancelled_meanwhile() -> None:
    job = stopping()
    assert end_of(decide(facts(job, 11, seen=failed_start())), job).status.exit_code == 127


def test_a_cancel_after_the_deadline_struck_changes_nothing() -> None:
    struck = stopping(Reason.DEADLINE_EXCEEDED)
    cancelled = new_job(cancel=True, deadline=10, generation=2, status=struck.status.to_json())
    assert decide(facts(cancelled, 11, seen=runs())) == SignalStop()
    assert end_of(decide(facts(cancelled, 11, seen=ABSENT)), cancelled).status.phase is Phase.TIMED_OUT


@pytest.mark.parametrize("job", [new_job(deadline=5), scheduled()], ids=["not started", "no deadline"])
def test_a_job_without_a_start_or_a_limit_has_no_deadline(job: ContainerJob) -> None:
    assert deadline(job) is None


def test_the_deadline_is_a_moment_and_not_a_remaining_time() -> None:
    assert deadline(running(deadline=60)) == after(60)


def test_a_job_on_a_silent_host_is_marked_for_its_stop_and_stopped_when_the_host_is_back() -> None:
    job = unreachable(running(cancel=True))
    job = stored(job, written(decide(facts(job, 5, host_problem="no answer"))))
    assert job.status.phase is Phase.CANCELLING
    back = stored(job, written(decide(facts(job, 8, seen=runs()))))
    assert conditions(back.status)["HostReachable"] == "True"
    assert decide(facts(back, 8, seen=runs())) == SignalStop()
