"""A bound job on its way to a running container: create once, start once, say what the engine said."""

import pytest
from tests.unit.decide.builders import (
    CREATED,
    LIMITLESS,
    PASSING,
    after,
    conditions,
    end_of,
    ends,
    exited,
    facts,
    failed_start,
    refusal,
    running,
    runs,
    scheduled,
    stored,
    why,
    written,
)

from containerjob_api.jobs import ContainerJob
from containerjob_api.phases import Phase, Reason
from containerjob_operator.decide.actions import Action, Conclude, Create, Remove, Start, Wait
from containerjob_operator.decide.jobs import decide
from containerjob_operator.decide.observations import ABSENT, Observation, RunState
from containerjob_operator.decide.statuses import MESSAGE_LIMIT

LAUNCHES = pytest.mark.parametrize(("seen", "launch"), [(ABSENT, Create()), (CREATED, Start())])


@LAUNCHES
def test_a_bound_job_is_created_and_then_started(seen: Observation, launch: Action) -> None:
    assert decide(facts(scheduled(), seen=seen)) == launch


@LAUNCHES
def test_a_launch_is_not_tried_before_its_pause_is_over(seen: Observation, launch: Action) -> None:
    job = scheduled(deadline=100)
    job = stored(job, written(decide(facts(job, 1, seen=seen, refusal=refusal(8)))))
    assert decide(facts(job, 7.9, seen=seen, refusal=refusal(8))) == Wait(after(8))
    assert decide(facts(job, 8, seen=seen, refusal=refusal(8))) == launch


def test_the_pause_ends_at_the_deadline_when_that_comes_first() -> None:
    job = scheduled(deadline=5)
    job = stored(job, written(decide(facts(job, 1, seen=ABSENT, refusal=refusal(8)))))
    assert decide(facts(job, 2, seen=ABSENT, refusal=refusal(8))) == Wait(after(5))


def test_a_passing_refusal_is_told_in_the_conditions_and_the_phase_stays() -> None:
    status = written(decide(facts(scheduled(), 1, seen=ABSENT, refusal=refusal(8))))
    assert status.phase is Phase.SCHEDULED
    ready = next(c for c in status.conditions if c.type == "Ready")
    assert (ready.status, ready.reason, ready.message) == ("False", "ImagePullBackOff", "registry does not answer")
    assert conditions(status)["Reconciling"] == "True"


def test_a_refusal_in_other_words_is_told_again() -> None:
    job = scheduled()
    job = stored(job, written(decide(facts(job, 1, seen=ABSENT, refusal=refusal(8)))))
    other = refusal(20, "toomanyrequests")
    assert written(decide(facts(job, 9, seen=ABSENT, refusal=other))).conditions[-1].message == "toomanyrequests"


def test_a_very_long_refusal_is_written_once() -> None:
    job = scheduled()
    long = refusal(8, "x" * 40_000)
    job = stored(job, written(decide(facts(job, 1, seen=ABSENT, refusal=long))))
    assert max(len(c.message) for c in job.status.conditions) == MESSAGE_LIMIT
    assert decide(facts(job, 2, seen=ABSENT, refusal=long)) == Wait(after(8))


def test_a_final_refusal_fails_the_job_in_the_engines_words() -> None:
    job = scheduled()
    ended = end_of(decide(facts(job, 1, seen=ABSENT, refusal=refusal(None, "manifest unknown"))), job).status
    assert (ended.phase, ended.exit_code) == (Phase.FAILED, None)
    assert ended.newest is not None
    assert (ended.newest.reason, ended.newest.message) == (Reason.IMAGE_NOT_FOUND, "manifest unknown")


def test_a_container_whose_start_was_refused_is_removed_so_that_it_can_never_start() -> None:
    assert decide(facts(scheduled(), 1, seen=CREATED, refusal=refusal(None))) == Remove()


def test_a_refusal_is_forgotten_when_the_container_runs_after_all() -> None:
    action = decide(facts(scheduled(), 1, seen=runs(), refusal=refusal(None)))
    assert written(action).phase is Phase.RUNNING


def test_a_failed_start_fails_the_job_with_exit_code_127_and_the_engines_words() -> None:
    job = scheduled()
    ended = end_of(decide(facts(job, 1, seen=failed_start("no such file"))), job).status
    assert (ended.phase, ended.exit_code, ended.duration) == (Phase.FAILED, 127, None)
    assert ended.newest is not None
    assert (ended.newest.reason, ended.newest.message) == (Reason.START_ERROR, "no such file")


