"""spec.cancel in every phase: desired state, acted on gracefully, and the record stays."""

import pytest
from tests.unit.decide.builders import (
    CREATED,
    HOST,
    LIMITLESS,
    after,
    changed,
    conditions,
    ends,
    exited,
    facts,
    in_phase,
    refusal,
    retrying,
    running,
    runs,
    scheduled,
    stopping,
    unreachable,
    why,
    writes,
)

from containerjob_api.jobs import ContainerJob
from containerjob_api.phases import Phase, Reason
from containerjob_operator.decide.actions import Remove, SignalStop, Wait
from containerjob_operator.decide.jobs import decide
from containerjob_operator.decide.observations import ABSENT, Observation


def cancelled(job: ContainerJob) -> ContainerJob:
    return changed(job, cancel=True)


@pytest.mark.parametrize("phase", [Phase.PENDING, Phase.QUEUED, Phase.RETRYING, Phase.SUSPENDED])
def test_a_job_without_a_container_is_cancelled_at_once(phase: Phase) -> None:
    before = in_phase(phase)
    job = ends(cancelled(before), 30, placement=HOST)
    assert why(job) == (Phase.CANCELLED, "Cancelled")
    assert job.status.attempts == before.status.attempts
    assert (job.status.finished, job.status.next_retry_time) == (True, None)
    assert conditions(job.status)["Failed"] == "True"


def test_a_job_cancelled_while_it_waits_to_be_tried_again_keeps_what_it_counted() -> None:
    job = ends(cancelled(retrying()), 6)
    assert (job.status.failed, job.status.exit_code, job.status.attempt_count) == (1, 1, 1)
    assert job.status.newest is not None
    assert job.status.newest.reason is Reason.NON_ZERO_EXIT_CODE


@pytest.mark.parametrize("phase", [Phase.SCHEDULED, Phase.RUNNING])
@pytest.mark.parametrize("seen", [runs(), None], ids=["in sight", "out of sight"])
def test_a_job_with_a_container_is_cancelling_until_that_is_gone(phase: Phase, seen: Observation | None) -> None:
    job = writes(cancelled(in_phase(phase)), 10, seen=seen)
    assert why(job) == (Phase.CANCELLING, "Cancelled")
    assert not job.status.finished
    assert decide(facts(job, 10, seen=runs())) == SignalStop()
    assert why(ends(job, 12, seen=exited(143, at=11))) == (Phase.CANCELLED, "Cancelled")


def test_a_created_container_is_removed_before_the_job_is_cancelled() -> None:
    job = writes(cancelled(scheduled()), 2, seen=CREATED)
    assert decide(facts(job, 2, seen=CREATED)) == Remove()
    assert why(ends(job, 3, seen=ABSENT)) == (Phase.CANCELLED, "Cancelled")


def test_a_launch_that_pauses_is_cancelled_without_waiting_for_the_pause() -> None:
    job = writes(cancelled(scheduled()), 2, seen=ABSENT, refusal=refusal(60))
    assert why(ends(job, 3, seen=ABSENT, refusal=refusal(60))) == (Phase.CANCELLED, "Cancelled")


def test_a_cancel_that_is_withdrawn_after_it_was_written_is_carried_out_nevertheless() -> None:
    job = changed(stopping(), cancel=False)
    assert decide(facts(job, 11, seen=runs())) == SignalStop()
    assert why(ends(job, 12, seen=exited(143, at=11))) == (Phase.CANCELLED, "Cancelled")


def test_a_cancelled_job_is_not_tried_again_after_a_failure_of_its_own() -> None:
    job = ends(cancelled(running(more=LIMITLESS)), 12, seen=exited(7, at=9))
    assert (why(job), job.status.failed, job.status.exit_code) == ((Phase.CANCELLED, "Cancelled"), 1, 7)
    written = changed(stopping(more=LIMITLESS, at=10), cancel=False)
    assert why(ends(written, 12, seen=exited(7, at=9))) == (Phase.CANCELLED, "Cancelled")


def test_a_job_that_succeeded_before_its_cancel_was_acted_on_has_succeeded() -> None:
    assert ends(cancelled(running()), 12, seen=exited(0, at=9)).status.phase is Phase.SUCCEEDED


def test_a_job_whose_host_does_not_answer_is_cancelling_for_as_long_as_that_lasts() -> None:
    job = unreachable(writes(cancelled(running()), 10))
    assert decide(facts(job, 99_999)) == Wait(after(100_009))


@pytest.mark.parametrize("phase", [Phase.SUCCEEDED, Phase.FAILED, Phase.CANCELLED, Phase.TIMED_OUT])
def test_a_finished_job_cannot_be_cancelled(phase: Phase) -> None:
    assert decide(facts(cancelled(in_phase(phase)), 99)) == Wait(None)
