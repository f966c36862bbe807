"""spec.suspend in every phase: the container is stopped, the counts are kept, and deadlines begin anew."""

import pytest
from tests.unit.decide.builders import (
    CREATED,
    FULL,
    HOST,
    LIMITLESS,
    START,
    after,
    changed,
    conditions,
    ends,
    exited,
    facts,
    in_phase,
    new_job,
    relaunching,
    retrying,
    running,
    runs,
    scheduled,
    stored,
    suspended,
    unreachable,
    why,
    writes,
)

from containerjob_api.conditions import condition
from containerjob_api.jobs import ContainerJob
from containerjob_api.names import LABEL_RESTORED
from containerjob_api.phases import ConditionType, Phase, Reason
from containerjob_operator.decide import statuses
from containerjob_operator.decide.actions import Conclude, Place, Remove, SignalStop, Wait, Write
from containerjob_operator.decide.jobs import decide
from containerjob_operator.decide.observations import ABSENT

WAITING = [Phase.PENDING, Phase.QUEUED, Phase.RETRYING]


def to_suspend(job: ContainerJob) -> ContainerJob:
    return changed(job, suspend=True)


def to_resume(job: ContainerJob) -> ContainerJob:
    return changed(job, suspend=False)


@pytest.mark.parametrize("phase", WAITING)
def test_a_waiting_job_is_suspended_at_once_and_gives_up_its_place(phase: Phase) -> None:
    job = to_suspend(in_phase(phase))
    action = decide(facts(job, 30, placement=HOST))
    assert isinstance(action, Write)
    assert action.release
    job = writes(job, 30, placement=HOST)
    assert why(job) == (Phase.SUSPENDED, "JobSuspended")
    assert conditions(job.status) | {"Suspended": "True", "Ready": "False"} == conditions(job.status)
    assert (job.status.start_time, job.status.next_retry_time) == (None, None)
    assert decide(facts(job, 9999, placement=HOST)) == Wait(None)


def test_a_job_that_was_created_suspended_never_asks_for_a_host() -> None:
    job = writes(in_phase(Phase.PENDING, more={"suspend": True}), 0, placement=FULL)
    assert why(job) == (Phase.SUSPENDED, "JobSuspended")


def test_a_suspended_job_has_no_deadline() -> None:
    job = suspended(deadline=5, more={"startingDeadlineSeconds": 5}, created=0)
    assert decide(facts(job, 9999)) == Wait(None)


def test_a_resumed_job_is_pending_and_its_deadline_begins_anew() -> None:
    job = writes(to_resume(suspended(deadline=5)), 1000)
    assert why(job) == (Phase.PENDING, "JobResumed")
    assert job.status.start_time == after(1000)
    assert conditions(job.status)["Suspended"] == "False"
    assert decide(facts(job, 1001)) == Place(after(1005))
    assert ends(job, 1005).status.phase is Phase.TIMED_OUT


@pytest.mark.parametrize("job", [retrying(), relaunching()], ids=["failed", "never started"])
def test_counts_and_attempts_outlast_a_suspension(job: ContainerJob) -> None:
    before = job.status
    job = writes(to_suspend(job), 30)
    job = writes(to_resume(job), 60)
    assert (job.status.failed, job.status.launch_failures) == (before.failed, before.launch_failures)
    assert (job.status.attempts, job.status.attempt_count) == (before.attempts, 1)
    job = writes(job, 61, placement=HOST)
    assert job.status.current is not None
    assert job.status.current.name == "cj-u1-1"


def test_a_pause_that_a_suspension_interrupted_is_over_when_the_job_is_resumed() -> None:
    job = writes(to_suspend(retrying()), 6)
    job = writes(to_resume(job), 7)
    assert writes(job, 7, placement=HOST).status.phase is Phase.SCHEDULED


