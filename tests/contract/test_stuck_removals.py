"""Containers that an engine cannot stop or remove: every call has an end, and says what is known."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web
from docker import DockerClient
from tests.contract.lying_engine import LyingEngine, lying_engine
from tests.contract.subjects import Subject, run_of

from containerjob_operator.decide.observations import ABSENT, RunState
from containerjob_operator.errors import HostUnavailable
from containerjob_operator.executors.docker.client import EngineClient
from containerjob_operator.executors.docker.executor import DockerExecutor

RUN = run_of("cluster", "job", "image:1", "true")
DELETE, KILL, INSPECT = "DELETE /containers/.*", "POST .*/kill", "GET /containers/.*/json"
RUNNING = {"Id": "c1", "State": {"Status": "running", "ExitCode": 0}, "Config": {"Labels": dict(RUN.labels)}}


@pytest.fixture
async def engine_api(tmp_path: Path) -> AsyncIterator[LyingEngine]:
    async with lying_engine(tmp_path / "e.sock") as found:
        found.says(INSPECT, 200, RUNNING)
        yield found


@pytest.fixture
async def executor(engine_api: LyingEngine) -> AsyncIterator[DockerExecutor]:
    client = EngineClient(str(engine_api.path), read_seconds=0.3, change_seconds=0.3)
    found = DockerExecutor(client, cluster_uid="cluster")
    yield found
    await found.aclose()


async def test_a_removal_under_way_already_is_left_to_finish(
    executor: DockerExecutor, engine_api: LyingEngine
) -> None:
    engine_api.refuses(DELETE, 409, f"removal of container {RUN.name} is already in progress")
    await executor.remove(RUN.name)
    assert engine_api.count(DELETE) == 1


async def test_a_removal_that_fails_is_told_once_in_the_engines_words(
    executor: DockerExecutor, engine_api: LyingEngine
) -> None:
    engine_api.refuses(DELETE, 500, "could not kill: tried to kill container, but did not receive an exit event")
    with pytest.raises(HostUnavailable, match="did not receive an exit event"):
        await executor.remove(RUN.name)
    assert engine_api.count(DELETE) == 1


async def test_a_container_being_removed_keeps_its_end(executor: DockerExecutor, engine_api: LyingEngine) -> None:
    times = {"StartedAt": "2026-11-22T12:00:00Z", "FinishedAt": "2026-11-22T12:00:01Z"}
    for status in ("removing", "dead"):
        engine_api.says(INSPECT, 200, RUNNING | {"State": {"Status": status, "ExitCode": 3} | times})
        seen = await executor.inspect(RUN.name)
        assert (seen.state, seen.exit_code) == (RunState.EXITED, 3)


@pytest.mark.parametrize(("verb", "route"), [("signal_stop", KILL), ("kill", KILL), ("remove", DELETE)])
async def test_an_engine_that_never_ends_a_call_is_given_up_in_time(
    executor: DockerExecutor, engine_api: LyingEngine, verb: str, route: str
) -> None:
    async def never(_: web.Request) -> web.StreamResponse:
        await asyncio.sleep(3600)
        return web.Response()

    engine_api.rules[route] = never
    started = time.monotonic()
    with pytest.raises(HostUnavailable, match="does not answer in time"):
        await getattr(executor, verb)(RUN.name)
    assert time.monotonic() - started < 3
    assert (await executor.inspect(RUN.name)).state is RunState.RUNNING


@pytest.mark.real
async def test_removals_of_one_container_at_once_all_succeed(docker_subject: Subject, oracle: DockerClient) -> None:
    run = await docker_subject.launched("sleep", "60")
    await asyncio.gather(*(docker_subject.executor.remove(run.name) for _ in range(4)))
    assert await docker_subject.executor.inspect(run.name) == ABSENT
    assert oracle.containers.list(all=True, filters={"name": run.name}) == []
