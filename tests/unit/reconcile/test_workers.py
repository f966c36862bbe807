"""Many passes at a time, each job by itself, and an end that leaves nothing running."""

import asyncio

import pytest
from tests.fakes.operator_rig import H1, until
from tests.unit.reconcile.conftest import Desk

from containerjob_operator.reconcile import workers
from containerjob_operator.reconcile.upkeep import tend_host
from containerjob_operator.reconcile.workers import run_workers


async def test_a_slow_pass_does_not_hold_up_other_jobs(desk: Desk) -> None:
    desk.kube.create_job("slow")
    await desk.rig.load()
    desk.rig.executor.slow = asyncio.Event()
    async with desk.rig.working():
        await until(lambda: desk.rig.executors[-1].waiting or desk.phase("slow") == "Scheduled", "it is under way")
        desk.kube.create_job("cancelled", cancel=True)
        await until(lambda: desk.phase("cancelled") == "Cancelled", "the other one is over")


async def test_only_so_many_passes_run_at_a_time(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "PASSES", 2)
    for name in "abc":
        desk.kube.create_job(name)
    await desk.rig.load()
    desk.rig.executor.slow = asyncio.Event()
    working = asyncio.create_task(run_workers(desk.rig.context))
    await until(lambda: len(desk.kube.fake.writes) == 2, "two are under way")
    for _ in range(20):
        await asyncio.sleep(0)
    assert len(desk.kube.fake.writes) == 2
    desk.rig.executor.slow.set()
    await until(lambda: desk.engine.starts == 3, "all of them ran")
    working.cancel()
    await asyncio.gather(working, return_exceptions=True)


async def test_the_end_takes_every_pass_with_it(desk: Desk) -> None:
    desk.kube.create_job()
    await desk.rig.load()
    desk.rig.executor.slow = asyncio.Event()
    working = asyncio.create_task(run_workers(desk.rig.context))
    await until(lambda: desk.rig.executor.waiting, "the create is under way")
    working.cancel()
    await asyncio.gather(working, return_exceptions=True)
    assert not [task for task in asyncio.all_tasks() if task.get_name().startswith("reconcile")]
    assert desk.engine.containers == {}


async def test_told_to_drain_passes_end_by_themselves_and_none_begins(desk: Desk) -> None:
    for name in ("under-way", "bound-before"):
        desk.kube.create_job(name)
    await desk.rig.load()
    desk.rig.executor.slow = asyncio.Event()
    working = asyncio.create_task(run_workers(desk.rig.context))
    await until(lambda: len(desk.kube.fake.writes) == 2, "both are bound")
    desk.kube.create_job("new")
    desk.rig.context.draining.set()
    await asyncio.sleep(0)
    desk.rig.context.queue.add(desk.kube.job("new")["metadata"]["uid"])
    desk.rig.executor.slow.set()
    await asyncio.wait_for(working, 10)
    assert (desk.engine.starts, desk.phase("new")) == (2, "Pending")


async def test_a_pass_that_would_bind_its_job_while_the_operator_drains_leaves_it(desk: Desk) -> None:
    desk.kube.create_job()
    await desk.rig.load()
    desk.rig.context.draining.set()
    await desk.rig.look()
    assert (desk.phase(), desk.kube.fake.writes) == ("Pending", [])


async def test_a_host_is_not_looked_after_any_more_while_the_operator_drains(desk: Desk) -> None:
    await desk.rig.load()
    before = list(desk.trouble.calls)
    desk.rig.context.draining.set()
    await tend_host(H1, desk.rig.context)
    assert desk.trouble.calls == before
