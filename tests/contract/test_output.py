"""Reading and following output, on every engine."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from itertools import pairwise

import pytest
from tests.contract.subjects import DEADLINE_SECONDS, Subject

from containerjob_api.names import LABEL_CLUSTER_UID
from containerjob_operator.decide.observations import RunState
from containerjob_operator.errors import HostUnavailable, OutputGone
from containerjob_operator.executors.outputs import STDERR, STDOUT, Gap, Output, OutputQuery
from containerjob_operator.executors.stamps import stamp_of

ALL = OutputQuery()
FOLLOW = OutputQuery(follow=True)
BOTH = "echo one; sleep 0.05; echo bad >&2; sleep 0.05; echo two"


def opened(stream: AsyncIterator[Output | Gap]) -> aclosing[AsyncGenerator[Output | Gap]]:
    assert isinstance(stream, AsyncGenerator)
    return aclosing(stream)


async def read(subject: Subject, name: str, query: OutputQuery = ALL) -> list[Output]:
    """All of it, without any gap."""
    async with asyncio.timeout(DEADLINE_SECONDS), opened(subject.executor.output(name, query)) as stream:
        found = [item async for item in stream]
    assert not [item for item in found if isinstance(item, Gap)]
    return [item for item in found if isinstance(item, Output)]


def text(outputs: list[Output], stream: int | None = None) -> str:
    return b"".join(output.data for output in outputs if stream in (None, output.stream)).decode()


async def test_all_output_comes_in_order_by_its_stream(subject: Subject) -> None:
    run, _ = await subject.finished("sh", "-c", BOTH)
    outputs = await read(subject, run.name)
    assert [(output.stream, output.data) for output in outputs] == [
        (STDOUT, b"one\n"),
        (STDERR, b"bad\n"),
        (STDOUT, b"two\n"),
    ]
    assert not any(output.partial for output in outputs)
    assert all(before.time < after.time for before, after in pairwise(outputs))
    assert [output.ordinal for output in outputs] == [1, 1, 1]


async def test_a_container_without_output_has_none(subject: Subject) -> None:
    run, _ = await subject.finished("true")
    assert await read(subject, run.name) == []
    assert await read(subject, run.name, FOLLOW) == []


async def test_a_container_that_was_never_started_has_none(subject: Subject) -> None:
    run = subject.run("true")
    await subject.executor.create(run)
    assert await read(subject, run.name, FOLLOW) == []


async def test_each_stream_can_be_read_alone(subject: Subject) -> None:
    run, _ = await subject.finished("sh", "-c", BOTH)
    assert text(await read(subject, run.name, OutputQuery(stderr=False))) == "one\ntwo\n"
    assert text(await read(subject, run.name, OutputQuery(stdout=False))) == "bad\n"
    assert text(await read(subject, run.name, OutputQuery(stdout=False, tail=1))) == "bad\n"


async def test_a_follow_tells_what_is_printed_when_it_is_printed(subject: Subject) -> None:
    run = await subject.launched("sh", "-c", "echo early; sleep 1; echo late; exit 3")
    async with opened(subject.executor.output(run.name, FOLLOW)) as stream:
        first = await asyncio.wait_for(anext(stream), DEADLINE_SECONDS)
        assert isinstance(first, Output)
        assert first.data == b"early\n"
        assert (await subject.executor.inspect(run.name)).state is RunState.RUNNING
        rest = [item async for item in stream]
    assert [item.data for item in rest if isinstance(item, Output)] == [b"late\n"]
    assert (await subject.reaches(run.name, RunState.EXITED)).exit_code == 3


async def test_a_follow_of_an_ended_container_ends(subject: Subject) -> None:
    run, _ = await subject.finished("sh", "-c", BOTH)
    assert text(await read(subject, run.name, FOLLOW)) == "one\nbad\ntwo\n"


@pytest.mark.parametrize(
    ("tail", "expected"), [(0, ""), (1, "5\n"), (3, "3\n4\n5\n"), (5, "1\n2\n3\n4\n5\n"), (9, "1\n2\n3\n4\n5\n")]
)
async def test_of_a_tail_only_the_last_lines_come(subject: Subject, tail: int, expected: str) -> None:
    run, _ = await subject.finished("seq", "1", "5")
    assert text(await read(subject, run.name, OutputQuery(tail=tail))) == expected
    assert text(await read(subject, run.name, OutputQuery(tail=tail, follow=True))) == expected


async def test_a_long_tail_is_counted_out(subject: Subject) -> None:
    run, _ = await subject.finished("seq", "1", "5000")
    lines = text(await read(subject, run.name, OutputQuery(tail=3000))).splitlines()
    assert lines == [str(number) for number in range(2001, 5001)]


async def test_the_last_line_of_a_stream_is_found_behind_many_of_the_other(subject: Subject) -> None:
    run, _ = await subject.finished("sh", "-c", "echo bad >&2; sleep 0.1; seq 1 3000")
    assert text(await read(subject, run.name, OutputQuery(tail=1, stdout=False))) == "bad\n"


async def test_a_tail_is_followed_by_what_comes(subject: Subject) -> None:
    run = await subject.launched("sh", "-c", "echo a; echo b; sleep 0.7; echo c")
    await subject.prints(run.name, "a\nb\n")
    assert text(await read(subject, run.name, OutputQuery(tail=1, follow=True))) == "b\nc\n"


async def test_a_follow_without_a_tail_tells_only_what_is_new(subject: Subject) -> None:
    run = await subject.launched("sh", "-c", "echo a; sleep 0.7; echo b")
    await subject.prints(run.name, "a\n")
    assert text(await read(subject, run.name, OutputQuery(tail=0, follow=True))) == "b\n"


async def test_what_is_older_than_asked_for_does_not_come(subject: Subject) -> None:
    run, _ = await subject.finished("sh", "-c", BOTH)
    one, bad, two = await read(subject, run.name)
    assert await read(subject, run.name, OutputQuery(since=bad.time)) == [bad, two]
    assert await read(subject, run.name, OutputQuery(since=bad.time + 1)) == [two]
    assert await read(subject, run.name, OutputQuery(since=bad.time, tail=3)) == [bad, two]
    assert await read(subject, run.name, OutputQuery(since=one.time, tail=1)) == [two]
    assert await read(subject, run.name, OutputQuery(since=two.time + 1, follow=True)) == []


async def test_reading_goes_on_behind_any_entry(subject: Subject) -> None:
    run, _ = await subject.finished("sh", "-c", BOTH)
    outputs = await read(subject, run.name)
    for number, output in enumerate(outputs, 1):
        after = (output.time, output.ordinal)
        for follow in (False, True):
            assert await read(subject, run.name, OutputQuery(after=after, follow=follow)) == outputs[number:]
        assert await read(subject, run.name, OutputQuery(after=after, since=0, tail=0)) == outputs[number:]


async def test_timestamps_stand_before_each_line(subject: Subject) -> None:
    run, _ = await subject.finished("sh", "-c", BOTH)
    for output in await read(subject, run.name, OutputQuery(timestamps=True)):
        stamp, _, line = output.data.partition(b" ")
        assert stamp == stamp_of(output.time)
        assert line in {b"one\n", b"bad\n", b"two\n"}


async def test_an_output_is_never_longer_than_64_kib(subject: Subject) -> None:
    last = subject.engine_facts.many_lines
    run, _ = await subject.finished("seq", "1", str(last))
    outputs = await read(subject, run.name)
    assert max(len(output.data) for output in outputs) <= 64 * 1024
    assert text(outputs) == "".join(f"{number}\n" for number in range(1, last + 1))


async def test_what_is_not_there_has_no_output(subject: Subject) -> None:
    run = subject.run("true")
    with pytest.raises(OutputGone, match=run.name):
        await read(subject, run.name)


async def test_another_clusters_output_is_not_read(subject: Subject) -> None:
    run, _ = await subject.finished("echo", "secret")
    with pytest.raises(OutputGone):
        await anext(subject.another("another-cluster").output(run.name, ALL))
    assert dict(run.labels)[LABEL_CLUSTER_UID] == subject.cluster_uid


async def test_the_output_of_a_container_that_is_removed_is_gone(subject: Subject) -> None:
    run = await subject.launched("sh", "-c", "echo here; sleep 60")
    async with opened(subject.executor.output(run.name, FOLLOW)) as stream:
        assert isinstance(await asyncio.wait_for(anext(stream), DEADLINE_SECONDS), Output)
        await subject.executor.remove(run.name)
        with pytest.raises(OutputGone, match=run.name):
            await asyncio.wait_for(anext(stream), DEADLINE_SECONDS)


async def test_output_and_usage_of_an_engine_that_is_away_are_unknown(subject: Subject) -> None:
    name = subject.run("true").name
    with pytest.raises(HostUnavailable):
        await anext(subject.unreachable.output(name, ALL))
    with pytest.raises(HostUnavailable):
        await subject.unreachable.usage(name)


async def test_a_running_container_uses_something(subject: Subject) -> None:
    run = await subject.launched("sleep", "60")
    used = await subject.executor.usage(run.name)
    if not subject.engine_facts.tells_usage:
        assert used is None
        return
    assert used is not None
    assert used.cpu_percent >= 0
    assert 0 < used.memory_bytes < used.memory_limit_bytes
    assert used.processes == 1


async def test_what_does_not_run_uses_nothing(subject: Subject) -> None:
    created = subject.run("true")
    assert await subject.executor.usage(created.name) is None
    await subject.executor.create(created)
    assert await subject.executor.usage(created.name) is None
    run, _ = await subject.finished("true")
    assert await subject.executor.usage(run.name) is None
