"""A real engine whose answers are late, lost or counted on the way."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing
from pathlib import Path

import pytest
from aiohttp import web
from docker import DockerClient
from tests.contract.lying_engine import LyingEngine, hang_up, lying_engine
from tests.contract.subjects import Subject, until

from containerjob_operator.decide.observations import RunState
from containerjob_operator.errors import HostUnavailable, LaunchDelayed
from containerjob_operator.executors.docker.client import EngineClient
from containerjob_operator.executors.docker.executor import DockerExecutor

pytestmark = pytest.mark.real
GRACE_SECONDS = 0.5


@pytest.fixture
async def proxy(docker_endpoint: str, tmp_path: Path) -> AsyncIterator[LyingEngine]:
    async with lying_engine(tmp_path / "e.sock", docker_endpoint) as found:
        yield found


@pytest.fixture
async def subject(docker_subject: Subject, proxy: LyingEngine) -> AsyncIterator[Subject]:
    """A subject whose executor asks through the proxy."""
    executor = DockerExecutor(
        EngineClient(str(proxy.path)), cluster_uid=docker_subject.cluster_uid, start_grace_seconds=GRACE_SECONDS
    )
    direct, docker_subject.executor = docker_subject.executor, executor
    yield docker_subject
    docker_subject.executor = direct
    await executor.aclose()


async def test_a_job_takes_three_calls_and_no_look_at_the_version(subject: Subject, proxy: LyingEngine) -> None:
    await subject.executor.list_owned()
    proxy.requests.clear()
    run = await subject.launched("true")
    await subject.executor.remove(run.name)
    assert proxy.requests == [
        "POST /containers/create",
        f"POST /containers/{run.name}/start",
        f"DELETE /containers/{run.name}",
    ]


async def test_a_create_whose_answer_was_lost_is_adopted(subject: Subject, proxy: LyingEngine) -> None:
    async def created_in_silence(request: web.Request) -> web.StreamResponse:
        await proxy.forward(request)
        return await hang_up(request)

    run = subject.run("true")
    proxy.rules["POST /containers/create"] = created_in_silence
    with pytest.raises(HostUnavailable):
        await subject.executor.create(run)
    proxy.rules.clear()
    await subject.executor.create(run)
    await subject.executor.start(run.name)
    assert (await subject.reaches(run.name, RunState.EXITED)).exit_code == 0


async def test_a_start_whose_answer_was_lost_is_not_repeated(subject: Subject, proxy: LyingEngine) -> None:
    async def started_in_silence(request: web.Request) -> web.StreamResponse:
        await proxy.forward(request)
        return await hang_up(request)

    run = subject.run("echo", "once")
    await subject.executor.create(run)
    proxy.rules["POST .*/start"] = started_in_silence
    with pytest.raises(HostUnavailable):
        await subject.executor.start(run.name)
    await subject.reaches(run.name, RunState.EXITED)
    await subject.executor.start(run.name)
    assert proxy.count("POST .*/start") == 1
    assert (await subject.executor.tail(run.name)).stdout == "once\n"


async def test_a_start_still_in_the_engines_queue_is_not_overtaken_by_another(
    subject: Subject, proxy: LyingEngine
) -> None:
    release, done = asyncio.Event(), asyncio.Event()

    async def late(request: web.Request) -> web.StreamResponse:
        await release.wait()
        answer = await proxy.forward(request)
        done.set()
        return answer

    run = subject.run("echo", "once")
    await subject.executor.create(run)
    proxy.rules["POST .*/start"] = late
    client = EngineClient(str(proxy.path), change_seconds=0.2)
    async with aclosing(DockerExecutor(client, cluster_uid=subject.cluster_uid)) as impatient:
        with pytest.raises(HostUnavailable, match="does not answer in time"):
            await impatient.start(run.name)
        # The engine answers again, and has not come to the start yet.
        with pytest.raises(LaunchDelayed):
            await impatient.start(run.name)
        release.set()
        await done.wait()
        await subject.reaches(run.name, RunState.EXITED)
        await impatient.start(run.name)
    assert (await subject.executor.tail(run.name)).stdout == "once\n"


async def test_a_start_that_never_arrived_is_repeated_after_a_grace(subject: Subject, proxy: LyingEngine) -> None:
    run = subject.run("true")
    await subject.executor.create(run)
    proxy.rules["POST .*/start"] = hang_up
    with pytest.raises(HostUnavailable):
        await subject.executor.start(run.name)
    proxy.rules.clear()

    async def started() -> bool:
        try:
            await subject.executor.start(run.name)
        except LaunchDelayed:
            return False
        return True

    assert not await started()
    await until(started, bool)
    assert (await subject.reaches(run.name, RunState.EXITED)).exit_code == 0


@pytest.fixture
def absent_image(oracle: DockerClient, cluster_uid: str) -> Iterator[str]:
    """A name that a pull through the proxy gives to the local image."""
    name = f"absent-{cluster_uid}:1"
    yield name
    oracle.images.remove(name, force=True)


def pull_slowly(proxy: LyingEngine, oracle: DockerClient, image: str, name: str, go: asyncio.Event) -> None:
    """Let a pull take until `go`, then have the image there."""

    async def pull(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse(headers={"Content-Type": "application/json"})
        await answer.prepare(request)
        await answer.write(b'{"status":"Pulling"}\r\n')
        await go.wait()
        await asyncio.to_thread(oracle.images.get(image).tag, name)
        await answer.write(b'{"status":"Done"}\r\n')
        return answer

    proxy.rules["POST /images/create"] = pull


async def test_twenty_jobs_share_one_pull(
    subject: Subject, proxy: LyingEngine, oracle: DockerClient, absent_image: str
) -> None:
    go = asyncio.Event()
    pull_slowly(proxy, oracle, subject.image, absent_image, go)
    runs = [subject.run("true", image=absent_image) for _ in range(20)]
    creating = [asyncio.create_task(subject.executor.create(run)) for run in runs]
    await until(lambda: asyncio.sleep(0, proxy.count("POST /containers/create")), lambda count: count == 20)
    go.set()
    await asyncio.gather(*creating)
    assert len(await subject.executor.list_owned()) == 20
    assert proxy.count("POST /images/create") == 1


async def test_a_cancelled_waiter_leaves_the_pull_to_the_others(
    subject: Subject, proxy: LyingEngine, oracle: DockerClient, absent_image: str
) -> None:
    go = asyncio.Event()
    pull_slowly(proxy, oracle, subject.image, absent_image, go)
    first, second = (
        asyncio.create_task(subject.executor.create(subject.run("true", image=absent_image))) for _ in range(2)
    )
    await until(lambda: asyncio.sleep(0, proxy.count("POST /images/create")), bool)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    go.set()
    await second
    assert proxy.count("POST /images/create") == 1