def test_a_running_container_is_stopped_with_its_grace_and_counts_as_no_failure() -> None:
    job = writes(to_suspend(running()), 10, seen=runs())
    assert job.status.phase is Phase.RUNNING
    assert job.status.current is not None
    assert job.status.current.stop is not None
    assert (job.status.current.stop.reason, job.status.current.stop.time) == (Reason.JOB_SUSPENDED, after(10))
    assert decide(facts(job, 10, seen=runs())) == SignalStop()
    job = ends(job, 12, seen=exited(143, at=11), stop_signalled_at=after(10))
    assert why(job) == (Phase.SUSPENDED, "JobSuspended")
    assert (job.status.failed, job.status.launch_failures, job.status.finished) == (0, 0, False)
    attempt = job.status.newest
    assert attempt is not None
    assert (attempt.reason, attempt.failure_class, attempt.exit_code) == (Reason.JOB_SUSPENDED, None, 143)
    assert conditions(job.status)["Suspended"] == "True"
    assert (job.status.start_time, job.status.next_retry_time) == (None, None)


@pytest.mark.parametrize("seen", [ABSENT, CREATED])
def test_a_container_that_has_not_started_never_does(seen: object) -> None:
    job = writes(to_suspend(scheduled()), 2, seen=seen)
    assert job.status.phase is Phase.SCHEDULED
    if seen is CREATED:
        assert decide(facts(job, 2, seen=CREATED)) == Remove()
    job = ends(job, 3, seen=ABSENT)
    assert (why(job), job.status.attempt_count) == ((Phase.SUSPENDED, "JobSuspended"), 1)


def test_a_job_resumed_while_its_stop_is_under_way_is_stopped_and_then_tried_again_at_once() -> None:
    job = to_resume(writes(to_suspend(running()), 10, seen=runs()))
    assert decide(facts(job, 11, seen=runs(), stop_signalled_at=after(10))) == Wait(after(40))
    job = ends(job, 12, seen=exited(143, at=11), stop_signalled_at=after(10))
    assert (job.status.phase, job.status.next_retry_time) == (Phase.RETRYING, after(12))
    assert (job.status.failed, job.status.launch_failures) == (0, 0)
    assert writes(job, 12, placement=HOST).status.attempt_count == 2


def test_a_container_that_ended_by_itself_before_the_stop_keeps_its_outcome() -> None:
    job = writes(to_suspend(running(more=LIMITLESS)), 10, seen=runs())
    assert ends(job, 12, seen=exited(0, at=9)).status.phase is Phase.SUCCEEDED
    failed = ends(job, 12, seen=exited(7, at=9))
    assert (why(failed), failed.status.failed, failed.status.exit_code) == ((Phase.SUSPENDED, "JobSuspended"), 1, 7)


def test_a_failure_that_uses_up_the_limit_fails_the_job_although_it_is_to_be_suspended() -> None:
    job = to_suspend(running())
    assert why(ends(job, 12, seen=exited(7, at=9))) == (Phase.FAILED, "NonZeroExitCode")


def test_a_job_on_a_silent_host_is_marked_to_be_suspended_and_stopped_when_the_host_is_back() -> None:
    job = writes(to_suspend(unreachable(running())), 30)
    assert job.status.phase is Phase.RUNNING
    job = writes(job, 40, seen=runs())
    assert decide(facts(job, 40, seen=runs())) == SignalStop()


def test_the_deadline_strikes_while_a_suspension_is_under_way() -> None:
    job = writes(to_suspend(running(deadline=30)), 10, seen=runs())
    assert decide(facts(job, 11, seen=runs(), stop_signalled_at=after(10))) == Wait(after(40))
    job = writes(job, 30, seen=runs(), stop_signalled_at=after(10))
    assert ends(job, 31, seen=exited(143, at=31)).status.phase is Phase.TIMED_OUT


