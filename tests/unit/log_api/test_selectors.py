"""Many jobs in one stream: each told apart, none in another's way."""

import aiohttp
import pytest
from tests.fakes.operator_rig import until
from tests.unit.log_api.conftest import API, JOBS, Desk, Reading, texts, told

from containerjob_api.frames import Kind
from containerjob_operator.api import handlers, streams
from containerjob_operator.errors import KubeRefused
from containerjob_operator.kube.resources import DOCKERHOST

MANY = f"{JOBS}/-/log"


async def ran(desk: Desk, name: str, *lines: str) -> None:
    """Have a finished job of the team `blue` that wrote these lines."""
    desk.job(name, team="blue")
    container = desk.attempt(name)
    for line in lines:
        await container.write(line)
    await container.end()
    desk.finished(name)


async def test_all_that_match_are_in_one_stream_each_with_its_number(desk: Desk) -> None:
    for name in ("a", "b"):
        await ran(desk, name, f"{name}\n")
    desk.job("waiting", team="blue")
    desk.job("other", team="red")
    frames = await desk.frames(path=MANY, labelSelector="team=blue")
    sources = {frame.source: told(frame)["name"] for frame in frames if frame.kind is Kind.SOURCE}
    assert sorted(sources.values()) == ["a", "b"]
    assert {sources[frame.source]: frame.data for frame in frames if frame.kind is Kind.STDOUT} == {
        "a": b"a\n",
        "b": b"b\n",
    }
    assert told(frames[-1]) == {"reason": "exited"}


async def test_all_namespaces_are_asked_for_without_one(desk: Desk) -> None:
    await ran(desk, "a", "a\n")
    desk.kube.create_job("b", "default")
    everywhere = await desk.frames(path=f"{API}/containerjobs/-/log")
    assert texts(everywhere) == "a\n"


async def test_a_thousand_jobs_are_read_a_few_at_a_time(desk: Desk) -> None:
    for number in range(1000):
        await ran(desk, f"job-{number}", f"{number}\n")
    frames = await desk.frames(path=MANY, maxSources=7)
    assert sorted(texts(frames).split(), key=int) == [str(number) for number in range(1000)]
    assert 1 < desk.engine.most_readers <= 7
    assert desk.engine.opened == 1


async def test_jobs_that_come_to_match_are_taken_in_until_all_are_over(desk: Desk) -> None:
    desk.job("a", team="blue")
    first = desk.attempt("a")
    async with desk.asking(MANY, framing="v1", follow="true", labelSelector="team=blue") as response:
        reading = Reading(response)
        await first.write("a\n")
        await reading.until(Kind.STDOUT)
        desk.job("b", team="blue")
        second = desk.attempt("b")
        await second.write("b\n")
        await reading.until(Kind.STDOUT, 2)
        desk.job("c", team="blue")
        desk.kube.delete_job("c")
        for container, name in ((first, "a"), (second, "b")):
            await container.end()
            desk.finished(name)
        await reading.until(Kind.END, 3)
    assert told(reading.frames[-1]) == {"reason": "exited"}


async def test_a_host_that_does_not_answer_is_tried_again_while_others_are_read(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "AGAIN_SECONDS", 0.05)
    desk.job("a", team="blue")
    container = desk.attempt("a")
    desk.engine.away = True
    async with desk.asking(MANY, framing="v1", follow="true", labelSelector="team=blue") as response:
        reading = Reading(response)
        desk.job("gone", team="blue")
        desk.attempt("gone", host="deleted")
        desk.finished("gone", logTail={"stdout": "kept\n"})
        await reading.until(Kind.END)
        await container.write("a\n")
        desk.engine.away = False
        await reading.until(Kind.STDOUT, 2)
    assert texts(reading.frames) == "kept\na\n"


async def test_what_is_left_of_an_ended_container_is_read_once_its_engine_is_back(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "AGAIN_SECONDS", 0.05)
    await ran(desk, "a", "one\n", "two\n")
    container = desk.engine.containers[desk.kube.status("a")["attempts"][0]["name"]]
    container.breaks = True
    for follow in ("true", "false"):
        async with desk.asking(MANY, framing="v1", follow=follow) as response:
            reading = Reading(response)
            await reading.until(Kind.STDOUT, 2)
            container.breaks = False
            await container.write("three\n")
            end, _ = await reading.until(Kind.END, 2)
        assert texts(reading.frames) == "".join(each.data.decode() for each in container.written)
        assert told(end)["reason"] == "exited"
        container.breaks = True


