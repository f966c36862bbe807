import asyncio
from datetime import UTC, datetime

from tests.conftest import TestPlane
from tests.kube.oracle import Oracle, manifest
from tests.size import FULL

from containerjob_api.jobs import ContainerJob
from containerjob_api.phases import Phase
from containerjob_operator.kube import tables
from containerjob_operator.kube.api import Api
from containerjob_operator.kube.client import Kube
from containerjob_operator.kube.resources import CONTAINERJOB

MANY = 1200 if FULL else 600
"""More than one chunk of every list."""


async def test_live_jobs_are_those_that_are_not_finished(kube: Kube, oracle: Oracle, namespace: str) -> None:
    fresh, running, over = (ContainerJob.from_body(oracle.create_job(name, namespace)) for name in "abc")
    await kube.write_job_status(running, running.status.model_copy(update={"phase": Phase.RUNNING}))
    end = {"phase": Phase.FAILED, "finished": True, "finish_time": datetime.now(UTC)}
    done = over.status.model_copy(update=end)
    await kube.write_job_status(over, done)
    found = {body["metadata"]["uid"] for body in await kube.live_jobs()}
    assert {fresh.metadata.uid, running.metadata.uid} <= found
    assert over.metadata.uid not in found
    assert over.metadata.uid in await kube.job_uids()


async def test_all_jobs_are_listed_across_chunks_as_the_oracle_sees_them(
    installed: TestPlane, kube: Kube, oracle: Oracle, namespace: str
) -> None:
    administrator = Api.connect(installed.kubeconfig)
    names = iter(range(MANY))

    async def create() -> None:
        for number in names:
            await administrator.create(CONTAINERJOB, manifest(f"job-{number}", namespace))

    await asyncio.gather(*(create() for _ in range(8)))
    await administrator.aclose()
    expected = oracle.job_uids()
    assert len(expected) >= MANY
    assert await kube.job_uids() == expected
    assert await tables.all_uids(kube.api.http, 250) == expected
    assert {body["metadata"]["uid"] for body in await kube.live_jobs()} <= expected
    in_namespace = [body for body in await kube.live_jobs() if body["metadata"]["namespace"] == namespace]
    assert len(in_namespace) == MANY
