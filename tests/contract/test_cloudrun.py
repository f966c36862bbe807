"""What is special to Cloud Run: how few calls it takes, and a log that comes late and in pages."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, aclosing
from dataclasses import replace

import pytest
from tests.contract.cloudrun_subject import AWAY, QUICK, place_at, subject_at
from tests.contract.subjects import DEADLINE_SECONDS, Subject, until
from tests.emulators.cloudrun import Emulator, serving
from tests.emulators.cloudrun.refusals import Code

from containerjob_operator.decide.observations import RunEvent, RunState
from containerjob_operator.errors import HostUnavailable
from containerjob_operator.executors.cloudrun import logs
from containerjob_operator.executors.cloudrun.executor import CloudRunExecutor
from containerjob_operator.executors.cloudrun.place import Place
from containerjob_operator.executors.outputs import Output, OutputQuery

pytestmark = pytest.mark.real
IMAGE = "busybox:1.37"
MANY = 40
READS = ("ListJobs", "ListExecutions", "ListTasks")


@pytest.fixture
async def emulator(docker_endpoint: str) -> AsyncIterator[Emulator]:
    async with serving(docker_endpoint, QUICK) as found:
        yield found


@pytest.fixture
def place(emulator: Emulator) -> Place:
    return place_at(emulator.address)


@pytest.fixture
async def subject(place: Place, cluster_uid: str) -> AsyncIterator[Subject]:
    async with subject_at(place, cluster_uid, IMAGE) as found:
        yield found


async def launched(subject: Subject, executor: CloudRunExecutor, *command: str) -> str:
    run = subject.run(*command)
    await executor.create(run)
    await executor.start(run.name)
    return run.name


async def test_many_jobs_at_once_cost_three_calls_each_and_lists_that_do_not_grow_with_them(
    place: Place, subject: Subject, emulator: Emulator
) -> None:
    executor = CloudRunExecutor(
        replace(place, pause_seconds=0.25, refresh_seconds=1.0), cluster_uid=subject.cluster_uid
    )
    events = executor.events()
    assert (await anext(events)) == RunEvent("subscribed")
    names = await asyncio.gather(*(launched(subject, executor, "echo", "done") for _ in range(MANY)))
    waiting = set(names)
    async with asyncio.timeout(4 * DEADLINE_SECONDS):
        while waiting:
            event = await anext(events)
            if event.kind == "die":
                assert (await executor.inspect(event.name)).exit_code == 0
                waiting.discard(event.name)
    looks = emulator.calls["ListJobs"]
    tails = await asyncio.gather(*(executor.tail(name) for name in names))
    assert {tail.stdout for tail in tails} == {"done\n"}
    await asyncio.gather(*(executor.remove(name) for name in names))
    await events.aclose()  # type: ignore[attr-defined]
    await executor.aclose()
    calls = emulator.calls
    assert (calls["CreateJob"], calls["UpdateJob"], calls["DeleteJob"]) == (MANY, MANY, MANY)
    others = {"ListLogEntries", *READS, "CreateJob", "UpdateJob", "DeleteJob"}
    assert set(calls) <= others
    assert calls["ListExecutions"] <= looks + 2
    assert calls["ListTasks"] <= looks + 2
    assert calls["ListLogEntries"] <= 3


async def test_looks_at_the_same_time_are_one(subject: Subject, emulator: Emulator) -> None:
    run = await subject.launched("sleep", "60")
    await subject.begins(run.name)
    before = emulator.calls["ListJobs"]
    await asyncio.gather(*(subject.executor.inspect(run.name) for _ in range(100)), subject.executor.list_owned())
    assert emulator.calls["ListJobs"] - before == 1


async def test_what_has_ended_is_not_asked_about_again(subject: Subject, emulator: Emulator) -> None:
    run, seen = await subject.finished("true")
    before = {call: emulator.calls[call] for call in READS}
    assert await subject.executor.inspect(run.name) == seen
    assert {call: emulator.calls[call] - before[call] for call in READS} == {
        "ListJobs": 1,
        "ListExecutions": 0,
        "ListTasks": 0,
    }


async def test_more_jobs_than_a_page_has_are_all_seen(place: Place, docker_endpoint: str, cluster_uid: str) -> None:
    async with AsyncExitStack() as stack:
        emulator = await stack.enter_async_context(serving(docker_endpoint, replace(QUICK, page_size=2)))
        small = replace(place, endpoint=emulator.address)
        subject = await stack.enter_async_context(subject_at(small, cluster_uid, IMAGE))
        runs = [await subject.launched("sh", "-c", f"exit {code}") for code in range(5)]
        for code, run in enumerate(runs):
            assert (await subject.reaches(run.name, RunState.EXITED)).exit_code == code
        assert len(await subject.executor.list_owned()) == 5


async def test_lines_that_come_late_and_out_of_order_come_once_and_none_is_missing(
    subject: Subject, emulator: Emulator
) -> None:
    emulator.faults.slow_logs(0.25, lambda entry: entry.text_payload.isdigit() and int(entry.text_payload) % 3 == 0)
    run = await subject.launched("sh", "-c", "for i in $(seq 1 30); do echo $i; sleep 0.05; done")
    pieces: list[Output] = []
    async with asyncio.timeout(DEADLINE_SECONDS):
        async for item in subject.executor.output(run.name, OutputQuery(follow=True)):
            assert isinstance(item, Output)
            pieces.append(item)
    lines = b"".join(piece.data for piece in pieces).split()
    assert sorted(map(int, lines)) == list(range(1, 31))
    again = [item async for item in subject.executor.output(run.name, OutputQuery()) if isinstance(item, Output)]
    assert b"".join(item.data for item in again).split() == lines
    # Wherever a reader broke off, the rest is what it had not been told yet.
    for number, piece in enumerate(pieces):
        query = OutputQuery(after=(piece.time, piece.ordinal))
        rest = [item async for item in subject.executor.output(run.name, query) if isinstance(item, Output)]
        told = b"".join(each.data for each in pieces[: number + 1])
        assert (told + b"".join(item.data for item in rest)).split() == lines


async def test_the_tail_of_an_ended_container_waits_for_lines_that_come_late(
    subject: Subject, emulator: Emulator
) -> None:
    emulator.faults.slow_logs(0.2)
    run, _ = await subject.finished("echo", "late")
    assert (await subject.executor.tail(run.name)).stdout == "late\n"


async def test_a_line_of_json_and_an_empty_one_come_as_they_were(subject: Subject) -> None:
    run, _ = await subject.finished("sh", "-c", """echo '{"a": 1, "b": [true, "ü", 0.5]}'; echo; echo end""")
    first, *others = (await subject.executor.tail(run.name)).stdout.split("\n")
    assert (json.loads(first), others) == ({"a": 1, "b": [True, "ü", 0.5]}, ["", "end", ""])
    assert '"a": 1,' in first or '"a": 1}' in first


async def test_many_followers_read_the_log_together(subject: Subject, emulator: Emulator) -> None:
    runs = [await subject.launched("sh", "-c", "echo a; sleep 3; echo b") for _ in range(4)]

    async def followed(name: str) -> bytes:
        items = [item async for item in subject.executor.output(name, OutputQuery(follow=True))]
        return b"".join(item.data for item in items if isinstance(item, Output))

    for run in runs:
        await subject.begins(run.name)
    before = emulator.calls["ListLogEntries"]
    assert await asyncio.gather(*(followed(run.name) for run in runs)) == [b"a\nb\n"] * 4
    alone = emulator.calls["ListLogEntries"]
    run = await subject.launched("sh", "-c", "echo a; sleep 3; echo b")
    await subject.begins(run.name)
    assert await followed(run.name) == b"a\nb\n"
    # Four cost hardly more than one does.
    assert alone - before < 2.5 * (emulator.calls["ListLogEntries"] - alone)


async def test_a_used_up_quota_of_reads_is_waited_for(
    subject: Subject, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logs, "QUOTA_PAUSES", (0.01, 0.01))
    run, _ = await subject.finished("echo", "here")
    emulator.faults.refuse("ListLogEntries", Code.RESOURCE_EXHAUSTED, times=2)
    assert (await subject.executor.tail(run.name)).stdout == "here\n"
    emulator.faults.refuse("ListLogEntries", Code.RESOURCE_EXHAUSTED, times=3)
    with pytest.raises(HostUnavailable, match="ListLogEntries"):
        await subject.executor.tail(run.name)


async def test_a_log_that_may_not_be_read_names_the_permission(subject: Subject, emulator: Emulator) -> None:
    run, _ = await subject.finished("echo", "here")
    emulator.faults.deny("ListLogEntries", "logging.logEntries.list")
    with pytest.raises(HostUnavailable, match=r"grant logging\.logEntries\.list"):
        await subject.executor.tail(run.name)


async def test_of_many_tails_at_once_a_long_log_hides_no_short_one(subject: Subject) -> None:
    short, _ = await subject.finished("echo", "first")
    long, _ = await subject.finished("seq", "1", "4000")
    await subject.executor.tail(long.name)
    tails = await asyncio.gather(subject.executor.tail(short.name), subject.executor.tail(long.name))
    assert tails[0].stdout == "first\n"
    assert tails[1].stdout.endswith("\n3999\n4000\n")


async def test_a_follow_that_begins_late_tells_what_was_there_without_waiting_for_more(subject: Subject) -> None:
    run = await subject.launched("sh", "-c", "echo a; sleep 0.5; echo b; sleep 60")
    await subject.prints(run.name, "a\nb\n")
    async with aclosing(subject.executor.output(run.name, OutputQuery(follow=True))) as stream:  # type: ignore[type-var]
        told = [await asyncio.wait_for(anext(stream), DEADLINE_SECONDS) for _ in range(2)]
    assert [item.data for item in told if isinstance(item, Output)] == [b"a\n", b"b\n"]


async def test_a_follow_ends_with_an_error_where_the_place_goes_away(subject: Subject, emulator: Emulator) -> None:
    run = await subject.launched("sh", "-c", "echo here; sleep 60")
    async with aclosing(subject.executor.output(run.name, OutputQuery(follow=True))) as stream:  # type: ignore[type-var]
        assert isinstance(await asyncio.wait_for(anext(stream), DEADLINE_SECONDS), Output)
        emulator.faults.refuse("ListLogEntries", times=10**9)
        with pytest.raises(HostUnavailable):
            await asyncio.wait_for(anext(stream), DEADLINE_SECONDS)


async def test_an_event_comes_without_waiting_for_the_next_look_where_we_caused_it(
    place: Place, subject: Subject
) -> None:
    executor = CloudRunExecutor(replace(place, refresh_seconds=3600), cluster_uid=subject.cluster_uid)
    events = executor.events()
    assert (await anext(events)).kind == "subscribed"
    name = await launched(subject, executor, "sleep", "60")
    assert (await asyncio.wait_for(anext(events), DEADLINE_SECONDS)).kind == "start"
    await executor.remove(name)
    assert (await asyncio.wait_for(anext(events), DEADLINE_SECONDS)).kind == "destroy"
    await events.aclose()  # type: ignore[attr-defined]
    await executor.aclose()


async def test_a_place_that_comes_back_is_asked_again(place: Place, subject: Subject, cluster_uid: str) -> None:
    away = CloudRunExecutor(replace(place, endpoint=AWAY), cluster_uid=cluster_uid)
    with pytest.raises(HostUnavailable, match="demo-project/europe-west1"):
        await away.engine()
    await away.aclose()
    with pytest.raises(HostUnavailable):
        await away.engine()
    await away.aclose()
    info = await until(subject.executor.engine, lambda info: bool(info.id))
    assert (info.id, info.name) == ("projects/demo-project/locations/europe-west1", "demo-project/europe-west1")
