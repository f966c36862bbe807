"""How a restart is told from an ordinary end by what an engine remembers; no engine is behind this Docker API."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from tests.contract.lying_engine import LyingEngine, hang_up, lying_engine
from tests.contract.subjects import run_of

from containerjob_operator.errors import HostUnavailable
from containerjob_operator.executors.docker.client import EngineClient
from containerjob_operator.executors.docker.executor import DockerExecutor

RUN = run_of("cluster", "job", "image:1", "true")
NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
STARTED, ENDED = NOW - timedelta(hours=2), NOW - timedelta(hours=1)
INFO, EVENTS, BRIDGE = "GET /info", "GET /events", "GET /networks/bridge"
MANY = 256


def told(action: str, at: datetime, actor: str = "c1") -> dict[str, Any]:
    return {"Type": "container", "Action": action, "Actor": {"ID": actor}, "timeNano": round(at.timestamp() * 1e9)}


@pytest.fixture
async def engine_api(tmp_path: Path) -> AsyncIterator[LyingEngine]:
    """An engine that came up from nothing: it remembers no event and has no network of its own."""
    async with lying_engine(tmp_path / "e.sock") as found:
        found.says(INFO, 200, {"SystemTime": NOW.isoformat()})
        found.refuses(BRIDGE, 404, "network bridge not found")
        remembers(found)
        exited(found, 143)
        yield found


@pytest.fixture
async def executor(engine_api: LyingEngine) -> AsyncIterator[DockerExecutor]:
    found = DockerExecutor(EngineClient(str(engine_api.path), read_seconds=0.5), cluster_uid="cluster")
    yield found
    await found.aclose()


def exited(engine_api: LyingEngine, code: int, **state: Any) -> None:
    times = {"StartedAt": STARTED.isoformat(), "FinishedAt": ENDED.isoformat()}
    body = {"Status": "exited", "ExitCode": code} | times | state
    engine_api.says(
        "GET /containers/.*/json", 200, {"Id": "c1", "State": body, "Config": {"Labels": dict(RUN.labels)}}
    )


def remembers(engine_api: LyingEngine, *events: dict[str, Any]) -> None:
    async def stream(_: web.Request) -> web.StreamResponse:
        return web.Response(body=b"".join(json.dumps(event).encode() + b"\n" for event in events))

    engine_api.rules[EVENTS] = stream


def made_its_bridge(engine_api: LyingEngine, at: datetime) -> None:
    engine_api.says(BRIDGE, 200, {"Name": "bridge", "Created": at.isoformat()})


@pytest.mark.parametrize(("code", "reported"), [(255, None), (137, 137), (143, 143)])
async def test_an_engine_that_knows_neither_start_nor_end_was_restarted(
    executor: DockerExecutor, engine_api: LyingEngine, code: int, reported: int | None
) -> None:
    exited(engine_api, code)
    remembers(engine_api, told("start", NOW, "another"))
    seen = await executor.inspect(RUN.name)
    assert (seen.disrupted, seen.exit_code) == (True, reported)


async def test_an_engine_that_remembers_the_start_was_there_all_along(
    executor: DockerExecutor, engine_api: LyingEngine
) -> None:
    remembers(engine_api, told("start", STARTED))
    assert not (await executor.inspect(RUN.name)).disrupted


@pytest.mark.parametrize(
    ("code", "state"),
    [
        (0, {}),
        (1, {}),
        (137, {"OOMKilled": True}),
        (0, {"Status": "running"}),
    ],
)
async def test_an_end_that_no_restart_looks_like_costs_no_further_question(
    executor: DockerExecutor, engine_api: LyingEngine, code: int, state: dict[str, Any]
) -> None:
    exited(engine_api, code, **state)
    assert not (await executor.inspect(RUN.name)).disrupted
    assert engine_api.requests == ["GET /version", f"GET /containers/{RUN.name}/json"]


@pytest.mark.parametrize(
    ("ended_after", "disrupted"), [(timedelta(0), True), (timedelta(seconds=11), True), (timedelta(minutes=1), False)]
)
async def test_an_engine_that_saw_the_end_alone_caused_it_only_while_it_came_up(
    executor: DockerExecutor, engine_api: LyingEngine, ended_after: timedelta, disrupted: bool
) -> None:
    remembers(engine_api, told("kill", ENDED - ended_after), told("die", ENDED))
    assert (await executor.inspect(RUN.name)).disrupted is disrupted


async def test_a_container_that_began_in_the_second_of_the_crash_was_disrupted(
    executor: DockerExecutor, engine_api: LyingEngine
) -> None:
    began = ENDED + timedelta(seconds=0.2)
    exited(engine_api, 143, StartedAt=began.isoformat(), FinishedAt=(ENDED + timedelta(seconds=0.8)).isoformat())
    remembers(engine_api, told("kill", ENDED + timedelta(seconds=0.7)), told("die", ENDED + timedelta(seconds=0.8)))
    assert (await executor.inspect(RUN.name)).disrupted


@pytest.mark.parametrize(
    ("made", "disrupted"),
    [
        (ENDED + timedelta(minutes=4), True),
        (ENDED - timedelta(seconds=5), True),
        (ENDED + timedelta(minutes=6), False),
        (ENDED - timedelta(minutes=1), False),
        (STARTED - timedelta(hours=1), False),
    ],
)
async def test_a_busy_engine_is_judged_by_when_it_made_its_bridge(
    executor: DockerExecutor, engine_api: LyingEngine, made: datetime, disrupted: bool
) -> None:
    remembers(engine_api, *[told("start", NOW, f"c{number}") for number in range(2, MANY + 2)])
    made_its_bridge(engine_api, made)
    assert (await executor.inspect(RUN.name)).disrupted is disrupted


async def test_a_container_younger_than_its_engine_was_not_disrupted(
    executor: DockerExecutor, engine_api: LyingEngine
) -> None:
    exited(engine_api, 255, StartedAt=(ENDED - timedelta(seconds=1)).isoformat())
    remembers(engine_api, *[told("start", NOW, f"c{number}") for number in range(2, MANY + 2)])
    made_its_bridge(engine_api, ENDED - timedelta(seconds=2))
    seen = await executor.inspect(RUN.name)
    assert (seen.disrupted, seen.exit_code) == (False, 255)


async def test_a_busy_engine_without_a_bridge_leaves_it_open(
    executor: DockerExecutor, engine_api: LyingEngine
) -> None:
    remembers(engine_api, *[told("start", NOW, f"c{number}") for number in range(2, 2 * MANY)])
    assert not (await executor.inspect(RUN.name)).disrupted


async def test_without_its_times_nothing_is_said_of_a_container(
    executor: DockerExecutor, engine_api: LyingEngine
) -> None:
    exited(engine_api, 143, FinishedAt="0001-01-01T00:00:00Z")
    assert not (await executor.inspect(RUN.name)).disrupted


@pytest.mark.parametrize("route", [INFO, EVENTS, BRIDGE])
async def test_an_engine_that_will_not_tell_keeps_no_job_from_its_end(
    executor: DockerExecutor, engine_api: LyingEngine, route: str
) -> None:
    remembers(engine_api, told("die", ENDED))
    engine_api.refuses(route, 403)
    seen = await executor.inspect(RUN.name)
    assert (seen.disrupted, seen.exit_code) == (False, 143)


@pytest.mark.parametrize("route", [INFO, EVENTS])
async def test_an_engine_that_goes_away_meanwhile_has_said_nothing(
    executor: DockerExecutor, engine_api: LyingEngine, route: str
) -> None:
    engine_api.rules[route] = hang_up
    with pytest.raises(HostUnavailable):
        await executor.inspect(RUN.name)
