"""The fake engine's output when something happens to the engine or to the container."""

import asyncio
from collections.abc import Callable

import pytest
from tests.contract.subjects import Subject
from tests.contract.test_output import FOLLOW, opened

from containerjob_operator.errors import HostUnavailable, OutputGone
from containerjob_operator.executors.fake.engine import KILLED, FakeEngine, engine_named
from containerjob_operator.executors.outputs import Output


@pytest.fixture
def engine(cluster_uid: str) -> FakeEngine:
    return engine_named(cluster_uid)


@pytest.mark.parametrize(
    ("happens", "error"),
    [
        (lambda engine, _: engine.go_away(), HostUnavailable),
        (lambda engine, _: engine.restart(), HostUnavailable),
        (lambda engine, _: engine.restart(live_restore=True), HostUnavailable),
        (lambda engine, name: engine.remove(name), OutputGone),
    ],
)
async def test_a_follow_ends_with_what_it_follows(
    fake_subject: Subject, engine: FakeEngine, happens: Callable[[FakeEngine, str], None], error: type[Exception]
) -> None:
    run = await fake_subject.launched("sh", "-c", "echo early; sleep 60; echo late")
    async with opened(fake_subject.executor.output(run.name, FOLLOW)) as stream:
        assert isinstance(await anext(stream), Output)
        waiting = asyncio.ensure_future(anext(stream))
        await asyncio.sleep(0)
        happens(engine, run.name)
        with pytest.raises(error):
            await asyncio.wait_for(waiting, 5)


async def test_a_killed_container_says_no_more(fake_subject: Subject, engine: FakeEngine) -> None:
    run = await fake_subject.launched("sh", "-c", "echo early; sleep 60; echo late")
    async with opened(fake_subject.executor.output(run.name, FOLLOW)) as stream:
        assert isinstance(await anext(stream), Output)
        engine.end(engine.containers[run.name], KILLED)
        assert [item async for item in stream] == []
    assert engine.containers[run.name].watchers == []
