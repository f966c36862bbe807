"""The API server in memory that other tests stand on answers the operator's client as the real one does."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol
from uuid import uuid4

import pytest
from tests.fakes.fake_kube import FakeKube
from tests.kube.oracle import SPEC, Oracle

from containerjob_api.hostrefs import HostReference
from containerjob_api.hosts import DockerHost, EngineInfo
from containerjob_api.jobs import ContainerJob
from containerjob_api.jobstatus import Attempt
from containerjob_api.phases import Phase
from containerjob_operator.errors import KubeRefused, ObjectGone, WriteConflict
from containerjob_operator.kube.client import Kube
from containerjob_operator.kube.expiring import Expiring
from containerjob_operator.kube.resources import CONTAINERJOB, DOCKERHOST, NAMESPACE

Json = dict[str, Any]
NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
ATTEMPT = Attempt(attempt=0, host=HostReference(name="h"), name="cj-u-0", scheduled_time=NOW)
OVER = {"phase": Phase.FAILED, "finished": True, "finish_time": NOW}


class People(Protocol):
    """What people do to an API server."""

    def create_job(self, name: str, namespace: str) -> Json: ...
    def patch_job(self, name: str, namespace: str, patch: Json) -> Json: ...
    def delete_job(self, name: str, namespace: str) -> None: ...
    def create_host(self, name: str) -> Json: ...
    def delete_host(self, name: str) -> None: ...


@dataclass
class InMemory:
    """People before the fake."""

    kube: FakeKube

    def create_job(self, name: str, namespace: str) -> Json:
        return self.kube.fake.put(CONTAINERJOB, {"metadata": {"name": name, "namespace": namespace}, "spec": SPEC})

    def patch_job(self, name: str, namespace: str, patch: Json) -> Json:
        return self.kube.edit_job(patch, name, namespace)

    def delete_job(self, name: str, namespace: str) -> None:
        self.kube.delete_job(name, namespace)

    def create_host(self, name: str) -> Json:
        return self.kube.create_host(name, "unix:///var/run/docker.sock")

    def delete_host(self, name: str) -> None:
        self.kube.fake.delete(DOCKERHOST, name)


@dataclass
class Server:
    """One API server from both sides."""

    kube: Kube
    people: People
    namespace: str

    def job(self, name: str = "a") -> ContainerJob:
        return ContainerJob.from_body(self.people.create_job(name, self.namespace))


@pytest.fixture(params=["fake", "real"])
def server(request: pytest.FixtureRequest, kube: Kube, oracle: Oracle, namespace: str) -> Iterator[Server]:
    """The fake, then the real one."""
    if request.param == "real":
        yield Server(kube, oracle, namespace)
        return
    fake = FakeKube()
    fake.fake.put(NAMESPACE, {"metadata": {"name": namespace, "labels": {"made-for": "a-test"}}})
    yield Server(fake, InMemory(fake), namespace)


async def test_a_status_is_stored_and_read_back_with_its_new_version(server: Server) -> None:
    job = server.job()
    status = job.status.model_copy(update={"phase": Phase.SCHEDULED, "attempts": (ATTEMPT,), "attempt_count": 1})
    written = await server.kube.write_job_status(job, status)
    assert int(written.metadata.resource_version) > int(job.metadata.resource_version)
    assert written.metadata.generation == job.metadata.generation == 1
    assert await server.kube.get_job(server.namespace, "a") == written


async def test_a_write_after_somebody_elses_is_a_conflict(server: Server) -> None:
    job = server.job()
    server.people.patch_job("a", server.namespace, {"metadata": {"labels": {"touched": "yes"}}})
    with pytest.raises(WriteConflict):
        await server.kube.write_job_status(job, job.status.model_copy(update={"phase": Phase.QUEUED}))


async def test_a_changed_spec_counts_the_generation_up_and_a_status_does_not(server: Server) -> None:
    job = server.job()
    changed = ContainerJob.from_body(server.people.patch_job("a", server.namespace, {"spec": {"cancel": True}}))
    assert (changed.metadata.generation, changed.spec.cancel) == (2, True)
    written = await server.kube.write_job_status(changed, job.status.model_copy(update={"phase": Phase.QUEUED}))
    assert written.metadata.generation == 2


async def test_a_deleted_job_is_gone_and_another_incarnation_is_not_it(server: Server) -> None:
    job = server.job()
    status = job.status.model_copy(update={"phase": Phase.QUEUED})
    server.people.delete_job("a", server.namespace)
    assert await server.kube.get_job(server.namespace, "a") is None
    with pytest.raises(ObjectGone):
        await server.kube.write_job_status(job, status)
    other = server.job()
    assert other.metadata.uid != job.metadata.uid
    with pytest.raises(WriteConflict):
        await server.kube.write_job_status(job, status)


async def test_an_outcome_is_final_and_leaves_the_list_of_live_jobs(server: Server) -> None:
    job = server.job()
    job = await server.kube.write_job_status(job, job.status.model_copy(update=OVER))
    with pytest.raises(KubeRefused):
        await server.kube.write_job_status(job, job.status.model_copy(update={"phase": Phase.SUCCEEDED}))
    assert job.metadata.uid not in {body["metadata"]["uid"] for body in await server.kube.live_jobs()}
    assert job.metadata.uid in await server.kube.job_uids()


async def test_a_deletion_concerns_the_job_as_it_was_read(server: Server) -> None:
    read = await server.kube.get_job(server.namespace, server.job().metadata.name)
    assert read is not None
    server.people.patch_job("a", server.namespace, {"metadata": {"labels": {"touched": "yes"}}})
    with pytest.raises(WriteConflict):
        await server.kube.delete_expired(read)
    read = await server.kube.get_job(server.namespace, "a")
    assert read is not None
    assert await server.kube.delete_expired(read)
    assert await server.kube.get_job(server.namespace, "a") is None
    with pytest.raises(ObjectGone):
        await server.kube.delete_expired(read)
    server.job()
    with pytest.raises(WriteConflict):
        await server.kube.delete_expired(read)


async def test_a_deleted_job_that_a_finalizer_holds_is_not_gone(server: Server) -> None:
    server.job()
    hold = {"metadata": {"finalizers": ["example.com/archive"]}}
    held = ContainerJob.from_body(server.people.patch_job("a", server.namespace, hold))
    assert not await server.kube.delete_expired(held)
    left = await server.kube.get_job(server.namespace, "a")
    assert left is not None
    assert left.metadata.deletion_timestamp is not None
    server.people.patch_job("a", server.namespace, {"metadata": {"finalizers": None}})


async def test_jobs_that_expire_are_listed_with_their_time_and_no_others(server: Server) -> None:
    job, plain, going_on = server.job("a"), server.job("b"), server.job("c")
    await server.kube.write_job_status(job, job.status.model_copy(update=OVER | {"expire_time": NOW}))
    await server.kube.write_job_status(plain, plain.status.model_copy(update=OVER))
    mine = [each for each in await server.kube.expiring_jobs() if each.namespace == server.namespace]
    assert mine == [Expiring(job.metadata.uid, server.namespace, "a", NOW)]
    assert going_on.metadata.uid in {body["metadata"]["uid"] for body in await server.kube.live_jobs()}


async def test_a_jobs_uid_is_read_by_its_name(server: Server) -> None:
    job = server.job()
    assert await server.kube.job_uid(server.namespace, "a") == job.metadata.uid
    assert await server.kube.job_uid(server.namespace, "nobody") is None


async def test_unfinished_jobs_and_namespaces_are_listed(server: Server) -> None:
    job = server.job()
    assert job.metadata.uid in {body["metadata"]["uid"] for body in await server.kube.live_jobs()}
    assert (await server.kube.namespaces())[server.namespace]["made-for"] == "a-test"
    assert await server.kube.cluster_uid()


async def test_hosts_follow_the_same_rules(server: Server) -> None:
    name = f"h-{uuid4().hex[:8]}"
    host = DockerHost.from_body(server.people.create_host(name))
    status = host.status.model_copy(update={"engine": EngineInfo(id="e")})
    written = await server.kube.write_host_status(host, status)
    assert written in [DockerHost.from_body(body) for body in await server.kube.hosts()]
    with pytest.raises(WriteConflict):
        await server.kube.write_host_status(host, host.status.model_copy(update={"running_jobs": 1}))
    server.people.delete_host(name)
    assert not await server.kube.host_exists(host.reference, host.metadata.uid)
