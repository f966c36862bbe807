from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from tests.conftest import TestPlane
from tests.kube.oracle import Oracle

from containerjob_api.hostrefs import HostReference
from containerjob_api.hosts import DockerHost, EngineInfo
from containerjob_api.jobs import ContainerJob
from containerjob_api.jobstatus import Attempt, ContainerJobStatus
from containerjob_api.phases import Phase
from containerjob_operator.errors import KubeRefused, ObjectGone, WriteConflict
from containerjob_operator.kube.client import Kube

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
ATTEMPT = Attempt(attempt=0, host=HostReference(name="h"), name="cj-u-0", scheduled_time=NOW)


def _job(body: dict[str, Any]) -> ContainerJob:
    return ContainerJob.from_body(body)


def _with(job: ContainerJob, **changes: object) -> ContainerJobStatus:
    return job.status.model_copy(update=changes)


async def test_a_write_is_stored_and_gives_the_next_writes_version(
    kube: Kube, oracle: Oracle, namespace: str
) -> None:
    job = _job(oracle.create_job("a", namespace))
    job = await kube.write_job_status(job, _with(job, phase=Phase.SCHEDULED, attempts=(ATTEMPT,), attempt_count=1))
    job = await kube.write_job_status(job, _with(job, phase=Phase.RUNNING, observed_generation=1))
    stored = oracle.job("a", namespace)
    assert stored["status"]["phase"] == "Running"
    assert stored["status"]["attempts"][0]["name"] == "cj-u-0"
    assert job.metadata.resource_version == stored["metadata"]["resourceVersion"]
    assert await kube.get_job(namespace, "a") == job


async def test_a_write_after_somebody_elses_is_a_conflict(kube: Kube, oracle: Oracle, namespace: str) -> None:
    job = _job(oracle.create_job("a", namespace))
    oracle.patch_job("a", namespace, {"metadata": {"labels": {"touched": "yes"}}})
    with pytest.raises(WriteConflict, match="has been modified"):
        await kube.write_job_status(job, _with(job, phase=Phase.QUEUED))
    assert oracle.job("a", namespace)["status"]["phase"] == "Pending"


async def test_a_write_never_reaches_another_incarnation(kube: Kube, oracle: Oracle, namespace: str) -> None:
    job = _job(oracle.create_job("a", namespace))
    oracle.delete_job("a", namespace)
    oracle.create_job("a", namespace)
    with pytest.raises(WriteConflict):
        await kube.write_job_status(job, _with(job, phase=Phase.QUEUED))
    assert oracle.job("a", namespace)["status"]["phase"] == "Pending"


async def test_a_write_to_a_deleted_job_says_that_it_is_gone(kube: Kube, oracle: Oracle, namespace: str) -> None:
    job = _job(oracle.create_job("a", namespace))
    oracle.delete_job("a", namespace)
    with pytest.raises(ObjectGone):
        await kube.write_job_status(job, _with(job, phase=Phase.QUEUED))


async def test_the_same_status_again_is_not_sent(kube: Kube, oracle: Oracle, namespace: str) -> None:
    job = _job(oracle.create_job("a", namespace))
    job = await kube.write_job_status(job, _with(job, phase=Phase.QUEUED))
    oracle.patch_job("a", namespace, {"metadata": {"labels": {"touched": "yes"}}})
    assert await kube.write_job_status(job, job.status) == job  # a request would have been a conflict


async def test_what_is_unset_goes_away(kube: Kube, oracle: Oracle, namespace: str) -> None:
    job = _job(oracle.create_job("a", namespace))
    job = await kube.write_job_status(job, _with(job, phase=Phase.QUEUED, exit_code=3, host=ATTEMPT.host))
    await kube.write_job_status(job, _with(job, exit_code=None, host=None))
    stored = oracle.job("a", namespace)["status"]
    assert stored["phase"] == "Queued"
    assert not {"exitCode", "host"} & set(stored)


async def test_what_the_schema_refuses_is_told_in_the_servers_words(
    kube: Kube, oracle: Oracle, namespace: str
) -> None:
    job = _job(oracle.create_job("a", namespace))
    with pytest.raises(KubeRefused, match=r"status\.duration"):
        await kube.write_job_status(job, _with(job, duration="x" * 100))


async def test_a_job_that_is_not_there_is_none(kube: Kube, namespace: str) -> None:
    assert await kube.get_job(namespace, "nothing") is None


async def test_a_hosts_status_follows_the_same_rules(kube: Kube, oracle: Oracle) -> None:
    name = f"h-{uuid4().hex[:8]}"
    host = DockerHost.from_body(oracle.create_host(name))
    try:
        stale = host
        engine = EngineInfo(id="e", version="1")
        host = await kube.write_host_status(host, host.status.model_copy(update={"engine": engine}))
        host = await kube.write_host_status(
            host, host.status.model_copy(update={"engine": EngineInfo(id="e", version="2")})
        )
        assert oracle.host(name)["status"]["engine"]["version"] == "2"
        assert host in [DockerHost.from_body(body) for body in await kube.hosts()]
        with pytest.raises(WriteConflict):
            await kube.write_host_status(stale, stale.status.model_copy(update={"running_jobs": 1}))
        assert await kube.host_exists(host.reference, host.metadata.uid)
        assert not await kube.host_exists(host.reference, "another")
    finally:
        oracle.delete_host(name)
    assert not await kube.host_exists(host.reference, host.metadata.uid)


async def test_an_operator_that_knows_a_cluster_finds_it_complete(
    kube: Kube, oracle: Oracle, namespace: str, installed: TestPlane
) -> None:
    assert await kube.missing_fields() == []
    assert await kube.cluster_uid() == oracle.namespace("kube-system")["metadata"]["uid"]
    assert (await kube.namespaces())[namespace]["made-for"] == "a-test"
