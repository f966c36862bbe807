"""Faults 17 and 26 with hundreds of jobs at once, on the operator without its process and an engine in memory."""

import asyncio

from tests.fakes.fake_kube import FakeKube
from tests.fakes.operator_rig import OperatorRig, new_engine, until
from tests.size import ROOM

MANY = 300
FOUND_WITHIN = 5.0 * ROOM


async def test_fault_26_hundreds_of_ends_whose_events_are_lost_are_found_within_five_seconds() -> None:
    kube = FakeKube()
    engine, endpoint = new_engine()
    kube.create_host("h1", endpoint, maxConcurrentJobs=MANY)
    for number in range(MANY):
        kube.create_job(f"job-{number}", argv=["sh", "-c", "sleep 600"])
    async with OperatorRig(kube).working(tend_every=0.5):
        await until(lambda: engine.starts == MANY, "all run")
        engine.drop_events()
        for container in list(engine.containers.values()):
            engine.end(container, 3)
        names = [f"job-{number}" for number in range(MANY)]
        told = [kube.status(name) for name in names]
        assert not any(status.get("finished") for status in told)
        await until(lambda: all("exitCode" in kube.status(name) for name in names), "all are found", FOUND_WITHIN)
    assert {kube.status(name)["exitCode"] for name in names} == {3}
    assert engine.starts == MANY


async def test_fault_17_hundreds_created_and_deleted_at_once_leave_nothing() -> None:
    kube = FakeKube()
    engine, endpoint = new_engine()
    kube.create_host("h1", endpoint, maxConcurrentJobs=16)
    rig = OperatorRig(kube)
    async with rig.working():
        await until(lambda: rig.loaded, "it has begun")
        for number in range(MANY):
            kube.create_job(f"job-{number}", argv=["sleep", "600"])
            if number % 7 == 0:
                await asyncio.sleep(0)  # so that some are seen in between
        for number in range(MANY):
            kube.delete_job(f"job-{number}")
        await until(lambda: not engine.containers and not len(rig.context.jobs), "nothing is left")
        await rig.settled()
        assert not engine.containers
