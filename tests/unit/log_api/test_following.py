"""Following one job: later output, later attempts, ends that are none, and streams that break off."""

import asyncio

import aiohttp
import pytest
from tests.fakes.operator_rig import until
from tests.unit.log_api.conftest import JOBS, Desk, Reading, texts, told

from containerjob_api.frames import ALL, Decoder, Kind
from containerjob_operator.api import writers
from containerjob_operator.decide.observations import RunState


async def test_what_is_written_later_follows_until_the_job_is_over(desk: Desk) -> None:
    desk.job()
    container = desk.attempt()
    await container.write("one\n")
    async with desk.asking(f"{JOBS}/hello/log", framing="v1", follow="true") as response:
        reading = Reading(response)
        await reading.until(Kind.STDOUT)
        await container.write("two\n")
        await reading.until(Kind.STDOUT, 2)
        await container.write("three\n")
        await container.end(3)
        assert told((await reading.until(Kind.END))[0]) == {"reason": "exited", "exitCode": 3}
        desk.finished(phase="Failed", exitCode=3)
        last = (await reading.until(Kind.END, 2))[-1]
    assert (last.source, told(last)) == (ALL, {"reason": "exited", "exitCode": 3, "phase": "Failed"})
    assert texts(reading.frames) == "one\ntwo\nthree\n"


async def test_later_attempts_follow_as_sources_of_their_own(desk: Desk) -> None:
    desk.job()
    first = desk.attempt()
    async with desk.asking(f"{JOBS}/hello/log", framing="v1", follow="true", tailLines=0) as response:
        reading = Reading(response)
        await first.write("first\n")
        await first.end(1)
        await reading.until(Kind.END)
        desk.ended(exitCode=1)
        second = desk.engine.container(f"cj-{desk.kube.job()['metadata']['uid']}-1")
        await second.write("written before anybody looked\n")
        await second.end()
        desk.attempt()
        desk.finished()
        sources = await reading.until(Kind.SOURCE, 2)
        await reading.until(Kind.END, 3)
    assert [told(each)["attempt"] for each in sources] == [0, 1]
    assert texts(reading.frames) == "first\nwritten before anybody looked\n"


async def test_a_job_that_has_not_started_is_waited_for(desk: Desk) -> None:
    desk.job()
    asking = asyncio.create_task(desk.log(follow="true"))
    await until(lambda: desk.kube.fake.watchers, "the job is watched")
    await desk.attempt().write("at last\n")
    await desk.engine.containers[desk.kube.status()["attempts"][0]["name"]].end()
    desk.finished()
    assert await asking == "at last\n"


async def test_an_attempt_to_come_is_waited_for_and_is_all_that_is_read(desk: Desk) -> None:
    desk.job()
    await desk.attempt().write("first\n")
    asking = asyncio.create_task(desk.log(follow="true", attempt=1))
    await until(lambda: desk.kube.fake.watchers, "the job is watched")
    desk.ended()
    second = desk.attempt()
    await second.write("second\n")
    await second.end()
    assert await asking == "second\n"


async def test_a_job_that_ends_without_a_container_ends_the_stream(desk: Desk) -> None:
    desk.job()
    asking = asyncio.create_task(desk.frames(follow="true"))
    await until(lambda: desk.kube.fake.watchers, "the job is watched")
    desk.finished(phase="Cancelled")
    assert [told(frame) for frame in await asking] == [{"reason": "exited", "phase": "Cancelled"}]


async def test_a_deleted_job_ends_the_stream_once_its_container_has_ended(desk: Desk) -> None:
    desk.job()
    container = desk.attempt()
    await container.write("one\n")
    async with desk.asking(f"{JOBS}/hello/log", framing="v1", follow="true") as response:
        reading = Reading(response)
        await reading.until(Kind.STDOUT)
        desk.kube.delete_job()
        desk.job()  # another one of that name is none of ours
        await container.write("last words\n")
        await container.end(143)
        await reading.until(Kind.END, 2)
    assert texts(reading.frames) == "one\nlast words\n"


async def test_an_output_that_ends_though_its_container_runs_is_gone_on_with(desk: Desk) -> None:
    desk.job()
    container = desk.attempt()
    desk.engine.ends_early = 3
    async with desk.asking(f"{JOBS}/hello/log", follow="true") as response:
        for line in ("one\n", "two\n", "three\n"):
            await container.write(line)
        await container.end()
        desk.finished()
        assert await response.text() == "one\ntwo\nthree\n"
    assert desk.engine.ends_early < 3


async def test_a_container_that_was_created_only_is_waited_for(desk: Desk) -> None:
    desk.job()
    container = desk.attempt()
    container.state = RunState.CREATED
    asking = asyncio.create_task(desk.log(follow="true"))
    await until(lambda: desk.api.parts.followers._readers, "it is read")
    container.state = RunState.RUNNING
    await container.write("started\n")
    await container.end()
    desk.finished()
    assert await asking == "started\n"


async def test_one_that_could_never_start_is_not(desk: Desk) -> None:
    desk.job()
    desk.attempt().state = RunState.CREATED
    desk.finished(phase="Failed", reason="StartError")
    assert await desk.log(follow="true") == ""


