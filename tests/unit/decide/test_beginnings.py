"""notBefore and startingDeadlineSeconds: when a job may begin, and by when it must have begun."""

from typing import Any

import pytest
from tests.unit.decide.builders import (
    CREATED,
    HOST,
    LIMITLESS,
    PASSING,
    after,
    changed,
    ends,
    exited,
    facts,
    in_phase,
    new_job,
    refusal,
    relaunching,
    retrying,
    running,
    runs,
    scheduled,
    suspended,
    unreachable,
    why,
    writes,
)

from containerjob_api.jobs import ContainerJob
from containerjob_api.phases import Phase, Reason
from containerjob_operator.decide.actions import Place, Remove, Wait, Write
from containerjob_operator.decide.deadlines import starting_deadline
from containerjob_operator.decide.jobs import decide
from containerjob_operator.decide.observations import ABSENT, Observation

NOON_PLUS_100 = "2026-03-01T12:01:40Z"
SOON: dict[str, Any] = {"startingDeadlineSeconds": 60}
EARLY: dict[str, Any] = {"notBefore": NOON_PLUS_100}


@pytest.mark.parametrize("phase", [Phase.PENDING, Phase.QUEUED, Phase.RETRYING])
def test_a_job_is_not_placed_before_its_time(phase: Phase) -> None:
    job = changed(in_phase(phase), **EARLY)
    action = decide(facts(job, 30, placement=HOST))
    assert isinstance(action, Write)
    assert action.release
    job = writes(job, 30, placement=HOST)
    assert why(job) == (Phase.RETRYING if phase is Phase.RETRYING else Phase.PENDING, "NotBefore")
    assert decide(facts(job, 99.9, placement=HOST)) == Wait(after(100))
    assert writes(job, 100, placement=HOST).status.phase is Phase.SCHEDULED


def test_the_message_tells_the_time_that_is_waited_for() -> None:
    job = writes(new_job(more=EARLY), 0)
    assert job.status.conditions[0].message == f"waits until {NOON_PLUS_100} as spec.notBefore asks"


def test_another_time_is_told_again() -> None:
    job = changed(writes(new_job(more=EARLY), 0), notBefore="2026-03-01T15:00:00+01:00")
    told = writes(job, 10).status.conditions[0].message
    assert told == "waits until 2026-03-01T14:00:00Z as spec.notBefore asks"


def test_the_deadline_of_a_job_that_waits_for_its_time_has_not_begun() -> None:
    job = writes(new_job(more=EARLY, deadline=5), 0)
    assert job.status.start_time is None
    assert decide(facts(job, 50)) == Wait(after(100))
    job = writes(job, 100, placement=HOST)
    assert job.status.start_time == after(100)


def test_a_time_that_has_passed_does_not_matter() -> None:
    assert decide(facts(new_job(more=EARLY), 100)) == Place(None)


def test_a_job_resumed_before_its_time_waits_for_it() -> None:
    job = writes(changed(suspended(more=EARLY), suspend=False), 10)
    assert why(writes(job, 10, placement=HOST)) == (Phase.PENDING, "NotBefore")


def test_a_job_without_a_container_by_its_starting_deadline_fails() -> None:
    job = new_job(more=SOON, created=0)
    assert decide(facts(job, 59)) == Place(after(60))
    ended = ends(job, 60, placement=HOST)
    assert why(ended) == (Phase.FAILED, "StartingDeadlineExceeded")
    assert ended.status.conditions[-1].message == "no container had started within startingDeadlineSeconds"


@pytest.mark.parametrize("phase", [Phase.PENDING, Phase.QUEUED, Phase.RETRYING])
def test_the_starting_deadline_holds_in_every_phase_without_a_container(phase: Phase) -> None:
    job = in_phase(phase, created=0, more=LIMITLESS | SOON)
    assert why(ends(job, 60, placement=HOST)) == (Phase.FAILED, "StartingDeadlineExceeded")


def test_the_starting_deadline_counts_from_the_time_that_was_waited_for() -> None:
    job = new_job(more=SOON | EARLY, created=0)
    assert starting_deadline(job) == after(160)
    job = writes(job, 0)
    assert decide(facts(job, 99)) == Wait(after(100))
    assert why(ends(job, 160)) == (Phase.FAILED, "StartingDeadlineExceeded")


