"""The one-shot questions: what containers use, whether hosts answer, and what on them is nobody's."""

from contextlib import AsyncExitStack
from datetime import UTC, datetime
from typing import Any

import pytest
from tests.fakes.operator_rig import H1, no_key, until
from tests.unit.log_api.conftest import API, JOBS, Desk, told

from containerjob_api.frames import Kind
from containerjob_api.hostparts import AnyHost
from containerjob_operator.api import engines, stats
from containerjob_operator.api.engines import Engines
from containerjob_operator.decide.observations import OwnedContainer, RunState
from containerjob_operator.executors.base import Executor
from containerjob_operator.executors.registry import executor_for
from containerjob_operator.kube.resources import DOCKERHOST

USAGE = {"cpuPercent": 12.35, "memoryBytes": 1024, "memoryLimitBytes": 2048, "processes": 3}


async def answer(desk: Desk, path: str, **query: Any) -> dict[str, Any]:
    async with desk.asking(path, **query) as response:
        assert response.status == 200, await response.text()
        return dict(await response.json())


async def test_a_running_job_is_measured_and_another_is_not(desk: Desk) -> None:
    desk.job()
    assert await answer(desk, f"{JOBS}/hello/stats") == {"attempt": None, "host": None, "usage": None}
    desk.attempt()
    assert await answer(desk, f"{JOBS}/hello/stats") == {"attempt": 0, "host": "h1", "usage": USAGE}
    desk.finished()
    assert await answer(desk, f"{JOBS}/hello/stats") == {"attempt": 0, "host": "h1", "usage": None}
    assert await desk.refused("nobody/stats") == (404, 'containerjobs.containerjobs.io "nobody" not found')


async def test_many_are_measured_at_once_and_one_that_cannot_be_says_why(desk: Desk) -> None:
    desk.job("a", team="blue")
    desk.attempt("a")
    desk.job("b", team="blue")
    desk.attempt("b", host="deleted")
    desk.job("c")
    desk.attempt("c")
    shared = {"namespace": "team-a", "attempt": 0}
    assert await answer(desk, f"{JOBS}/-/stats", labelSelector="team=blue") == {
        "items": [
            shared | {"name": "a", "host": "h1", "usage": USAGE},
            shared | {"name": "b", "host": "deleted", "usage": None, "message": "DockerHost deleted does not exist"},
        ]
    }
    assert len((await answer(desk, f"{API}/containerjobs/-/stats"))["items"]) == 3


async def test_engines_are_asked_for_so_many_at_a_time_by_all_requests(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stats, "SECONDS", 0.05)
    desk.job()
    desk.attempt()
    measuring = desk.api.parts.measuring
    async with AsyncExitStack() as stack:
        while not measuring.locked():
            await stack.enter_async_context(measuring)
        async with desk.asking(f"{API}/containerjobs/-/stats") as response:
            (item,) = (await response.json())["items"]
    assert (item["usage"], item["message"]) == (None, "not measured in time")


async def test_a_host_whose_engine_is_away_is_told_for_one_job(desk: Desk) -> None:
    desk.job()
    desk.attempt()
    desk.engine.away = True
    assert (await desk.refused("hello/stats"))[0] == 503


async def test_a_probe_tells_who_answers_and_how_fast(desk: Desk) -> None:
    told = await answer(desk, f"{API}/dockerhosts/h1/probe")
    assert (told["reachable"], told["reason"], told["engine"]["id"]) == (True, "EngineReady", "toy-engine")
    assert 0 <= told["latencyMilliseconds"] < 5000
    desk.engine.id = "another"
    told = await answer(desk, f"{API}/dockerhosts/h1/probe")
    assert (told["reachable"], told["reason"]) == (True, "EngineChanged")
    desk.engine.away = True
    told = await answer(desk, f"{API}/dockerhosts/h1/probe")
    assert told["latencyMilliseconds"] is None
    assert (told["reachable"], told["message"]) == (False, "toy://engine does not answer")
    assert await desk.refused(f"{API}/dockerhosts/h2/probe") == (404, "DockerHost h2 does not exist")


