"""Finished jobs go when their time is over: not before, not others, and their containers with them."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.fakes.operator_rig import CLUSTER, until
from tests.fakes.troubles import When
from tests.unit.reconcile.conftest import Desk

from containerjob_api.jobs import ContainerJob
from containerjob_api.names import LABEL_CLUSTER_UID, LABEL_JOB_UID, LABEL_NAME, LABEL_NAMESPACE
from containerjob_operator.errors import HostUnavailable, KubeRefused, KubeUnavailable
from containerjob_operator.executors.fake.programs import Program
from containerjob_operator.reconcile import expiry as module
from containerjob_operator.reconcile.expiry import Expiry

START = datetime(2026, 5, 1, 12, 0, 0, tzinfo=UTC)


@dataclass
class Timer:
    """An Expiry whose clock the test moves."""

    desk: Desk
    expiry: Expiry
    now: datetime = START

    def finish(self, name: str = "hello", ttl: float | None = 60, **metadata: Any) -> ContainerJob:
        """Store a job that is over."""
        kube = self.desk.kube
        kube.create_job(name)
        status: dict[str, Any] = {"phase": "Failed", "finished": True, "attempts": [], "attemptCount": 1}
        if ttl is not None:
            status["expireTime"] = (self.now + timedelta(seconds=ttl)).strftime("%Y-%m-%dT%H:%M:%SZ")
        return ContainerJob.from_body(kube.edit_job({"status": status, "metadata": metadata}, name))

    def contain(self, job: ContainerJob, number: int = 0, *, host: str = "h1", run: bool = True) -> None:
        """Give the job an attempt and its container."""
        name = f"cj-{job.metadata.uid}-{number}"
        known = self.desk.kube.status(job.metadata.name)["attempts"]
        row = {"attempt": number, "host": {"name": host}, "name": name, "scheduledTime": "2026-05-01T00:00:00Z"}
        self.desk.kube.edit_job({"status": {"attempts": [*known, row | {"reason": "Completed"}]}}, job.metadata.name)
        labels = {LABEL_CLUSTER_UID: CLUSTER, LABEL_JOB_UID: job.metadata.uid, LABEL_NAMESPACE: "team-a"}
        made = self.desk.engine.create(name, "busybox", labels | {LABEL_NAME: job.metadata.name}, Program(seconds=60))
        self.desk.engine.start(made)
        if not run:
            self.desk.engine.end(made, 0)

    async def after(self, seconds: float) -> list[str]:
        """Let time pass and work once; return which jobs are left."""
        self.now += timedelta(seconds=seconds)
        await self.expiry.work()
        return self.left()

    def left(self) -> list[str]:
        return sorted(name for kind, _, name in self.desk.kube.fake.objects if kind == "ContainerJob")

    def list_again(self) -> None:
        """Make the next list due."""
        self.expiry._list_at = 0


@pytest.fixture
async def timer(desk: Desk) -> Timer:
    await desk.rig.load()
    context = desk.rig.context
    made = Timer(desk, Expiry(context.kube, context.hosts, desk.rig.notes, lambda: made.now))
    await made.expiry.work()
    desk.trouble.calls.clear()
    return made


async def test_a_job_goes_when_its_time_is_over_and_not_before(timer: Timer) -> None:
    timer.expiry.note(timer.finish())
    assert await timer.after(59) == ["hello"]
    assert timer.desk.trouble.calls == []
    assert await timer.after(1) == []
    assert timer.desk.trouble.calls == ["get ContainerJob", "delete ContainerJob"]
    assert len(timer.expiry) == 0


async def test_at_rest_nothing_is_asked(timer: Timer) -> None:
    timer.expiry.note(timer.finish())
    for _ in range(20):
        await timer.after(1)
    assert timer.desk.trouble.calls == []


async def test_a_job_without_a_ttl_and_one_that_goes_on_are_not_noted(timer: Timer) -> None:
    timer.expiry.note(timer.finish("forever", ttl=None))
    running = ContainerJob.from_body(timer.desk.kube.create_job())
    timer.expiry.note(running.model_copy(update={"status": running.status.model_copy(update={"expire_time": START})}))
    assert len(timer.expiry) == 0


async def test_jobs_go_in_the_order_of_their_times_many_at_once(timer: Timer) -> None:
    for number in range(30):
        timer.expiry.note(timer.finish(f"j{number:02}", ttl=30 - number))
    assert await timer.after(5) == [f"j{number:02}" for number in range(25)]
    assert await timer.after(60) == []
    assert timer.desk.kube.fake.deletions[:5] == [f"ContainerJob j{number}" for number in (29, 28, 27, 26, 25)]


async def test_what_a_crash_lost_is_found_by_the_list(timer: Timer) -> None:
    timer.finish()
    timer.finish("forever", ttl=None)
    timer.desk.kube.create_job("goes-on")
    assert len(await timer.after(100)) == 3
    timer.list_again()
    assert await timer.after(0) == ["forever", "goes-on"]


async def test_the_list_is_read_at_the_start_and_then_seldom(timer: Timer) -> None:
    now = asyncio.get_running_loop().time()
    assert 539 < timer.expiry._list_at - now <= 660


async def test_jobs_that_others_deleted_are_forgotten_and_what_is_noted_during_a_list_is_not(timer: Timer) -> None:
    timer.expiry.note(timer.finish("deleted"))
    timer.desk.kube.delete_job("deleted")

    async def noted_meanwhile() -> None:
        timer.expiry.note(timer.finish("late"))

    timer.desk.trouble.within["list ContainerJob"] = noted_meanwhile
    timer.list_again()
    await timer.after(0)
    assert set(timer.expiry._times) == {timer.desk.kube.job("late")["metadata"]["uid"]}
    assert await timer.after(60) == []


async def test_a_job_whose_time_was_put_off_is_looked_at_then(timer: Timer) -> None:
    timer.expiry.note(timer.finish())
    timer.desk.kube.edit_job({"status": {"expireTime": "2026-05-01T12:05:00Z"}})
    assert await timer.after(60) == ["hello"]
    assert await timer.after(239) == ["hello"]
    assert await timer.after(1) == []
    assert timer.desk.trouble.calls.count("get ContainerJob") == 2


async def test_a_job_whose_time_was_taken_away_stays(timer: Timer) -> None:
    timer.expiry.note(timer.finish())
    timer.desk.kube.edit_job({"status": {"expireTime": None}})
    assert await timer.after(60) == ["hello"]
    assert len(timer.expiry) == 0


async def test_another_job_of_the_same_name_stays(timer: Timer) -> None:
    timer.expiry.note(timer.finish())
    timer.desk.kube.delete_job()
    timer.desk.kube.create_job()
    assert await timer.after(60) == ["hello"]
    assert len(timer.expiry) == 0


async def test_a_job_that_is_gone_already_is_forgotten(timer: Timer) -> None:
    timer.expiry.note(timer.finish())
    timer.desk.kube.delete_job()
    await timer.after(60)
    assert len(timer.expiry) == 0


async def test_a_job_that_goes_between_the_read_and_the_deletion_is_forgotten(timer: Timer) -> None:
    timer.expiry.note(timer.finish())

    async def deleted() -> None:
        timer.desk.kube.delete_job()

    timer.desk.trouble.within["get ContainerJob"] = deleted
    assert await timer.after(60) == []
    assert len(timer.expiry) == 0


async def test_a_job_that_changes_between_the_read_and_the_deletion_is_read_again(timer: Timer) -> None:
    timer.expiry.note(timer.finish())

    async def touched() -> None:
        timer.desk.trouble.within.clear()
        timer.desk.kube.edit_job({"metadata": {"labels": {"touched": "yes"}}})

    timer.desk.trouble.within["get ContainerJob"] = touched
    assert await timer.after(60) == ["hello"]
    assert await timer.after(module.PAUSE_SECONDS) == []


async def test_a_job_that_cannot_be_read_stays(timer: Timer) -> None:
    timer.expiry.note(timer.finish())
    timer.desk.kube.edit_job({"spec": {"template": None}})
    assert await timer.after(60) == ["hello"]


async def test_a_job_that_a_finalizer_holds_is_deleted_once_and_keeps_its_container(timer: Timer) -> None:
    job = timer.finish(finalizers=["example.com/archive"])
    timer.contain(job, run=False)
    timer.expiry.note(job)
    assert await timer.after(60) == ["hello"]
    timer.list_again()
    assert await timer.after(60) == ["hello"]
    assert timer.desk.kube.fake.deletions == ["ContainerJob hello"]
    assert len(timer.desk.engine.containers) == 1


async def test_a_refusal_concerns_one_job_and_is_tried_again_much_later(timer: Timer) -> None:
    for name, ttl in (("a", 50), ("b", 55)):
        timer.expiry.note(timer.finish(name, ttl))
    timer.desk.trouble.fail("delete ContainerJob", lambda: KubeRefused("admission webhook denied the request"))
    assert await timer.after(60) == ["a"]
    assert await timer.after(module.REFUSED_SECONDS - 1) == ["a"]
    assert await timer.after(1) == []


@pytest.mark.parametrize("when", When)
async def test_an_answer_that_is_lost_is_asked_for_again(timer: Timer, when: When) -> None:
    timer.expiry.note(timer.finish())
    timer.desk.trouble.fail("delete ContainerJob", lambda: KubeUnavailable("no answer"), when)
    with pytest.raises(KubeUnavailable):
        await timer.after(60)
    assert await timer.after(module.PAUSE_SECONDS) == []
    assert len(timer.expiry) == 0


async def test_a_list_that_is_refused_does_not_keep_what_was_noted(timer: Timer) -> None:
    timer.expiry.note(timer.finish())
    timer.list_again()
    timer.desk.trouble.fail("list ContainerJob", lambda: KubeRefused("forbidden"))
    assert await timer.after(60) == []


async def test_a_deleted_jobs_ended_containers_go_with_it(timer: Timer) -> None:
    job = timer.finish()
    timer.contain(job, 0, run=False)
    timer.contain(job, 1, run=False)
    timer.contain(job, 2, host="unknown", run=False)
    timer.contain(job, 3)
    timer.expiry.note(job)
    await timer.after(60)
    # One is on a host that nobody knows, one runs: the sweep ends it gracefully.
    assert sorted(timer.desk.engine.containers) == [f"cj-{job.metadata.uid}-{number}" for number in (2, 3)]


async def test_a_host_that_does_not_answer_keeps_no_job(timer: Timer) -> None:
    job = timer.finish()
    timer.contain(job, run=False)
    timer.expiry.note(job)
    timer.desk.trouble.fail("remove", lambda: HostUnavailable("no answer"))
    assert await timer.after(60) == []
    assert len(timer.desk.engine.containers) == 1


async def test_who_would_create_the_job_again_is_warned_of(timer: Timer) -> None:
    timer.expiry.note(timer.finish("plain"))
    assert timer.desk.rig.notes.told == []
    timer.expiry.note(timer.finish(annotations={"meta.helm.sh/release-name": "app"}))
    [(type_, reason, message)] = timer.desk.rig.notes.told
    assert (type_, reason) == ("Warning", "ExpiryRerunsJob")
    assert "Helm" in message


async def test_it_runs_by_itself(timer: Timer) -> None:
    running = asyncio.create_task(timer.expiry.run())
    timer.expiry.note(timer.finish("at-once", ttl=0))
    await until(lambda: timer.left() == [], "the job is deleted")
    timer.finish("found", ttl=0)
    timer.expiry._list_at = 0
    timer.expiry.note(timer.finish("noted", ttl=0))
    await until(lambda: timer.left() == [], "both are deleted")
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_a_silent_api_server_is_asked_again_after_a_pause(timer: Timer) -> None:
    timer.desk.trouble.fail("get ContainerJob", lambda: KubeUnavailable("starting", retry_after=0.01), times=3)
    timer.expiry.note(timer.finish(ttl=0))
    running = asyncio.create_task(timer.expiry.run())

    def gone_in_time() -> bool:
        timer.now += timedelta(seconds=module.PAUSE_SECONDS)
        return timer.left() == []

    await until(gone_in_time, "the job is deleted")
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert timer.desk.trouble.calls.count("get ContainerJob") >= 4


async def test_the_nap_ends_with_the_next_due_time(timer: Timer) -> None:
    assert timer.expiry._until_next() == module.LONGEST_NAP
    timer.expiry.note(timer.finish(ttl=20))
    assert timer.expiry._until_next() == 20
    timer.now += timedelta(seconds=30)
    assert timer.expiry._until_next() == 0
