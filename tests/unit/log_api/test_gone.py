"""A container that is not there any more: what was kept of it, or a marked gap."""

import pytest
from tests.unit.log_api.conftest import Desk, texts, told

from containerjob_api.frames import Flag, Kind
from containerjob_operator.kube.resources import DOCKERHOST

TAIL = {"stdout": "one\ntwo\n", "stderr": "oh\n"}
END = {"reason": "gone", "exitCode": 7}


@pytest.fixture
def gone(desk: Desk) -> Desk:
    """A failed job whose container was removed."""
    desk.job()
    desk.attempt()
    desk.engine.containers.clear()
    desk.finished(phase="Failed", exitCode=7, logTail=TAIL)
    return desk


async def test_the_kept_tail_is_sent_and_marked(gone: Desk) -> None:
    assert await gone.log() == "one\ntwo\noh\n"
    source, out, err, end, last = await gone.frames(follow="true")
    assert (source.kind, out.kind, err.kind) == (Kind.SOURCE, Kind.STDOUT, Kind.STDERR)
    assert (out.data, out.flags, out.time) == (b"one\ntwo\n", Flag.KEPT, 0)
    container = gone.kube.status()["attempts"][0]["name"]
    assert told(end) == END | {"message": f"the container {container} is not on DockerHost h1"}
    assert told(last) == END | {"phase": "Failed"}


async def test_of_the_kept_tail_a_stream_or_the_last_lines(gone: Desk) -> None:
    assert await gone.log(stream="stderr") == "oh\n"
    assert await gone.log(stream="stdout", tailLines=1) == "two\n"


async def test_a_tail_that_was_cut_is_marked_as_a_gap(gone: Desk) -> None:
    gone.ended(logTail={"stdout": "the end", "truncated": True}, exitCode=7)
    _, gap, out, *_ = await gone.frames()
    assert told(gap) == {"message": "the container is gone; of its output only the last lines were kept"}
    assert (out.data, out.flags) == (b"the end", Flag.KEPT | Flag.PARTIAL)


async def test_who_had_read_some_gets_no_line_twice_but_a_gap(gone: Desk) -> None:
    container = gone.kube.status()["attempts"][0]["name"]
    frames = await gone.frames(cursor=f"{container}@1000.1")
    assert [frame.kind for frame in frames] == [Kind.SOURCE, Kind.GAP, Kind.END, Kind.END]
    assert texts(frames) == ""


async def test_a_deleted_host_has_no_containers(gone: Desk) -> None:
    gone.kube.fake.delete(DOCKERHOST, "h1")
    frames = await gone.frames()
    assert texts(frames) == "one\ntwo\noh\n"
    assert told(frames[-2])["message"] == "DockerHost h1 does not exist"


async def test_another_engine_at_the_hosts_address_is_not_read(gone: Desk) -> None:
    await gone.attempt().write("of another engine\n")
    gone.engine.id = "replaced"
    code, message = await gone.refused("hello/log")
    assert code == 503
    assert message.startswith("DockerHost h1: engine replaced answers where toy-engine was first seen")


async def test_without_the_api_server_there_is_no_kept_tail_but_an_end(gone: Desk) -> None:
    stored = gone.kube.jobs_wanted
    asked: list[str] = []

    async def once(wanted: object, pick: object) -> list[object]:
        asked.append("")
        gone.kube.away = len(asked) > 1
        return await stored(wanted, pick)  # type: ignore[arg-type]

    gone.kube.jobs_wanted = once  # type: ignore[method-assign, assignment]
    source, end, last = await gone.frames()
    assert (source.kind, told(end)["reason"], told(last)["reason"]) == (Kind.SOURCE, "gone", "gone")