def test_a_failed_start_without_words_still_says_what_failed() -> None:
    job = scheduled()
    silent = Observation(RunState.CREATED, exit_code=128)
    assert "could not start" in end_of(decide(facts(job, seen=silent)), job).status.conditions[-1].message


def test_an_engine_that_tells_no_exit_code_of_a_failed_start_leaves_it_open() -> None:
    job = scheduled()
    ended = end_of(decide(facts(job, seen=Observation(RunState.CREATED, error="no runtime"))), job).status
    assert (ended.phase, ended.exit_code) == (Phase.FAILED, None)


def test_a_container_just_started_gets_half_a_second_to_end_before_running_is_written() -> None:
    job = scheduled()
    assert decide(facts(job, 1.4, seen=runs(), launched_at=after(1))) == Wait(after(1.5))
    assert written(decide(facts(job, 1.5, seen=runs(), launched_at=after(1)))).phase is Phase.RUNNING


def test_the_half_second_ends_at_the_deadline_when_that_comes_first() -> None:
    job = scheduled(deadline=1)
    assert decide(facts(job, 0.9, seen=runs(), launched_at=after(0.8))) == Wait(after(1))


def test_a_job_that_ends_within_half_a_second_is_written_once() -> None:
    job = scheduled()
    ended = end_of(decide(facts(job, 1.2, seen=exited(at=1.1), launched_at=after(1))), job).status
    assert (ended.phase, ended.exit_code, ended.duration) == (Phase.SUCCEEDED, 0, "900ms")


def test_a_running_container_found_after_a_restart_is_written_at_once() -> None:
    status = written(decide(facts(scheduled(), 1, seen=runs(since=0.7))))
    assert status.current is not None
    assert (status.phase, status.current.container_id, status.current.image_id) == (Phase.RUNNING, "c1", "sha256:1")
    assert status.current.started_at == after(0.7)


def test_a_running_job_needs_nothing_until_its_deadline() -> None:
    assert decide(facts(running(deadline=60), 5, seen=runs())) == Wait(after(60))
    assert decide(facts(running(), 5, seen=runs())) == Wait(None)


@pytest.mark.parametrize(
    ("job", "launched_at"),
    [(running(), None), (scheduled(), after(1))],
    ids=["written as running", "started by this process"],
)
def test_a_container_that_vanished_after_its_start_fails_the_job_and_is_not_created_again(
    job: ContainerJob, launched_at: object
) -> None:
    action = decide(facts(job, 3, seen=ABSENT, launched_at=launched_at))
    assert isinstance(action, Conclude)
    ended = end_of(action, job).status
    assert (ended.phase, ended.exit_code) == (Phase.FAILED, None)
    assert ended.newest is not None
    assert ended.newest.reason is Reason.CONTAINER_LOST
    assert "cj-u1-0 is gone from host builder-1" in (ended.newest.message or "")


def test_a_container_that_has_run_and_is_only_created_now_is_removed_and_never_started_again() -> None:
    job = running()
    assert decide(facts(job, 30, seen=CREATED)) == Remove()
    assert why(ends(job, 31, seen=ABSENT)) == (Phase.FAILED, "ContainerLost")


def test_a_start_that_was_refused_is_named_so_once_its_container_is_removed() -> None:
    job = scheduled(more=LIMITLESS)
    tried = {"refusal": PASSING, "launched_at": after(1)}
    assert decide(facts(job, 2, seen=CREATED, **tried)) == Remove()
    assert why(ends(job, 3, seen=ABSENT, **tried)) == (Phase.RETRYING, "LaunchBackOff")


def test_a_start_that_nobody_answered_may_have_run() -> None:
    job = scheduled(more=LIMITLESS)
    assert why(ends(job, 3, seen=ABSENT, refusal=refusal(8), launched_at=after(1))) == (
        Phase.RETRYING,
        "ContainerLost",
    )


def test_a_passing_refusal_ends_the_attempt_and_another_one_follows() -> None:
    job = ends(scheduled(more=LIMITLESS), 3, seen=ABSENT, refusal=PASSING)
    assert why(job) == (Phase.RETRYING, "LaunchBackOff")
    assert job.status.newest is not None
    assert (job.status.newest.failure_class, job.status.newest.message) == ("Launch", "the engine is busy")
