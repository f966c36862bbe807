"""What is made of every kind of answer: a Docker API without an engine behind it."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path

import pytest
from aiohttp import web
from tests.contract.lying_engine import LyingEngine, hang_up, lying_engine
from tests.contract.subjects import run_of

from containerjob_api.jobstatus import LogTail
from containerjob_api.phases import Reason
from containerjob_operator.decide.observations import RunEvent
from containerjob_operator.errors import HostUnavailable, LaunchDelayed, LaunchRejected
from containerjob_operator.executors.docker.client import EngineClient
from containerjob_operator.executors.docker.executor import DockerExecutor
from containerjob_operator.executors.docker.pulls import Pulls

RUN = run_of("cluster", "job", "image:1", "true")
CREATE, PULL, START = "POST /containers/create", "POST /images/create", "POST .*/start"
CREATED = {
    "Id": "c" * 64,
    "State": {"Status": "created", "ExitCode": 0},
    "Config": {"Labels": dict(RUN.labels)},
    "Image": "sha256:1",
}


@pytest.fixture
async def engine_api(tmp_path: Path) -> AsyncIterator[LyingEngine]:
    async with lying_engine(tmp_path / "e.sock") as found:
        yield found


@pytest.fixture
async def executor(engine_api: LyingEngine) -> AsyncIterator[DockerExecutor]:
    client = EngineClient(str(engine_api.path), lanes=2, read_seconds=0.3, change_seconds=0.3)
    found = DockerExecutor(client, cluster_uid="cluster", pull_seconds=0.3)
    yield found
    await found.aclose()


async def never(_: web.Request) -> web.StreamResponse:
    await asyncio.sleep(3600)
    return web.Response()


@pytest.mark.parametrize(
    ("status", "error", "reason"),
    [
        (400, LaunchRejected, Reason.INVALID_SPEC),
        (403, LaunchRejected, Reason.INVALID_SPEC),
        (500, LaunchDelayed, Reason.LAUNCH_BACK_OFF),
        (503, LaunchDelayed, Reason.LAUNCH_BACK_OFF),
    ],
)
async def test_a_refused_create_is_final_or_passing_by_its_status(
    executor: DockerExecutor, engine_api: LyingEngine, status: int, error: type[LaunchRejected], reason: Reason
) -> None:
    engine_api.refuses(CREATE, status)
    with pytest.raises(error, match="the engine says no") as refused:
        await executor.create(RUN)
    assert refused.value.reason is reason


async def test_a_name_taken_by_a_container_that_is_gone_already_is_tried_again(
    executor: DockerExecutor, engine_api: LyingEngine
) -> None:
    engine_api.refuses(CREATE, 409)
    engine_api.refuses("GET .*/json", 404)
    with pytest.raises(LaunchDelayed) as delayed:
        await executor.create(RUN)
    assert delayed.value.reason is Reason.LAUNCH_BACK_OFF


async def test_an_image_that_is_pulled_and_still_not_there_is_tried_again(
    executor: DockerExecutor, engine_api: LyingEngine
) -> None:
    engine_api.refuses(CREATE, 404, "No such image")
    engine_api.says(PULL, 200, {"status": "done"})
    with pytest.raises(LaunchDelayed) as delayed:
        await executor.create(RUN)
    assert delayed.value.reason is Reason.IMAGE_PULL_BACK_OFF


@pytest.mark.parametrize(
    ("status", "words", "error", "reason"),
    [
        (404, "pull access denied for x", LaunchRejected, Reason.IMAGE_NOT_FOUND),
        (500, "unauthorized: authentication required", LaunchRejected, Reason.IMAGE_NOT_FOUND),
        (200, "manifest for x:1 not found: manifest unknown", LaunchRejected, Reason.IMAGE_NOT_FOUND),
        (200, "no matching manifest for linux/arm64", LaunchRejected, Reason.IMAGE_NOT_FOUND),
        (400, "invalid reference format", LaunchRejected, Reason.INVALID_SPEC),
        (500, "lookup registry: no such host", LaunchDelayed, Reason.IMAGE_PULL_BACK_OFF),
        (500, "toomanyrequests: slow down, unauthenticated", LaunchDelayed, Reason.IMAGE_PULL_BACK_OFF),
        (200, "write /layer: no space left on device", LaunchDelayed, Reason.IMAGE_PULL_BACK_OFF),
    ],
)
async def test_a_failed_pull_is_final_only_by_the_registrys_word(
    executor: DockerExecutor,
    engine_api: LyingEngine,
    status: int,
    words: str,
    error: type[LaunchRejected],
    reason: Reason,
) -> None:
    engine_api.refuses(CREATE, 404, "No such image")
    told = {"message": words} if status != 200 else {"errorDetail": {"message": words}, "error": words}
    engine_api.says(PULL, status, told)
    with pytest.raises(error, match=words) as refused:
        await executor.create(RUN)
    assert refused.value.reason is reason


async def test_a_pull_that_takes_too_long_delays_the_launch(
    executor: DockerExecutor, engine_api: LyingEngine
) -> None:
    engine_api.refuses(CREATE, 404, "No such image")
    engine_api.rules[PULL] = never
    with pytest.raises(LaunchDelayed, match="longer than"):
        await executor.create(RUN)


async def test_closing_gives_up_a_pull(executor: DockerExecutor, engine_api: LyingEngine) -> None:
    engine_api.refuses(CREATE, 404, "No such image")
    pulling = asyncio.Event()

    async def pull(request: web.Request) -> web.StreamResponse:
        pulling.set()
        return await never(request)

    engine_api.rules[PULL] = pull
    waiting = asyncio.create_task(executor.create(RUN))
    await pulling.wait()
    await executor.aclose()
    with pytest.raises(HostUnavailable, match="was closed"):
        await waiting


async def test_who_missed_the_image_before_a_pull_ended_needs_no_other_pull(engine_api: LyingEngine) -> None:
    engine_api.says(PULL, 200, {"status": "done"})
    client = EngineClient(str(engine_api.path))
    pulls = Pulls(client, seconds=5)
    missed_at = asyncio.get_running_loop().time()
    for _ in range(2):
        await pulls.pull("image:1", missed_at=missed_at)
    assert engine_api.count(PULL) == 1
    for number in range(100):
        await pulls.pull(f"image:{number}", missed_at=asyncio.get_running_loop().time())
    await pulls.pull("image:1", missed_at=missed_at)
    assert engine_api.count(PULL) == 102
    await client.aclose()


async def test_a_start_that_was_never_sent_needs_no_grace(tmp_path: Path) -> None:
    socket = tmp_path / "e.sock"
    async with aclosing(DockerExecutor(EngineClient(str(socket)), cluster_uid="cluster")) as executor:
        async with lying_engine(socket) as engine_api:
            engine_api.says(CREATE, 201, {"Id": "c" * 64})
            await executor.create(RUN)
        # Uses up the connection that the engine has closed; a start on that one may have been read.
        with pytest.raises(HostUnavailable):
            await executor.inspect(RUN.name)
        with pytest.raises(HostUnavailable, match="cannot be reached"):
            await executor.start(RUN.name)
        async with lying_engine(socket) as engine_api:
            engine_api.says("GET /containers/.*/json", 200, CREATED)
            engine_api.says(START, 204)
            await executor.start(RUN.name)
            assert engine_api.count(START) == 1


@pytest.mark.parametrize(
    ("status", "error", "reason"),
    [
        (400, LaunchRejected, Reason.START_ERROR),
        (409, LaunchDelayed, Reason.LAUNCH_BACK_OFF),
        (500, LaunchDelayed, Reason.LAUNCH_BACK_OFF),
    ],
)
async def test_a_refused_start_without_a_word_on_the_container_is_judged_by_its_status(
    executor: DockerExecutor, engine_api: LyingEngine, status: int, error: type[LaunchRejected], reason: Reason
) -> None:
    engine_api.says("GET /containers/.*/json", 200, CREATED)
    engine_api.refuses(START, status)
    with pytest.raises(error) as refused:
        await executor.start(RUN.name)
    assert refused.value.reason is reason


async def test_a_start_of_what_was_removed_meanwhile_is_left_to_the_caller(
    executor: DockerExecutor, engine_api: LyingEngine
) -> None:
    engine_api.says(CREATE, 201, {"Id": "c" * 64})
    engine_api.refuses(START, 404)
    engine_api.refuses("GET /containers/.*/json", 404)
    await executor.create(RUN)
    await executor.start(RUN.name)
    assert engine_api.count(START) == 1


async def test_an_error_of_the_engine_is_no_fact_about_the_container(
    executor: DockerExecutor, engine_api: LyingEngine
) -> None:
    engine_api.rules = {"GET /version": engine_api.rules["GET /version"]}
    engine_api.refuses(".*", 500)
    verbs = (executor.inspect, executor.signal_stop, executor.kill, executor.remove, executor.tail)
    for verb in verbs:
        with pytest.raises(HostUnavailable, match="the engine says no"):
            await verb(RUN.name)
    for question in (executor.list_owned, executor.engine):
        with pytest.raises(HostUnavailable, match="the engine says no"):
            await question()
    with pytest.raises(HostUnavailable, match="the engine says no"):
        await anext(executor.events())


@pytest.mark.parametrize("status", [404, 409, 501])
async def test_a_log_that_cannot_be_read_is_an_empty_one(
    executor: DockerExecutor, engine_api: LyingEngine, status: int
) -> None:
    engine_api.refuses("GET .*/logs", status)
    assert await executor.tail(RUN.name) == LogTail()


async def test_something_else_than_docker_is_no_engine(executor: DockerExecutor, engine_api: LyingEngine) -> None:
    async def hello(_: web.Request) -> web.StreamResponse:
        return web.Response(text="<html>hello</html>", content_type="text/html")

    engine_api.rules = {".*": hello}
    with pytest.raises(HostUnavailable, match="no usable answer"):
        await executor.inspect(RUN.name)
    with pytest.raises(HostUnavailable, match="no usable answer"):
        await executor.engine()


async def test_an_engine_that_accepts_and_never_answers_is_given_up_in_time(
    executor: DockerExecutor, engine_api: LyingEngine
) -> None:
    engine_api.rules = {".*": never}
    started = time.monotonic()
    with pytest.raises(HostUnavailable, match="does not answer in time"):
        await executor.inspect(RUN.name)
    assert time.monotonic() - started < 3


async def test_changes_queued_at_a_silent_engine_fail_together(
    executor: DockerExecutor, engine_api: LyingEngine
) -> None:
    engine_api.rules[CREATE] = never
    creating = [executor.create(run_of("cluster", f"job-{number}", "image:1", "true")) for number in range(20)]
    started = time.monotonic()
    failures = await asyncio.gather(*creating, return_exceptions=True)
    assert all(isinstance(failure, HostUnavailable) for failure in failures)
    assert engine_api.count(CREATE) == 2
    assert time.monotonic() - started < 3


async def test_an_old_engine_is_named_and_still_described(executor: DockerExecutor, engine_api: LyingEngine) -> None:
    engine_api.says("GET /version", 200, {"Version": "19.03", "ApiVersion": "1.40"})
    engine_api.says("GET /info", 200, {"ID": "old"})
    with pytest.raises(HostUnavailable, match=r"1\.40; 1\.41"):
        await executor.inspect(RUN.name)
    assert (await executor.engine()).api_version == "1.40"


async def test_an_engine_that_dropped_the_old_version_is_asked_in_its_oldest(
    executor: DockerExecutor, engine_api: LyingEngine
) -> None:
    engine_api.says("GET /version", 200, {"ApiVersion": "1.52", "MinAPIVersion": "1.44"})
    engine_api.says("GET /containers/json", 200, [])
    await executor.list_owned()
    assert engine_api.versions == {"/v1.44"}


async def test_the_version_is_asked_once_and_again_after_a_failure(
    executor: DockerExecutor, engine_api: LyingEngine
) -> None:
    engine_api.says("GET /containers/json", 200, [])
    await asyncio.gather(*(executor.list_owned() for _ in range(5)))
    assert engine_api.count("GET /version") == 1
    engine_api.rules["GET /containers/json"] = hang_up
    with pytest.raises(HostUnavailable):
        await executor.list_owned()
    engine_api.says("GET /containers/json", 200, [])
    await executor.list_owned()
    assert engine_api.count("GET /version") == 2


def event(action: str, **attributes: str) -> bytes:
    return json.dumps({"Action": action, "Actor": {"Attributes": attributes}}).encode() + b"\n"


async def test_events_are_read_by_lines_however_they_arrive(
    executor: DockerExecutor, engine_api: LyingEngine
) -> None:
    async def stream(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse()
        await answer.prepare(request)
        whole = event("start", name="a") + b"\n" + b"x" * (3 * 2**20) + b"\n" + event("die", name="b")
        for piece in (whole[:10], whole[10:70], whole[70:]):
            await answer.write(piece)
        return answer

    engine_api.rules["GET /events"] = stream
    seen = [hint async for hint in executor.events()]
    assert seen == [RunEvent("subscribed"), RunEvent("start", name="a"), RunEvent("die", name="b")]


async def test_a_broken_event_stream_is_an_unavailable_host(
    executor: DockerExecutor, engine_api: LyingEngine
) -> None:
    async def stream(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse()
        await answer.prepare(request)
        await answer.write(event("start", name="a"))
        return await hang_up(request)

    engine_api.rules["GET /events"] = stream
    events = executor.events()
    assert await anext(events) == RunEvent("subscribed")
    with pytest.raises(HostUnavailable, match="events"):
        assert [hint async for hint in events] == []


async def test_a_log_that_never_ends_is_given_up_in_time(executor: DockerExecutor, engine_api: LyingEngine) -> None:
    async def stream(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse()
        await answer.prepare(request)
        return await never(request)

    engine_api.rules["GET .*/logs"] = stream
    with pytest.raises(HostUnavailable):
        await executor.tail(RUN.name)


async def test_a_log_that_is_too_long_is_read_in_part(executor: DockerExecutor, engine_api: LyingEngine) -> None:
    async def stream(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse()
        await answer.prepare(request)
        while True:
            await answer.write(b"\x01\0\0\0\0\0\x40\0" + b"y" * 16384)
            await asyncio.sleep(0)

    engine_api.rules["GET .*/logs"] = stream
    tail = await executor.tail(RUN.name)
    assert (tail.stdout, tail.truncated) == ("y" * 4096, True)
