"""What this process knows of unfinished jobs."""

from datetime import UTC, datetime

import pytest
from tests.unit.decide.builders import FULL
from tests.unit.reconcile.builders import bound_status, job, live

from containerjob_api.hostrefs import HostReference
from containerjob_api.phases import Reason
from containerjob_operator.decide.facts import Refusal
from containerjob_operator.reconcile import live_jobs
from containerjob_operator.reconcile.live_jobs import LiveJobs


def test_a_new_job_is_looked_after() -> None:
    jobs = LiveJobs()
    seen = jobs.observe(job("a"))
    assert seen is not None
    assert (len(jobs), "a" in jobs, jobs.get("a"), list(jobs)) == (1, True, seen, [seen])
    assert jobs.uids() == {"a"}


def test_news_of_a_job_replaces_what_was_known_and_keeps_what_is_remembered() -> None:
    jobs = LiveJobs()
    first = jobs.observe(job("a", version=5))
    assert first is not None
    first.launch_failures = 3
    again = jobs.observe(job("a", version=10))
    assert again is first
    assert (first.job.metadata.resource_version, first.launch_failures) == ("10", 3)


def test_old_news_is_ignored_also_where_its_number_has_fewer_digits() -> None:
    jobs = LiveJobs()
    known = jobs.observe(job("a", version=10, generation=2))
    assert known is not None
    assert jobs.observe(job("a", version=9)) is None
    assert known.job.metadata.resource_version == "10"
    assert not known.changed.is_set()


def test_the_same_news_twice_is_still_news() -> None:
    jobs = LiveJobs()
    assert jobs.observe(job("a", version=5)) is jobs.observe(job("a", version=5))


def test_a_changed_spec_is_signalled_and_a_changed_status_is_not() -> None:
    jobs = LiveJobs()
    known = jobs.observe(job("a", version=1))
    assert known is not None
    jobs.observe(job("a", version=2, status={"phase": "Queued"}))
    assert not known.changed.is_set()
    jobs.observe(job("a", version=3, generation=2))
    assert known.changed.is_set()


@pytest.mark.parametrize(
    "status", [{"finished": True}, {"phase": "Succeeded"}, {"phase": "TimedOut", "finished": True}]
)
def test_a_finished_job_is_not_looked_after(status: dict[str, object]) -> None:
    jobs = LiveJobs()
    jobs.observe(job("a"))
    assert jobs.observe(job("a", version=2, status=status)) is None
    assert (len(jobs), jobs.get("a")) == (0, None)


def test_a_late_event_does_not_bring_a_finished_job_back() -> None:
    jobs = LiveJobs()
    jobs.observe(job("a", version=3))
    jobs.finish("a")
    assert jobs.observe(job("a", version=2)) is None
    assert jobs.observe(job("a", version=9)) is None
    assert "a" not in jobs


def test_a_job_of_the_same_name_with_another_uid_is_another_job() -> None:
    jobs = LiveJobs()
    jobs.observe(job("a"))
    jobs.finish("a")
    assert jobs.observe(job("b")) is not None


def test_a_forgotten_job_may_come_back() -> None:
    jobs = LiveJobs()
    jobs.observe(job("a"))
    jobs.forget("a")
    jobs.forget("never seen")
    assert "a" not in jobs
    assert jobs.observe(job("a")) is not None


def test_only_so_many_finished_jobs_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_jobs, "TOMBSTONES", 2)
    jobs = LiveJobs()
    for uid in "abc":
        jobs.finish(uid)
    assert jobs.observe(job("a")) is not None
    assert jobs.observe(job("b")) is None
    assert jobs.observe(job("c")) is None


def test_a_job_holds_the_slot_of_its_attempts_host_before_that_of_its_placement() -> None:
    waiting, placed, bound = live("a"), live("b"), live("c", status=bound_status())
    waiting.placement = FULL
    placed.placement = bound.placement = HostReference(name="builder-9")
    assert (waiting.host, placed.host, bound.host) == (
        None,
        HostReference(name="builder-9"),
        HostReference(name="builder-1"),
    )
    assert live().host is None


@pytest.mark.parametrize(("retry_at", "kept"), [(datetime(2026, 1, 1, tzinfo=UTC), False), (None, True)])
def test_a_host_that_is_back_ends_the_pause_of_what_it_did_not_answer(retry_at: datetime | None, kept: bool) -> None:
    refused = live()
    refused.refusal, refused.launch_failures = Refusal(Reason.LAUNCH_BACK_OFF, "later", retry_at), 5
    refused.forget_passing_refusal()
    assert (refused.refusal is not None, refused.launch_failures == 5) == (kept, kept)