def test_a_cancel_takes_over_from_a_suspension_that_is_under_way() -> None:
    job = changed(writes(to_suspend(running()), 10, seen=runs()), cancel=True)
    job = writes(job, 15, seen=runs(), stop_signalled_at=after(10))
    assert job.status.phase is Phase.CANCELLING
    attempt = job.status.current
    assert attempt is not None
    assert attempt.stop is not None
    assert (attempt.stop.reason, attempt.stop.time) == (Reason.CANCELLED, after(10))
    assert ends(job, 16, seen=exited(143, at=15)).status.phase is Phase.CANCELLED


def test_a_suspension_counts_and_not_the_attempts_own_deadline_when_both_are_there() -> None:
    job = running(more=LIMITLESS | {"attemptDeadlineSeconds": 5})
    job = writes(to_suspend(job), 20, seen=runs())
    assert job.status.current is not None
    assert job.status.current.stop is not None
    assert job.status.current.stop.reason is Reason.JOB_SUSPENDED


@pytest.mark.parametrize("phase", [Phase.SUCCEEDED, Phase.FAILED, Phase.CANCELLED, Phase.TIMED_OUT])
def test_a_finished_job_cannot_be_suspended(phase: Phase) -> None:
    assert decide(facts(to_suspend(in_phase(phase)), 99)) == Wait(None)


def test_a_job_that_is_suspended_twice_has_the_deadlines_of_its_second_life() -> None:
    job = writes(to_resume(suspended(deadline=50)), 100)
    job = writes(to_suspend(job), 110)
    job = writes(to_resume(job), 200)
    assert decide(facts(job, 240)) == Place(after(250))
    assert not isinstance(decide(facts(job, 249)), Conclude)


def labelled(job: ContainerJob, *labels: str) -> ContainerJob:
    """Return the job with these labels and no others."""
    marked = job.metadata.model_copy(update={"labels": dict.fromkeys(labels, "x")})
    return job.model_copy(update={"metadata": marked})


@pytest.mark.parametrize("label", [LABEL_RESTORED, "velero.io/restore-name"])
def test_a_job_without_a_record_from_a_backup_is_not_run(label: str) -> None:
    job = labelled(new_job(), label)
    held = writes(job, 1, placement=HOST)
    assert why(held) == (Phase.SUSPENDED, Reason.JOB_RESTORED)
    assert label in statuses.reason_of(held.status)[1]
    assert decide(facts(held, 60, placement=HOST)) == Wait()


def test_a_restored_job_runs_once_its_label_is_gone() -> None:
    held = writes(labelled(new_job(), LABEL_RESTORED), 1)
    freed = writes(labelled(held), 2)
    assert why(freed) == (Phase.PENDING, Reason.JOB_RESUMED)
    assert why(writes(freed, 3, placement=HOST)) == (Phase.SCHEDULED, Reason.SCHEDULED)


@pytest.mark.parametrize("phase", [Phase.SCHEDULED, Phase.RUNNING, Phase.RETRYING])
def test_the_label_keeps_nothing_back_that_has_a_record(phase: Phase) -> None:
    job = in_phase(phase)
    marked = labelled(job, LABEL_RESTORED)
    for at, seen in ((30.0, runs()), (30.0, ABSENT)):
        assert decide(facts(marked, at, seen=seen)) == decide(facts(job, at, seen=seen))


def test_a_suspended_job_takes_note_of_a_changed_spec() -> None:
    job = changed(suspended(), activeDeadlineSeconds=9)
    noted = writes(job, 5)
    assert noted.status.observed_generation == job.metadata.generation
    assert why(noted) == (Phase.SUSPENDED, Reason.JOB_SUSPENDED)
    assert decide(facts(noted, 6)) == Wait()


def test_a_job_that_can_be_read_again_is_stalled_no_more() -> None:
    told = condition(ConditionType.STALLED, True, Reason.INVALID_SPEC, "unreadable", now=START, generation=1)
    job = new_job()
    job = stored(job, job.status.model_copy(update={"conditions": (told,), "observed_generation": 1}))
    assert conditions(writes(job, 1, placement=HOST).status)["Stalled"] == "False"
    assert "Stalled" not in conditions(writes(new_job(), 1, placement=HOST).status)
