"""A host that stays away: wait for it, try elsewhere, or fail, as job and host say."""

from typing import Any

import pytest
from tests.unit.decide.builders import (
    LIMITLESS,
    after,
    changed,
    conditions,
    ends,
    facts,
    running,
    runs,
    scheduled,
    stopping,
    unreachable,
    why,
    writes,
)

from containerjob_api.hostrefs import HostReference
from containerjob_api.hosts import Disconnect
from containerjob_api.jobs import ContainerJob
from containerjob_api.phases import Phase, Reason
from containerjob_api.retries import OnHostLost
from containerjob_operator.decide.actions import Conclude, Wait
from containerjob_operator.decide.jobs import decide

ELSEWHERE = HostReference(name="builder-2")


def disconnect(action: OnHostLost, seconds: int = 60) -> Disconnect:
    return Disconnect(lost_after_seconds=seconds, on_host_lost=action)


def away(job: ContainerJob | None = None, **policy: Any) -> ContainerJob:
    """Return a job whose host has not answered since second 2."""
    more = LIMITLESS | {"retryPolicy": LIMITLESS["retryPolicy"] | policy}
    return unreachable(running(more=more) if job is None else job)


def test_by_default_a_silent_host_is_waited_for() -> None:
    assert Disconnect().on_host_lost is OnHostLost.WAIT
    assert decide(facts(away(), 1_000_000)) == Wait(after(1_000_010))


@pytest.mark.parametrize("phase", ["scheduled", "running"])
def test_a_lost_host_has_the_job_tried_again_elsewhere(phase: str) -> None:
    job = away({"scheduled": scheduled, "running": running}[phase](more=LIMITLESS))
    told = disconnect(OnHostLost.RETRY)
    assert decide(facts(job, 55, disconnect=told)) == Wait(after(62))
    job = ends(job, 62, disconnect=told)
    assert why(job) == (Phase.RETRYING, "HostLost")
    attempt = job.status.newest
    assert attempt is not None
    assert (attempt.reason, attempt.failure_class, attempt.exit_code) == (Reason.HOST_LOST, "Infrastructure", None)
    assert attempt.message == "host builder-1 has not answered for 60 s; its container may still run"
    job = writes(job, 100, placement=ELSEWHERE)
    assert job.status.current is not None
    assert (job.status.current.name, job.status.current.host) == ("cj-u1-1", ELSEWHERE)


def test_what_was_said_of_the_lost_host_does_not_hold_for_the_next_one() -> None:
    job = ends(away(), 62, disconnect=disconnect(OnHostLost.RETRY))
    assert conditions(job.status)["HostReachable"] == "False"
    job = writes(job, 100, placement=ELSEWHERE)
    assert conditions(job.status)["HostReachable"] == "True"
    again = decide(facts(job, 100, disconnect=disconnect(OnHostLost.RETRY)))
    assert not isinstance(again, Conclude)


def test_a_lost_host_fails_a_job_that_is_not_to_be_tried_again() -> None:
    job = ends(away(), 62, disconnect=disconnect(OnHostLost.FAIL))
    assert (why(job), job.status.launch_failures) == ((Phase.FAILED, "HostLost"), 0)


@pytest.mark.parametrize(
    ("own", "hosts", "expected"),
    [
        ("Wait", OnHostLost.FAIL, None),
        ("Retry", OnHostLost.FAIL, Phase.RETRYING),
        ("Fail", OnHostLost.RETRY, Phase.FAILED),
        ("Fail", OnHostLost.WAIT, Phase.FAILED),
    ],
)
def test_the_jobs_own_word_wins_over_its_hosts(own: str, hosts: OnHostLost, expected: Phase | None) -> None:
    job, told = away(onHostLost=own), disconnect(hosts)
    if expected is None:
        assert decide(facts(job, 9999, disconnect=told)) == Wait(after(10_009))
    else:
        assert ends(job, 9999, disconnect=told).status.phase is expected


def test_the_time_counts_from_the_first_silence_that_was_written_also_after_a_restart() -> None:
    told = disconnect(OnHostLost.RETRY, 600)
    job = away()
    assert decide(facts(job, 601.9, disconnect=told)) == Wait(after(602))
    assert ends(job, 602, disconnect=told).status.phase is Phase.RETRYING


def test_a_host_is_not_lost_before_its_silence_was_written_down() -> None:
    job = running(more=LIMITLESS)
    job = writes(job, 5000, disconnect=disconnect(OnHostLost.FAIL, 1))
    assert why(job) == (Phase.RUNNING, "Running")
    assert conditions(job.status)["HostReachable"] == "False"


def test_a_host_that_answers_in_between_begins_its_time_anew() -> None:
    told = disconnect(OnHostLost.RETRY)
    job = writes(away(), 50, seen=runs())
    job = writes(job, 55)
    assert decide(facts(job, 100, disconnect=told)) == Wait(after(110))
    assert ends(job, 115, disconnect=told).status.phase is Phase.RETRYING


def test_a_host_that_is_back_is_not_lost_although_its_time_is_up() -> None:
    job = writes(away(), 9999, seen=runs(), disconnect=disconnect(OnHostLost.FAIL))
    assert job.status.phase is Phase.RUNNING


def test_a_job_to_be_suspended_on_a_lost_host_is_suspended() -> None:
    job = writes(changed(away(), suspend=True), 10)
    job = ends(job, 62, disconnect=disconnect(OnHostLost.RETRY))
    assert why(job) == (Phase.SUSPENDED, "JobSuspended")
    assert job.status.newest is not None
    assert job.status.newest.reason is Reason.HOST_LOST


def test_a_lost_host_uses_up_the_launch_retries_and_no_others() -> None:
    job = unreachable(running(more={"backoffLimit": 6, "retryPolicy": {"launchRetryLimit": 0}}))
    job = ends(job, 62, disconnect=disconnect(OnHostLost.RETRY))
    assert (why(job), job.status.failed, job.status.launch_failures) == ((Phase.FAILED, "HostLost"), 0, 1)


def test_a_job_that_is_cancelled_on_a_lost_host_fails_since_its_container_may_still_run() -> None:
    job = away(stopping(more=LIMITLESS))
    ended = ends(job, 62, disconnect=disconnect(OnHostLost.RETRY))
    assert why(ended) == (Phase.FAILED, "HostLost")
