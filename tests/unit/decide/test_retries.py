"""What is counted when an attempt fails, where the limits are, and what a job that used them up says."""

from typing import Any, get_args

import pytest
from tests.unit.decide.builders import (
    HOST,
    LIMITLESS,
    PASSING,
    after,
    conditions,
    ends,
    exited,
    facts,
    failed_start,
    refusal,
    retrying,
    running,
    runs,
    scheduled,
    why,
    writes,
)

from containerjob_api.failures import FailureReason
from containerjob_api.hosts import Disconnect
from containerjob_api.jobs import ContainerJob
from containerjob_api.phases import Phase, Reason
from containerjob_api.retries import OnHostLost
from containerjob_operator.decide.actions import Create, Wait
from containerjob_operator.decide.jobs import decide
from containerjob_operator.decide.observations import ABSENT, Observation, RunState
from containerjob_operator.decide.outcomes import CLASSES

HOUR = 3600.0


def limits(application: int, launch: int = 0) -> dict[str, Any]:
    return {"backoffLimit": application, "retryPolicy": {"launchRetryLimit": launch}}


def fail(job: ContainerJob, at: float, code: int = 1) -> ContainerJob:
    """Let the attempt under way run and fail."""
    job = writes(job, at, seen=runs(at))
    return ends(job, at + 1, seen=exited(code, at=at + 1))


def counts(job: ContainerJob) -> tuple[int, int]:
    return job.status.failed, job.status.launch_failures


def test_a_job_whose_container_failed_is_tried_again_after_a_pause() -> None:
    job = ends(running(more=limits(1)), 5, seen=exited(3))
    assert (why(job), counts(job)) == ((Phase.RETRYING, "NonZeroExitCode"), (1, 0))
    assert job.status.next_retry_time is not None
    assert decide(facts(job, 6, placement=HOST)) == Wait(job.status.next_retry_time)
    assert conditions(job.status) == {"HostAssigned": "False", "Ready": "False", "Reconciling": "True"}
    assert (job.status.current, job.status.finished, job.status.exit_code) == (None, False, 3)
    again = writes(job, 20, placement=HOST)
    assert (why(again), again.status.attempt_count) == ((Phase.SCHEDULED, "Scheduled"), 2)
    assert again.status.current is not None
    assert again.status.current.name == "cj-u1-1"
    assert again.status.next_retry_time is None
    assert decide(facts(again, 20, seen=ABSENT)) == Create()


def test_the_message_of_a_pause_tells_when_it_ends() -> None:
    job = ends(running(more=limits(1)), 5, seen=exited(3))
    ready = next(c for c in job.status.conditions if c.type == "Ready")
    assert ready.message.startswith(
        "the container exited with code 3; the next attempt is made at 2026-03-01T12:00:1"
    )


@pytest.mark.parametrize("limit", [1, 2, 6])
def test_a_job_runs_once_more_often_than_its_backoff_limit(limit: int) -> None:
    job = scheduled(more=limits(limit))
    for number in range(limit):
        job = fail(job, HOUR * number)
        assert job.status.phase is Phase.RETRYING
        job = writes(job, HOUR * number + 500, placement=HOST)
    job = fail(job, HOUR * limit)
    assert (why(job), counts(job)) == ((Phase.FAILED, "BackoffLimitExceeded"), (limit + 1, 0))
    assert job.status.attempt_count == limit + 1
    assert [attempt.reason for attempt in job.status.attempts] == [Reason.NON_ZERO_EXIT_CODE] * (limit + 1)
    assert job.status.conditions[-1].message == f"failed {limit + 1} times, at last: the container exited with code 1"


def test_a_job_that_is_not_to_be_tried_again_has_its_attempts_own_reason() -> None:
    assert why(ends(running(more=limits(0)), 5, seen=exited(3))) == (Phase.FAILED, "NonZeroExitCode")
    assert why(ends(scheduled(more=limits(6, 0)), 5, seen=ABSENT, refusal=PASSING)) == (Phase.FAILED, "LaunchBackOff")


def test_launches_that_fail_have_a_limit_of_their_own_and_do_not_use_up_the_other() -> None:
    job = scheduled(more=limits(1, 2))
    for number in range(2):
        job = ends(job, HOUR * number, seen=ABSENT, refusal=PASSING)
        assert (job.status.phase, counts(job)) == (Phase.RETRYING, (0, number + 1))
        job = writes(job, HOUR * number + 500, placement=HOST)
    job = fail(job, HOUR * 3)
    assert (job.status.phase, counts(job)) == (Phase.RETRYING, (1, 2))
    job = writes(job, HOUR * 4, placement=HOST)
    job = ends(job, HOUR * 5, seen=ABSENT, refusal=PASSING)
    assert (why(job), counts(job)) == ((Phase.FAILED, "LaunchRetriesExhausted"), (1, 3))
    assert job.status.conditions[-1].message == "failed 3 times, at last: the engine is busy"