async def test_no_old_lines_means_none_and_no_new_one_is_missed(desk: Desk) -> None:
    desk.job()
    container = desk.attempt()
    await container.write("old\n")
    async with desk.asking(f"{JOBS}/hello/log", framing="v1", follow="true", tailLines=0) as response:
        reading = Reading(response)
        mark = (await reading.until(Kind.STDOUT))[0]
        assert (mark.data, mark.time, mark.ordinal) == (b"", 1000, 1)
        await container.write("new\n")
        await reading.until(Kind.STDOUT, 2)
    assert texts(reading.frames) == "new\n"


async def test_a_cursor_of_an_earlier_attempt_goes_on_there_and_reads_the_later_ones_whole(desk: Desk) -> None:
    desk.job()
    first = desk.attempt()
    await first.write("one\n")
    await first.write("two\n")
    await first.end()
    desk.ended()
    second = desk.attempt()
    await second.write("three\n")
    await second.write("four\n")
    await second.end()
    desk.finished()
    cursor = f"{desk.kube.status()['attempts'][0]['name']}@1000.1"
    assert texts(await desk.frames(follow="true", cursor=cursor, tailLines=1)) == "two\nthree\nfour\n"


async def test_silence_is_broken_by_keep_alives(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writers, "KEEP_ALIVE_SECONDS", 0.05)
    desk.job()
    desk.attempt()
    async with desk.asking(f"{JOBS}/hello/log", framing="v1", follow="true") as response:
        await Reading(response).until(Kind.KEEP_ALIVE, 3)


async def test_a_host_that_goes_away_breaks_the_stream_off_without_an_end(desk: Desk) -> None:
    desk.job()
    container = desk.attempt()
    await container.write("one\n")
    decoder = Decoder()
    frames = []
    async with desk.asking(f"{JOBS}/hello/log", framing="v1", follow="true") as response:
        frames += decoder.feed(await response.content.readany())
        container.breaks = True
        await container.stir()
        with pytest.raises(aiohttp.ClientError):
            frames += decoder.feed(await response.read())
    assert Kind.END not in {frame.kind for frame in frames}


async def test_a_host_that_does_not_answer_is_told_before_the_first_byte(desk: Desk) -> None:
    desk.job()
    desk.attempt()
    desk.engine.away = True
    for follow in ("true", "false"):
        code, message = await desk.refused("hello/log", follow=follow)
        assert (code, message.startswith("toy://engine does not answer; look at it with")) == (503, True)


async def test_a_lost_attempt_does_not_keep_the_next_one_from_being_read(desk: Desk) -> None:
    desk.job()
    lost = desk.attempt()
    await lost.write("one\n")
    async with desk.asking(f"{JOBS}/hello/log", framing="v1", follow="true") as response:
        reading = Reading(response)
        await reading.until(Kind.STDOUT)
        desk.ended(reason="HostLost", exitCode=None)
        second = desk.attempt()
        await second.write("two\n")
        await second.end()
        lost.breaks = True
        await lost.stir()
        desk.finished()
        ends = await reading.until(Kind.END, 3)
    gap = next(frame for frame in reading.frames if frame.kind is Kind.GAP)
    assert told(gap)["message"] == "not all of it was read: the connection broke"
    assert [told(end)["reason"] for end in ends] == ["gone", "exited", "exited"]
    assert texts(reading.frames) == "one\ntwo\n"


async def test_who_goes_away_is_noticed_though_nothing_is_written(desk: Desk) -> None:
    desk.job()
    container = desk.attempt()
    async with desk.asking(f"{JOBS}/hello/log", follow="true"):
        await until(lambda: container.readers, "it is followed")
    await until(lambda: not container.readers, "it is let go of")
    assert not desk.kube.fake.watchers


async def test_who_reads_nothing_for_long_is_cut_off(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writers, "DRAIN_SECONDS", 0.2)
    desk.job()
    container = desk.attempt()
    for _ in range(400):
        await container.write("x" * 65535 + "\n")
    async with desk.asking(f"{JOBS}/hello/log", follow="true") as response:
        await until(lambda: container.readers, "it is followed")
        await until(lambda: not container.readers, "it is let go of")
        with pytest.raises(aiohttp.ClientError):
            await response.read()


async def test_a_server_that_stops_breaks_streams_off_at_once(desk: Desk) -> None:
    desk.job()
    container = desk.attempt()
    await container.write("one\n")
    async with desk.asking(f"{JOBS}/hello/log", framing="v1", follow="true") as response:
        await Reading(response).until(Kind.STDOUT)
        async with asyncio.timeout(2):
            await desk.api.aclose()
        with pytest.raises(aiohttp.ClientError):
            await response.read()
    assert not container.readers


async def test_a_write_to_a_connection_that_is_gone_ends_the_stream(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def write(*_: object) -> None:
        raise ConnectionResetError("gone")

    monkeypatch.setattr("aiohttp.web.StreamResponse.write", write)
    desk.job()
    container = desk.attempt()
    await container.write("one\n")
    async with desk.asking(f"{JOBS}/hello/log", follow="true") as response:
        with pytest.raises(aiohttp.ClientError):
            await response.read()
    await until(lambda: not container.readers, "it is let go of")