def test_a_time_before_the_creation_does_not_bring_the_starting_deadline_forward() -> None:
    assert starting_deadline(new_job(more=SOON | {"notBefore": "2026-03-01T11:00:00Z"}, created=0)) == after(60)


def test_the_starting_deadline_counts_from_the_end_of_a_suspension() -> None:
    job = writes(changed(suspended(more=SOON, created=0), suspend=False), 500)
    assert decide(facts(job, 501)) == Place(after(560))
    assert why(ends(job, 560)) == (Phase.FAILED, "StartingDeadlineExceeded")


@pytest.mark.parametrize("seen", [ABSENT, CREATED])
def test_a_launch_that_takes_too_long_is_given_up(seen: Observation) -> None:
    job = scheduled(more=SOON, created=0)
    job = writes(job, 1, seen=seen, refusal=refusal(80))
    assert decide(facts(job, 2, seen=seen, refusal=refusal(80))) == Wait(after(60))
    job = writes(job, 60, seen=seen, refusal=refusal(80))
    assert job.status.current is not None
    assert job.status.current.stop is not None
    assert job.status.current.stop.reason is Reason.STARTING_DEADLINE_EXCEEDED
    if seen is CREATED:
        assert decide(facts(job, 60, seen=CREATED)) == Remove()
    assert why(ends(job, 61, seen=ABSENT)) == (Phase.FAILED, "StartingDeadlineExceeded")


def test_launches_that_failed_do_not_move_the_starting_deadline() -> None:
    assert starting_deadline(relaunching(created=0, more=LIMITLESS | SOON)) == after(60)


@pytest.mark.parametrize("job", [retrying, running], ids=["failed", "running"])
def test_a_container_that_once_started_ends_the_starting_deadline_for_good(job: Any) -> None:
    started = job(created=0, more=LIMITLESS | SOON)
    assert starting_deadline(started) is None
    if started.status.current is None:
        assert writes(started, 500, placement=HOST).status.phase is Phase.SCHEDULED


def test_a_container_that_runs_by_then_is_in_time_although_nobody_has_written_it_down() -> None:
    job = scheduled(more=SOON, created=0)
    assert writes(job, 90, seen=runs(30)).status.phase is Phase.RUNNING
    assert ends(job, 90, seen=exited(0, at=80)).status.phase is Phase.SUCCEEDED


def test_a_container_that_nobody_can_ask_about_may_have_started() -> None:
    job = scheduled(more=SOON, created=0)
    assert why(writes(job, 90)) == (Phase.SCHEDULED, "Scheduled")
    assert decide(facts(unreachable(job), 90)) == Wait(after(100))


def test_a_container_that_was_started_and_is_gone_was_not_too_late_but_lost() -> None:
    job = scheduled(more=SOON, created=0)
    lost = ends(job, 90, seen=ABSENT, launched_at=after(50))
    assert why(lost) == (Phase.FAILED, "ContainerLost")


def test_the_starting_deadline_strikes_when_a_silent_host_is_back_without_the_container() -> None:
    job = unreachable(scheduled(more=SOON, created=0))
    job = writes(job, 90, seen=ABSENT)
    job = writes(job, 90, seen=ABSENT)
    assert why(ends(job, 91, seen=ABSENT)) == (Phase.FAILED, "StartingDeadlineExceeded")


def test_a_job_suspended_before_it_started_is_suspended_and_not_too_late() -> None:
    job: ContainerJob = changed(scheduled(more=SOON, created=0), suspend=True)
    job = writes(job, 90, seen=ABSENT)
    assert why(ends(job, 91, seen=ABSENT)) == (Phase.SUSPENDED, "JobSuspended")


def test_a_failed_launch_past_the_starting_deadline_ends_the_job_without_another_one() -> None:
    job = scheduled(more=LIMITLESS | SOON, created=0)
    job = ends(job, 59, seen=ABSENT, refusal=PASSING)
    assert decide(facts(job, 59.5)) == Wait(after(60))
    assert why(ends(job, 60)) == (Phase.FAILED, "StartingDeadlineExceeded")