def test_a_backoff_limit_that_was_lowered_to_zero_leaves_the_last_reason() -> None:
    job = fail(scheduled(more=limits(0)), 1)
    assert (why(job), counts(job)) == ((Phase.FAILED, "NonZeroExitCode"), (1, 0))


@pytest.mark.parametrize(
    ("seen", "known", "reason", "owner"),
    [
        (exited(1), {}, Reason.NON_ZERO_EXIT_CODE, "Application"),
        (exited(137, oom=True), {}, Reason.OOM_KILLED, "Application"),
        (exited(1), {"oom_seen": True}, Reason.OOM_SUSPECTED, "Application"),
        (failed_start("error mounting /data"), {}, Reason.START_ERROR, "Launch"),
        (ABSENT, {"refusal": PASSING}, Reason.LAUNCH_BACK_OFF, "Launch"),
        (ABSENT, {"launched_at": after(1)}, Reason.CONTAINER_LOST, "Infrastructure"),
        (exited(None), {}, Reason.CONTAINER_LOST, "Infrastructure"),
        (Observation(RunState.EXITED, exit_code=255, disrupted=True), {}, Reason.HOST_DISRUPTION, "Infrastructure"),
    ],
    ids=lambda value: str(value) if isinstance(value, Reason) else "",
)
def test_every_failure_is_recorded_with_whose_it_was_and_counted_there(
    seen: Observation, known: dict[str, Any], reason: Reason, owner: str
) -> None:
    job = ends(scheduled(more=LIMITLESS), 6, seen=seen, **known)
    attempt = job.status.newest
    assert attempt is not None
    assert (attempt.reason, attempt.failure_class, job.status.phase) == (reason, owner, Phase.RETRYING)
    assert counts(job) == ((1, 0) if owner == "Application" else (0, 1))


def test_a_lost_host_counts_as_a_launch_that_failed() -> None:
    job = writes(running(more=LIMITLESS), 2)
    job = ends(job, 900, disconnect=Disconnect(on_host_lost=OnHostLost.RETRY))
    assert (why(job), counts(job)) == ((Phase.RETRYING, "HostLost"), (0, 1))


@pytest.mark.parametrize("reason", [Reason.IMAGE_NOT_FOUND, Reason.INVALID_SPEC, Reason.NAME_CONFLICT])
def test_what_would_be_refused_again_is_not_tried_again(reason: Reason) -> None:
    never = refusal(None, "no")
    refused = type(never)(reason, "no", permanent=True)
    job = ends(scheduled(more=LIMITLESS), 1, seen=ABSENT, refusal=refused)
    assert (why(job), counts(job)) == ((Phase.FAILED, reason.value), (0, 0))


@pytest.mark.parametrize("code", [126, 127])
def test_a_command_that_no_image_of_this_name_has_is_not_tried_again(code: int) -> None:
    seen = Observation(RunState.CREATED, exit_code=code, error="exec: no such file or directory")
    assert why(ends(scheduled(more=LIMITLESS), 1, seen=seen)) == (Phase.FAILED, "StartError")


def test_the_newest_ten_attempts_are_kept_and_all_are_counted() -> None:
    job = scheduled(more=LIMITLESS)
    for number in range(14):
        assert job.status.attempt_count == number + 1
        job = fail(job, HOUR * number)
        job = writes(job, HOUR * number + 500, placement=HOST)
    assert (job.status.attempt_count, job.status.failed) == (15, 14)
    assert [attempt.attempt for attempt in job.status.attempts] == list(range(5, 15))
    assert job.status.attempts[-1].name == "cj-u1-14"


def test_a_success_after_failures_is_a_success() -> None:
    job = writes(retrying(), 60, placement=HOST)
    job = ends(job, 70, seen=exited(0, at=69))
    assert (why(job), job.status.exit_code, counts(job)) == ((Phase.SUCCEEDED, "Completed"), 0, (1, 0))


def test_nothing_of_an_earlier_attempt_is_held_against_the_next_one() -> None:
    job = writes(retrying(), 60, placement=HOST)
    attempt = job.status.current
    assert attempt is not None
    assert (attempt.started_at, attempt.container_id, attempt.stop, attempt.exit_code) == (None, None, None, None)
    assert decide(facts(job, 60, seen=ABSENT)) == Create()


def test_the_reasons_that_a_policy_can_name_are_exactly_those_of_failures() -> None:
    assert set(get_args(FailureReason)) == set(CLASSES)
