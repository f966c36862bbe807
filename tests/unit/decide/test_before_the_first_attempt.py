"""A job without an attempt: it waits for a host, gets one, or ends without ever having a container."""

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.unit.decide.builders import (
    FULL,
    HOST,
    NO_HOST,
    START,
    after,
    conditions,
    end_of,
    facts,
    new_job,
    queued,
    stored,
    written,
)

from containerjob_api.jobs import ContainerJob
from containerjob_api.phases import Phase, Reason
from containerjob_operator.decide.actions import Conclude, Place, Wait
from containerjob_operator.decide.facts import Unplaced
from containerjob_operator.decide.jobs import decide
from containerjob_operator.decide.situations import QUEUED_AFTER
from containerjob_operator.decide.statuses import MESSAGE_LIMIT


def test_a_new_job_asks_for_a_host_while_the_schedule_has_not_been_asked() -> None:
    assert decide(facts(new_job())) == Place(None)


def test_a_job_that_waits_for_the_schedule_is_looked_at_again_at_its_deadline() -> None:
    assert decide(facts(queued(deadline=60), 5)) == Place(after(60))


def test_a_new_job_that_no_host_takes_says_why_and_is_pending() -> None:
    status = written(decide(facts(new_job(), placement=NO_HOST)))
    assert (status.phase, status.start_time, status.observed_generation) == (Phase.PENDING, START, 1)
    assert conditions(status) == {"HostAssigned": "False", "Ready": "False", "Reconciling": "True"}
    assert {c.message for c in status.conditions} == {NO_HOST.message}


def test_a_job_that_could_run_later_is_queued() -> None:
    assert written(decide(facts(new_job(), placement=FULL))).phase is Phase.QUEUED


def test_a_queued_job_whose_reason_has_not_changed_is_not_written_again() -> None:
    assert decide(facts(queued(), 5, placement=FULL)) == Wait(None)


@pytest.mark.parametrize(
    "why",
    [NO_HOST, replace(FULL, reason=Reason.HOST_NOT_READY), replace(FULL, message="each of 2 hosts is full")],
    ids=["another phase", "another reason", "another message"],
)
def test_a_queued_job_that_waits_for_something_else_now_says_so(why: Unplaced) -> None:
    assert written(decide(facts(queued(), 5, placement=why))).start_time == START


def test_a_job_whose_conditions_say_nothing_yet_is_told_why_it_waits() -> None:
    assert written(decide(facts(new_job(status={"phase": "Queued"}), placement=FULL))).conditions


def test_the_wait_for_a_host_ends_at_the_deadline_at_the_latest() -> None:
    assert decide(facts(queued(deadline=60), 5, placement=FULL)) == Wait(after(60))


def test_a_very_long_reason_is_written_once() -> None:
    why = replace(NO_HOST, message="x" * 40_000)
    job = new_job()
    job = stored(job, written(decide(facts(job, placement=why))))
    assert max(len(c.message) for c in job.status.conditions) == MESSAGE_LIMIT
    assert decide(facts(job, 1, placement=why)) == Wait(None)


@pytest.mark.parametrize("job", [new_job(), queued()], ids=["new", "queued"])
def test_a_placed_job_is_bound_to_its_host_before_anything_is_created(job: ContainerJob) -> None:
    status = written(decide(facts(job, 3, placement=HOST)))
    attempt = status.current
    assert (status.phase, status.attempt_count, status.host) == (Phase.SCHEDULED, 1, HOST)
    assert attempt is not None
    assert (attempt.attempt, attempt.host, attempt.name) == (0, HOST, "cj-u1-0")
    assert conditions(status) == {"HostAssigned": "True", "Ready": "False", "Reconciling": "True"}


@pytest.mark.parametrize("placement", [None, HOST, FULL], ids=["not asked", "placed", "full"])
def test_a_job_cancelled_before_any_attempt_ends_without_an_exit_code(placement: object) -> None:
    job = new_job(cancel=True)
    ended = end_of(decide(facts(job, placement=placement)), job).status
    assert (ended.phase, ended.exit_code, ended.attempts, ended.duration) == (Phase.CANCELLED, None, (), None)


def test_a_job_that_waited_longer_than_its_deadline_times_out_without_an_attempt() -> None:
    job = queued(deadline=60)
    ended = end_of(decide(facts(job, 60, placement=HOST)), job).status
    assert (ended.phase, ended.attempts) == (Phase.TIMED_OUT, ())
    assert "activeDeadlineSeconds" in ended.conditions[-1].message


def test_cancel_wins_over_the_deadline() -> None:
    action = decide(facts(queued(deadline=60, cancel=True), 61))
    assert isinstance(action, Conclude)
    assert action.verdict.phase is Phase.CANCELLED


def test_a_full_host_is_not_told_to_a_job_that_came_this_moment() -> None:
    job = new_job()
    full = Unplaced(Phase.QUEUED, Reason.HOST_FULL, "full")
    created = job.metadata.creation_timestamp
    fresh = replace(facts(job, 0, placement=full), now=created + timedelta(seconds=4))
    assert decide(fresh) == Wait(created + QUEUED_AFTER)
    later = replace(fresh, now=created + QUEUED_AFTER)
    assert written(decide(later)).phase is Phase.QUEUED


def test_what_somebody_has_to_mend_is_told_at_once() -> None:
    job = new_job()
    missing = Unplaced(Phase.PENDING, Reason.HOST_NOT_FOUND, "no such host")
    fresh = replace(facts(job, 0, placement=missing), now=job.metadata.creation_timestamp)
    assert written(decide(fresh)).phase is Phase.PENDING
