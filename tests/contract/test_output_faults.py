"""Output from an engine that breaks off, lies, goes deaf or complains."""

import asyncio
import json
import struct
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from aiohttp import web
from tests.contract.lying_engine import LyingEngine, hang_up, lying_engine
from tests.contract.test_output import opened

from containerjob_api.names import LABEL_CLUSTER_UID
from containerjob_operator.errors import HostUnavailable, OutputGone
from containerjob_operator.executors.docker import outputs, watch
from containerjob_operator.executors.docker.client import EngineClient
from containerjob_operator.executors.docker.executor import DockerExecutor
from containerjob_operator.executors.outputs import Gap, Output, OutputQuery
from containerjob_operator.executors.stamps import stamp_of

NAME = "cj-a-0"
LOGS, LOOK, STATS = f"GET /containers/{NAME}/logs", f"GET /containers/{NAME}/json", f"GET /containers/{NAME}/stats"
FOLLOW = OutputQuery(follow=True)
ROTATED = {"Type": "json-file", "Config": {"max-size": "10m"}}
Answers = Callable[[dict[str, str]], tuple[bytes, bool]]
"""From the parameters to what is sent, and whether the connection stays open then."""


def entry(time: int, text: bytes, stream: int = 1) -> bytes:
    content = stamp_of(time) + b" " + text
    return struct.pack(">BxxxI", stream, len(content)) + content


def words(text: bytes) -> bytes:
    return struct.pack(">BxxxI", 3, len(text)) + text


