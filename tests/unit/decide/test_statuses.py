"""What every stored status promises: the kstatus contract, times that are set once, bounded attempts."""

from typing import Any

import pytest
from tests.unit.decide.builders import (
    ENDS,
    FULL,
    HOST,
    NO_HOST,
    START,
    after,
    conditions,
    ended,
    in_phase,
    new_job,
    queued,
    running,
    runs,
    scheduled,
    stored,
    unreachable,
)

from containerjob_api.jobs import ContainerJob
from containerjob_api.jobstatus import ContainerJobStatus
from containerjob_api.phases import Phase
from containerjob_operator.decide import statuses

KSTATUS = {
    Phase.PENDING: ("False", "True", None, None, None),
    Phase.QUEUED: ("False", "True", None, None, None),
    Phase.SCHEDULED: ("False", "True", None, None, None),
    Phase.RUNNING: ("False", "True", None, None, None),
    Phase.CANCELLING: ("False", "True", None, None, None),
    Phase.RETRYING: ("False", "True", None, None, None),
    Phase.SUSPENDED: ("False", "True", None, None, None),
    Phase.SUCCEEDED: ("True", "False", "False", "True", None),
    Phase.FAILED: ("False", "False", "True", None, "True"),
    Phase.CANCELLED: ("False", "False", "True", None, "True"),
    Phase.TIMED_OUT: ("False", "False", "True", None, "True"),
}
"""Ready, Reconciling, Stalled, Complete, Failed; absent conditions are read as neither true nor false."""


def kstatus(job: ContainerJob) -> str:
    """Compute what generic tools make of an object, in their order."""
    held = conditions(job.status)
    if job.status.observed_generation != job.metadata.generation or held.get("Reconciling") == "True":
        return "InProgress"
    if held.get("Stalled") == "True":
        return "Failed"
    return "InProgress" if held.get("Ready") == "False" else "Current"


@pytest.mark.parametrize("phase", Phase)
def test_a_status_has_the_conditions_that_generic_tools_read(phase: Phase) -> None:
    status = in_phase(phase).status
    held = conditions(status)
    assert status.phase is phase
    assert (
        tuple(held.get(name) for name in ("Ready", "Reconciling", "Stalled", "Complete", "Failed")) == KSTATUS[phase]
    )
    assert held.get("Finished") == ("True" if phase in ENDS else None)
    assert len(held) == len(status.conditions)


@pytest.mark.parametrize("phase", Phase)
def test_generic_tools_wait_for_a_job_until_it_ends(phase: Phase) -> None:
    expected = "InProgress" if phase not in ENDS else "Current" if phase is Phase.SUCCEEDED else "Failed"
    assert kstatus(in_phase(phase)) == expected


def test_a_job_that_nobody_has_seen_yet_is_in_progress() -> None:
    assert kstatus(new_job()) == "InProgress"


@pytest.mark.parametrize("phase", Phase)
def test_a_status_speaks_of_the_generation_it_was_decided_on(phase: Phase) -> None:
    job = in_phase(phase)
    assert job.status.observed_generation == job.metadata.generation
    assert {c.observed_generation for c in job.status.conditions} == {job.metadata.generation}


def test_the_end_speaks_of_the_generation_it_was_read_with() -> None:
    changed = new_job(cancel=True, generation=2, status=running().status.to_json())
    assert ended(Phase.CANCELLED, changed).status.observed_generation == 2


def test_the_start_time_is_set_by_the_first_write_and_stays() -> None:
    job = queued()
    for status in (
        statuses.unplaced(job, NO_HOST, after(5)),
        statuses.scheduled(job, HOST, after(6)),
        ended(Phase.FAILED, job, at=7).status,
    ):
        assert status.start_time == START


def test_a_first_write_that_is_the_last_sets_both_times() -> None:
    job = new_job(cancel=True)
    status = ended(Phase.CANCELLED, job, at=0).status
    assert (status.start_time, status.finish_time) == (START, START)


@pytest.mark.parametrize("phase", ENDS)
def test_every_end_has_a_finish_time_and_only_success_a_completion_time(phase: Phase) -> None:
    status = ended(phase).status
    assert (status.finished, status.terminal, status.finish_time) == (True, True, after(20))
    assert status.completion_time == (after(20) if phase is Phase.SUCCEEDED else None)


@pytest.mark.parametrize("phase", [phase for phase in Phase if phase not in ENDS])
def test_a_job_that_goes_on_has_no_end_times(phase: Phase) -> None:
    status = in_phase(phase).status
    assert (status.finished, status.finish_time, status.completion_time) == (False, None, None)


def test_a_transition_time_moves_only_with_the_status_of_its_condition() -> None:
    times = {c.type: c.last_transition_time for c in ended(Phase.SUCCEEDED).status.conditions}
    assert times["HostAssigned"] == START
    assert times["Ready"] == times["Finished"] == after(20)


def test_a_finished_job_still_says_that_its_host_was_out_of_sight_before() -> None:
    job = unreachable(running())
    assert conditions(ended(Phase.FAILED, job).status)["HostReachable"] == "False"


def test_at_most_ten_attempts_are_kept_and_all_are_counted() -> None:
    job = scheduled()
    for number in range(1, 13):
        job = stored(job, statuses.scheduled(job, HOST, after(number)))
    assert job.status.attempt_count == 13
    assert [attempt.attempt for attempt in job.status.attempts] == list(range(3, 13))
    assert job.status.attempts[-1].name == "cj-u1-12"


def test_writing_about_the_newest_attempt_leaves_older_ones_alone() -> None:
    job = scheduled()
    job = stored(job, statuses.scheduled(job, HOST, after(1)))
    job = stored(job, statuses.running(job, runs(), after(2)))
    assert [attempt.container_id for attempt in job.status.attempts] == [None, "c1"]


def changed_fields(job: ContainerJob, status: ContainerJobStatus) -> set[str]:
    was: dict[str, Any] = job.status.to_json()
    now = status.to_json()
    return {name for name in was.keys() | now.keys() if was.get(name) != now.get(name)}


def test_losing_and_regaining_sight_of_a_host_changes_one_condition_and_nothing_else() -> None:
    job = running()
    lost = statuses.unreachable(job, "no answer", after(3))
    assert changed_fields(job, lost) == {"conditions"}
    assert changed_fields(job, statuses.reachable(stored(job, lost), after(4))) == {"conditions"}


def test_waiting_for_a_host_in_other_words_changes_conditions_alone() -> None:
    job = queued()
    other = type(FULL)(FULL.phase, FULL.reason, "each of 2 hosts is full")
    assert changed_fields(job, statuses.unplaced(job, other, after(3))) == {"conditions"}


def test_a_job_that_ends_within_the_second_of_its_start_does_not_end_before_it() -> None:
    job = new_job()
    job = stored(job, statuses.scheduled(job, HOST, after(0.25)))
    status = ended(Phase.SUCCEEDED, job, at=0.75).status
    assert status.start_time is not None
    assert status.finish_time is not None
    assert status.completion_time is not None
    assert status.start_time <= status.finish_time == status.completion_time
