"""The engines that one suite of tests runs on."""

import asyncio
import os
import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import docker
import pytest
from docker import DockerClient
from tests.contract.subjects import Subject

from containerjob_operator.executors.base import Executor
from containerjob_operator.executors.fake.engine import engine_named
from containerjob_operator.executors.fake.programs import Program
from containerjob_operator.executors.registry import executor_at

IMAGE = "busybox:1.37"


@pytest.fixture(scope="session")
def docker_endpoint(request: pytest.FixtureRequest) -> str:
    """An engine that is there already, if one is named, else one of the session's own."""
    named = os.environ.get("CONTAINERJOB_TEST_DOCKER")
    return named or str(request.getfixturevalue("engine").endpoint)


@pytest.fixture(scope="session")
def oracle(docker_endpoint: str) -> Iterator[DockerClient]:
    """Docker's own client: what it says of a container is true, whatever our code says."""
    client = docker.DockerClient(base_url=docker_endpoint)
    yield client
    client.close()


@pytest.fixture
def cluster_uid() -> str:
    """Every test is a cluster of its own."""
    return uuid.uuid4().hex


@pytest.fixture
def fake_subject(cluster_uid: str) -> Subject:
    """The fake engine."""
    engine, away = engine_named(cluster_uid), engine_named(f"{cluster_uid}-away")
    away.go_away()

    def executor(uid: str, name: str = engine.name) -> Executor:
        return executor_at(f"fake://{name}", cluster_uid=uid, allow_fake_hosts=True)

    async def create_foreign(name: str) -> None:
        engine.create(name, IMAGE, {}, Program())

    return Subject(
        image=IMAGE,
        cluster_uid=cluster_uid,
        executor=executor(cluster_uid),
        unreachable=executor(cluster_uid, away.name),
        create_foreign=create_foreign,
        another=executor,
    )


@pytest.fixture
async def docker_subject(
    cluster_uid: str, docker_endpoint: str, oracle: DockerClient, tmp_path: Path
) -> AsyncIterator[Subject]:
    """A real engine; what a test leaves there is removed."""
    opened: list[Executor] = []

    def executor(uid: str, endpoint: str = docker_endpoint) -> Executor:
        opened.append(executor_at(endpoint, cluster_uid=uid, allow_fake_hosts=False))
        return opened[-1]

    async def create_foreign(name: str) -> None:
        await asyncio.to_thread(oracle.containers.create, IMAGE, name=name)

    subject = Subject(
        image=IMAGE,
        cluster_uid=cluster_uid,
        executor=executor(cluster_uid),
        unreachable=executor(cluster_uid, f"unix://{tmp_path}/gone.sock"),
        create_foreign=create_foreign,
        another=executor,
    )
    yield subject
    for name in subject.names:
        await subject.executor.remove(name)
    for one in opened:
        await one.aclose()


@pytest.fixture
async def cloudrun_subject(cluster_uid: str, request: pytest.FixtureRequest) -> AsyncIterator[Subject]:
    """A location of Cloud Run; Google's library is loaded for no other engine."""
    from tests.contract.cloudrun_subject import PROJECT, REAL_IMAGE, place_of, subject_at

    image = REAL_IMAGE if PROJECT else IMAGE
    endpoint = "" if PROJECT else request.getfixturevalue("docker_endpoint")
    async with place_of(endpoint) as place, subject_at(place, cluster_uid, image) as subject:
        yield subject


@pytest.fixture(
    params=[
        "fake",
        pytest.param("docker", marks=pytest.mark.real),
        pytest.param("cloudrun", marks=pytest.mark.real),
    ]
)
def subject(request: pytest.FixtureRequest) -> Subject:
    """Each engine in turn."""
    found: Subject = request.getfixturevalue(f"{request.param}_subject")
    return found