async def test_a_host_on_cloud_run_is_asked_under_its_own_name(desk: Desk) -> None:
    desk.kube.create_cloud_host("h1")
    assert (await answer(desk, f"{API}/cloudrunhosts/h1/probe"))["message"] == "Cloud Run answers"
    assert await answer(desk, f"{API}/cloudrunhosts/h1/orphans") == {"items": []}
    assert await desk.refused(f"{API}/cloudrunhosts/h2/probe") == (404, "CloudRunHost h2 does not exist")
    desk.engine.away = True
    assert (await answer(desk, f"{API}/cloudrunhosts/h1/probe"))["reason"] == "Unreachable"


async def test_logs_of_an_attempt_on_cloud_run_come_from_that_host(desk: Desk) -> None:
    desk.kube.create_cloud_host("eu")
    desk.job()
    container = desk.attempt(host="eu")
    body = desk.kube.status("hello")["attempts"][0] | {"host": {"kind": "CloudRunHost", "name": "eu"}}
    desk.status(attempts=[body])
    await container.write("one\n")
    await container.end()
    [source] = [told(frame) for frame in await desk.frames() if frame.kind is Kind.SOURCE]
    assert source["host"] == "cloudrunhost/eu"
    assert desk.engine.opened == 1


async def test_an_endpoint_that_is_not_allowed_is_told_as_the_host_has_it(desk: Desk) -> None:
    def refuse(host: AnyHost, cluster_uid: str) -> Executor:
        return executor_for(host, cluster_uid=cluster_uid, allow_fake_hosts=False, read_key=no_key)

    desk.api.parts.engines._make = refuse
    desk.kube.create_host("fake", "fake://x")
    told = await answer(desk, f"{API}/dockerhosts/fake/probe")
    assert (told["reachable"], told["reason"]) == (False, "FakeHostsNotAllowed")
    desk.job()
    desk.attempt(host="fake")
    code, message = await desk.refused("hello/log")
    assert (code, message.startswith("DockerHost fake: spec.endpoint is fake://")) == (503, True)


async def test_orphans_are_the_containers_of_no_job(desk: Desk) -> None:
    uid = desk.job()
    made = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    for job in (uid, "u-gone"):
        row = OwnedContainer(f"cj-{job}-0", job, "team-a", "hello", RunState.EXITED, made, attempt=0)
        desk.engine.owned.append(row)
    assert await answer(desk, f"{API}/dockerhosts/h1/orphans") == {
        "items": [
            {
                "name": "cj-u-gone-0",
                "jobUid": "u-gone",
                "namespace": "team-a",
                "jobName": "hello",
                "attempt": 0,
                "state": "exited",
                "createdAt": "2026-01-02T03:04:05Z",
            }
        ]
    }
    desk.engine.id = "another"
    desk.api.parts.engines._open.clear()
    assert (await desk.refused(f"{API}/dockerhosts/h1/orphans"))[0] == 503


async def test_an_engine_is_let_go_of_when_nobody_asks_it(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    lent: Engines = desk.api.parts.engines
    async with lent.lend(H1), lent.lend(H1):
        assert desk.engine.opened == 1
    assert (len(lent), desk.engine.closed) == (1, 0)
    async with lent.lend(H1):
        pass
    assert desk.engine.opened == 1
    monkeypatch.setattr(engines, "IDLE_SECONDS", 0)
    async with lent.lend(H1):
        pass
    await until(lambda: desk.engine.closed == 1, "it is closed")
    assert len(lent) == 0
    desk.kube.fake.edit(DOCKERHOST, "h1", {"spec": {"endpoint": "unix:///other.sock"}})
    async with lent.lend(H1):
        assert desk.engine.opened == 2