async def test_an_engine_that_stays_away_is_given_up_in_its_own_words(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "AGAIN_SECONDS", 0.01)
    await ran(desk, "a", "one\n")
    desk.engine.containers[desk.kube.status("a")["attempts"][0]["name"]].breaks = True
    frames = await desk.frames(path=MANY)
    assert [frame.kind for frame in frames] == [Kind.SOURCE, Kind.STDOUT, Kind.GAP, Kind.END, Kind.END]
    assert told(frames[2]) == {"message": "not all of it was read: the connection broke"}
    assert told(frames[3])["message"] == "the connection broke"


async def test_a_host_that_does_not_answer_is_told_of_where_nobody_follows(desk: Desk) -> None:
    await ran(desk, "a", "a\n")
    desk.ended("a", logTail={"stdout": "kept\n"})
    desk.engine.away = True
    frames = await desk.frames(path=MANY)
    assert texts(frames) == "kept\n"
    end = {"reason": "gone", "exitCode": 0, "message": "toy://engine does not answer"}
    assert told(frames[-2]) == end


async def test_an_endpoint_or_a_host_that_cannot_be_used_concerns_its_jobs_only(desk: Desk) -> None:
    await ran(desk, "a", "a\n")
    desk.kube.fake.edit(DOCKERHOST, "h1", {"spec": {"maxConcurrentJobs": "many"}})
    end = told((await desk.frames(path=MANY))[-2])
    assert end["message"] == "DockerHost h1 cannot be read as it is stored"


async def test_nothing_that_matches_is_an_end_at_once(desk: Desk) -> None:
    for follow in ("true", "false"):
        frames = await desk.frames(path=MANY, labelSelector="team=green", follow=follow)
        assert [told(frame) for frame in frames] == [{"reason": "exited"}]


async def test_a_selector_that_the_api_server_does_not_take_is_named(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(*_: object) -> list[object]:
        raise KubeRefused("unable to parse requirement")

    monkeypatch.setattr(desk.kube, "jobs_wanted", refuse)
    for what in ("log", "stats"):
        refused = await desk.refused(f"-/{what}", labelSelector="a in")
        assert refused == (400, "labelSelector: unable to parse requirement")
    assert await desk.refused("hello/log") == (500, "unable to parse requirement")


async def test_too_many_at_once_are_asked_to_come_again(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    handler = next(route for route in desk.api._runner.app.router.routes() if "log" in str(route.resource)).handler
    monkeypatch.setattr(handler.__self__, "most", 1)  # type: ignore[attr-defined]
    assert handlers.STREAMS == 200
    desk.job()
    container = desk.attempt()
    async with desk.asking(f"{JOBS}/hello/log", follow="true"):
        await until(lambda: container.readers, "it is followed")
        async with desk.asking(f"{JOBS}/hello/log") as response:
            assert (response.status, response.headers["Retry-After"]) == (429, "5")
    await until(lambda: not container.readers, "it is let go of")
    assert await desk.log() == ""


async def test_containers_are_counted_over_all_requests(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    handler = next(route for route in desk.api._runner.app.router.routes() if "log" in str(route.resource)).handler
    monkeypatch.setattr(handler.__self__, "most_sources", 51)  # type: ignore[attr-defined]
    desk.job("a", team="blue")
    container = desk.attempt("a")
    async with desk.asking(MANY, follow="true"):
        await until(lambda: container.readers, "it is followed")
        words = "maxSources: 2 more would be over 51 for all log requests: ask for fewer, or try again later"
        assert await desk.refused(MANY, maxSources=2) == (429, words)
        assert await desk.log("a") == ""
    await until(lambda: not container.readers, "it is let go of")
    assert texts(await desk.frames(path=MANY, maxSources=51)) == ""


async def test_a_deletion_that_nobody_told_of_is_seen_in_the_next_list(desk: Desk) -> None:
    desk.job("a", team="blue")
    async with desk.asking(MANY, framing="v1", follow="true") as response:
        del desk.kube.fake.objects["ContainerJob", "team-a", "a"]
        desk.kube.news[0].put_nowait(None)
        assert told((await Reading(response).until(Kind.END))[0]) == {"reason": "exited"}


async def test_a_stream_breaks_off_before_it_runs_out_of_numbers(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "ALL", 1)
    for name in ("a", "b"):
        await ran(desk, name, f"{name}\n")
    async with desk.asking(MANY, maxSources=1) as response:
        with pytest.raises(aiohttp.ClientError):
            await response.read()


async def test_a_job_that_is_read_again_and_again_is_read_once(desk: Desk) -> None:
    await ran(desk, "a", "a\n")
    desk.job("b", team="blue")
    async with desk.asking(MANY, framing="v1", follow="true") as response:
        reading = Reading(response)
        await reading.until(Kind.END)
        desk.kube.news[0].put_nowait(None)
        desk.finished("b", phase="Cancelled")
        await reading.until(Kind.END, 2)
    assert texts(reading.frames) == "a\n"