class Story:
    """A container, and what its engine says of its log."""

    def __init__(self, engine: LyingEngine, log_config: dict[str, object]) -> None:
        self.asked: list[dict[str, str]] = []
        self.answers: Answers = lambda _: (b"", False)
        self.running = True
        self._log_config = log_config
        engine.rules[LOGS] = self._logs
        engine.rules[LOOK] = self._look

    async def _look(self, _: web.Request) -> web.StreamResponse:
        state = {"Status": "running" if self.running else "exited", "StartedAt": "2026-01-02T03:04:05Z"}
        told = {
            "Id": "c" * 64,
            "State": state,
            "Config": {"Labels": {LABEL_CLUSTER_UID: "cluster"}, "Image": "image"},
            "HostConfig": {"LogConfig": self._log_config},
        }
        return web.json_response(told)

    async def _logs(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(dict(request.query))
        data, stays = self.answers(self.asked[-1])
        answer = web.StreamResponse()
        answer.enable_chunked_encoding()
        await answer.prepare(request)
        await answer.write(data)
        if stays:
            await asyncio.sleep(3600)
        return answer


@pytest.fixture
async def engine_api(tmp_path: Path) -> AsyncIterator[LyingEngine]:
    async with lying_engine(tmp_path / "e.sock") as engine:
        yield engine


@pytest.fixture
async def executor(engine_api: LyingEngine) -> AsyncIterator[DockerExecutor]:
    one = DockerExecutor(EngineClient(str(engine_api.path), read_seconds=0.3), cluster_uid="cluster")
    yield one
    await one.aclose()


async def read(executor: DockerExecutor, query: OutputQuery) -> list[Output | Gap]:
    async with asyncio.timeout(10), opened(executor.output(NAME, query)) as stream:
        return [item async for item in stream]


def data(items: list[Output | Gap]) -> bytes:
    return b"".join(item.data for item in items if isinstance(item, Output))


async def test_a_follow_outlives_every_deadline_of_a_question(
    engine_api: LyingEngine, executor: DockerExecutor
) -> None:
    story = Story(engine_api, {"Type": "json-file", "Config": {}})
    story.answers = lambda _: (entry(10, b"a\n"), True)
    async with opened(executor.output(NAME, FOLLOW)) as stream:
        assert await anext(stream) == Output(1, b"a\n", 10, 1)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(anext(stream), 1)
    assert len(story.asked) == 1


async def test_a_stream_that_breaks_off_is_an_engine_that_is_away(
    engine_api: LyingEngine, executor: DockerExecutor
) -> None:
    async def breaks(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse()
        answer.enable_chunked_encoding()
        await answer.prepare(request)
        await answer.write(entry(10, b"a\n"))
        return await hang_up(request)

    Story(engine_api, {})
    engine_api.rules[LOGS] = breaks
    async with opened(executor.output(NAME, OutputQuery())) as stream:
        assert await anext(stream) == Output(1, b"a\n", 10, 1)
        with pytest.raises(HostUnavailable):
            await anext(stream)


@pytest.mark.parametrize("content", [b"<html>this is no engine</html>", struct.pack(">BxxxI", 1, 2**31)])
async def test_what_is_no_log_stream_is_no_answer(
    engine_api: LyingEngine, executor: DockerExecutor, content: bytes
) -> None:
    Story(engine_api, {}).answers = lambda _: (content, False)
    with pytest.raises(HostUnavailable, match="no log stream"):
        await read(executor, OutputQuery())


@pytest.mark.parametrize(
    ("status", "error"), [(404, OutputGone), (409, OutputGone), (500, HostUnavailable), (501, OutputGone)]
)
async def test_a_refusal_is_judged_by_its_status(
    engine_api: LyingEngine, executor: DockerExecutor, status: int, error: type[Exception]
) -> None:
    Story(engine_api, {"Type": "gelf"})
    engine_api.refuses(LOGS, status)
    with pytest.raises(error, match="gelf" if status == 501 else None):
        await read(executor, OutputQuery())


async def test_a_follow_that_ends_early_is_taken_up_where_it_ended(
    engine_api: LyingEngine, executor: DockerExecutor
) -> None:
    story = Story(engine_api, {"Type": "json-file"})

    def answers(_: dict[str, str]) -> tuple[bytes, bool]:
        story.running = len(story.asked) < 3
        log = [entry(time, b"%d\n" % time) for time in range(10, 10 + 3 * len(story.asked))]
        return b"".join(log), False

    story.answers = answers
    items = await read(executor, FOLLOW)
    assert data(items) == b"".join(b"%d\n" % time for time in range(10, 22))
    assert [asked["follow"] for asked in story.asked] == ["1", "1", "1", "0"]


async def test_a_deaf_follow_is_noticed(engine_api: LyingEngine, executor: DockerExecutor) -> None:
    story = Story(engine_api, ROTATED)
    log = [entry(10, b"a\n")]

    def answers(asked: dict[str, str]) -> tuple[bytes, bool]:
        if asked["follow"] == "0":
            return log[-1] if asked.get("tail") == "1" else b"".join(log), False
        heard = b"".join(log)
        if len(log) == 1:
            log.append(entry(20, b"b\n"))
        else:
            story.running = False
        return heard, story.running

    story.answers = answers
    assert data(await read(executor, FOLLOW)) == b"a\nb\n"


async def test_a_quiet_follow_is_left_alone(
    engine_api: LyingEngine, executor: DockerExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "SILENCE_SECONDS", 0.01)
    monkeypatch.setattr(watch, "LONGEST_SECONDS", 0.05)
    story = Story(engine_api, ROTATED)
    story.answers = lambda asked: (entry(10, b"a\n"), asked["follow"] == "1")
    async with opened(executor.output(NAME, FOLLOW)) as stream:
        assert isinstance(await anext(stream), Output)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(anext(stream), 0.5)
    assert [asked["follow"] for asked in story.asked].count("1") == 1
    assert len(story.asked) > 4


async def test_a_skipped_file_is_read_again_where_the_log_still_has_it(
    engine_api: LyingEngine, executor: DockerExecutor
) -> None:
    story = Story(engine_api, ROTATED)
    second = 10**9
    log = [entry(time * second, b"%d\n" % time) for time in range(10, 20)]

    def answers(asked: dict[str, str]) -> tuple[bytes, bool]:
        if asked["follow"] == "0":
            return log[0] if len(story.asked) == 1 else b"".join(log), False
        if len(story.asked) == 2:
            return log[0] + log[-1], True
        story.running = False
        return b"".join(log), False

    story.answers = answers
    items = await read(executor, FOLLOW)
    assert data(items) == b"".join(b"%d\n" % time for time in range(10, 20))
    assert not [item for item in items if isinstance(item, Gap)]


async def test_what_the_engine_sends_twice_comes_once(engine_api: LyingEngine, executor: DockerExecutor) -> None:
    story = Story(engine_api, ROTATED)
    log = [entry(time, b"%d\n" % time) for time in (10, 11, 12)]

    def answers(asked: dict[str, str]) -> tuple[bytes, bool]:
        if asked["follow"] == "0":
            return b"".join(log), False
        twice = story.running
        story.running = False
        return b"".join(log) + (log[1] if twice else b""), False

    story.answers = answers
    assert data(await read(executor, FOLLOW)) == b"10\n11\n12\n"


@pytest.mark.parametrize("follow", [False, True])
async def test_a_log_that_cannot_be_read_further_is_gone_from_there(
    engine_api: LyingEngine, executor: DockerExecutor, follow: bool
) -> None:
    story = Story(engine_api, {"Type": "json-file"})
    story.answers = lambda _: (entry(10, b"a\n") + words(b"Error grabbing logs: invalid character\n"), False)
    async with opened(executor.output(NAME, OutputQuery(follow=follow))) as stream:
        assert await anext(stream) == Output(1, b"a\n", 10, 1)
        with pytest.raises(OutputGone, match="invalid character"):
            await anext(stream)


async def test_a_complaint_that_passes_costs_nothing(engine_api: LyingEngine, executor: DockerExecutor) -> None:
    story = Story(engine_api, {"Type": "json-file"})

    def answers(_: dict[str, str]) -> tuple[bytes, bool]:
        return entry(10, b"a\n") + (words(b"try again") if len(story.asked) == 1 else entry(11, b"b\n")), False

    story.answers = answers
    assert data(await read(executor, OutputQuery())) == b"a\nb\n"


async def test_the_pause_before_a_follow_is_taken_up_again_grows(
    engine_api: LyingEngine, executor: DockerExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outputs, "PAUSE_SECONDS", (0.01, 0.02))
    story = Story(engine_api, {"Type": "json-file"})

    def answers(_: dict[str, str]) -> tuple[bytes, bool]:
        story.running = len(story.asked) < 6
        return b"", False

    story.answers = answers
    assert await read(executor, FOLLOW) == []
    assert len(story.asked) == 7


@pytest.mark.parametrize(("status", "error"), [(404, None), (409, None), (500, HostUnavailable)])
async def test_refused_stats_are_judged_by_their_status(
    engine_api: LyingEngine, executor: DockerExecutor, status: int, error: type[Exception] | None
) -> None:
    Story(engine_api, {})
    engine_api.refuses(STATS, status)
    if error is None:
        assert await executor.usage(NAME) is None
    else:
        with pytest.raises(error):
            await executor.usage(NAME)


async def test_podmans_times_are_understood(engine_api: LyingEngine, executor: DockerExecutor) -> None:
    content = b"2026-01-02T04:04:05.5+01:00 hello\n"
    Story(engine_api, {}).answers = lambda _: (struct.pack(">BxxxI", 1, len(content)) + content, False)
    (output,) = await read(executor, OutputQuery(timestamps=True))
    assert isinstance(output, Output)
    assert output.data == b"2026-01-02T03:04:05.500000000Z hello\n"
    assert json.dumps(output.time) == "1767323045500000000"
