"""The output of one job, read once: which attempt, which part of it, and what is refused."""

import pytest
from tests.unit.log_api.conftest import JOBS, Desk, texts, told

from containerjob_api.frames import ALL, Flag, Kind
from containerjob_operator.executors.outputs import Gap


async def wrote(desk: Desk, *lines: str) -> None:
    """Have a finished job that wrote these lines."""
    desk.job()
    container = desk.attempt()
    for line in lines:
        await container.write(line)
    await container.end()
    desk.finished()


async def test_plain_text_is_the_output_and_nothing_else(desk: Desk) -> None:
    await wrote(desk, "one\n", "two\n", "half")
    async with desk.asking(f"{JOBS}/hello/log") as response:
        assert await response.text() == "one\ntwo\nhalf"
        assert response.content_type == "text/plain"


async def test_frames_tell_the_container_then_the_output_then_the_ends(desk: Desk) -> None:
    await wrote(desk, "one\n", "half")
    source, one, half, end, last = await desk.frames()
    container = desk.kube.status()["attempts"][0]["name"]
    names = {"namespace": "team-a", "name": "hello", "attempt": 0, "container": container, "host": "h1"}
    assert (source.kind, told(source)) == (Kind.SOURCE, names)
    assert (one.kind, one.data, one.time, one.ordinal, one.flags) == (Kind.STDOUT, b"one\n", 1000, 1, 0)
    assert half.flags == Flag.PARTIAL
    assert (end.kind, told(end)) == (Kind.END, {"reason": "exited", "exitCode": 0})
    assert (last.source, told(last)) == (ALL, {"reason": "exited", "exitCode": 0, "phase": "Succeeded"})


async def test_streams_are_kept_apart_and_either_can_be_left_out(desk: Desk) -> None:
    desk.job()
    container = desk.attempt()
    await container.write("out\n")
    await container.write("err\n", stderr=True)
    kinds = [frame.kind for frame in await desk.frames()]
    assert kinds == [Kind.SOURCE, Kind.STDOUT, Kind.STDERR, Kind.END, Kind.END]
    assert await desk.log(stream="stdout") == "out\n"
    assert await desk.log(stream="stderr") == "err\n"


async def test_a_part_by_lines_by_time_or_by_bytes(desk: Desk) -> None:
    await wrote(desk, "one\n", "two\n", "three\n")
    assert await desk.log(tailLines=1) == "three\n"
    assert await desk.log(tailLines=0) == ""
    assert await desk.log(sinceTime="1970-01-01T00:00:00.000002Z") == "two\nthree\n"
    assert await desk.log(sinceTime="9999-12-31T23:59:59-23:59") == ""
    assert await desk.log(sinceSeconds=60) == ""
    assert await desk.log(limitBytes=6) == "one\ntw"
    *_, cut, last = await desk.frames(limitBytes=6)
    assert (cut.data, cut.flags) == (b"tw", Flag.PARTIAL)
    assert told(last) == {"reason": "truncated"}


async def test_what_runs_is_read_as_far_as_it_goes(desk: Desk) -> None:
    desk.job()
    await desk.attempt().write("so far\n")
    *_, end, last = await desk.frames()
    assert (told(end), told(last)) == ({"reason": "exited"}, {"reason": "exited", "phase": "Running"})


async def test_attempts_are_chosen_by_number_or_as_the_one_before(desk: Desk) -> None:
    desk.job()
    for text in ("first\n", "second\n", "third\n"):
        await desk.attempt().write(text)
        desk.ended()
    assert await desk.log() == "third\n"
    assert await desk.log(previous="true") == "second\n"
    assert await desk.log(attempt=0) == "first\n"
    assert await desk.refused("hello/log", attempt=7) == (
        400,
        "attempt: containerjob hello has a record of these: 0, 1, 2; not of 7",
    )


async def test_an_attempt_without_a_container_is_passed_over(desk: Desk) -> None:
    desk.job()
    await desk.attempt().write("first\n")
    desk.ended()
    desk.attempt(containerID=None, reason="ImageNotFound")
    assert await desk.log() == "first\n"
    code, message = await desk.refused("hello/log", attempt=1)
    assert (code, message.startswith("attempt: the container of containerjob hello is waiting to start")) == (
        400,
        True,
    )
    code, message = await desk.refused("hello/log", previous="true")
    assert (code, message) == (400, "previous: containerjob hello has no attempt before its newest one")


async def test_a_job_without_a_container_is_refused_with_its_reason(desk: Desk) -> None:
    desk.job()
    waiting = "the container of containerjob hello is waiting to start: the operator has not looked at it yet"
    assert await desk.refused("hello/log") == (400, waiting)
    condition = {"type": "Ready", "status": "False", "reason": "HostFull"}
    desk.status(conditions=[condition])
    assert (await desk.refused("hello/log"))[1].endswith("is waiting to start: HostFull")
    desk.finished(phase="Cancelled")
    for follow in ("true", "false"):
        refused = await desk.refused("hello/log", follow=follow)
        assert refused == (400, "containerjob hello never had a container: HostFull")


async def test_output_that_is_missing_is_marked(desk: Desk) -> None:
    desk.job()
    container = desk.attempt()
    container.written.append(Gap("rotated away"))
    await container.end()
    _, gap, *_ = await desk.frames()
    assert (gap.kind, told(gap)) == (Kind.GAP, {"message": "rotated away"})
    assert await desk.log() == ""


async def test_a_cursor_goes_on_behind_what_was_read(desk: Desk) -> None:
    desk.job()
    first = desk.attempt()
    await first.write("one\n")
    await first.write("two\n")
    desk.ended()
    await desk.attempt().write("of another attempt\n")
    cursor = f"{desk.kube.status()['attempts'][0]['name']}@1000.1"
    assert texts(await desk.frames(cursor=cursor, tailLines=0)) == "two\n"


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ({"follow": "maybe"}, "follow: 'maybe' is neither true nor false"),
        ({"tailLines": "-1"}, "tailLines: '-1' is not a whole number of at least 0"),
        ({"limitBytes": "0"}, "limitBytes: '0' is not a whole number of at least 1"),
        ({"maxSources": "501"}, "maxSources: '501' is not a whole number of at least 1 and at most 500"),
        ({"sinceSeconds": "1", "sinceTime": "now"}, "sinceSeconds and sinceTime: give one of them"),
        ({"attempt": "1", "previous": ""}, "previous and attempt: give one of them"),
        ({"stream": "both"}, "stream: 'both' is neither stdout nor stderr; leave it out for both"),
        ({"framing": "v2"}, "framing: 'v2' is not v1; leave it out for plain text"),
        ({"cursor": "c@1"}, "cursor: 'c@1' is not CONTAINER@TIME.ORDINAL"),
        *(
            ({"cursor": text}, f"cursor: '{text}' is not CONTAINER@TIME.ORDINAL")
            for text in ("c@-5.1", "c@1_0.1", "c@ 1.1", "c@1.-1", f"c@{10**30}.1", f"c@1.{2**63}")
        ),
        ({"labelSelector": "a=b"}, "labelSelector: give it with - in place of the job's name"),
        *(
            (
                {"sinceTime": text},
                f"sinceTime: '{text}' is not a time with its zone, such as 2026-01-31T18:00:00Z",
            )
            for text in ("yesterday", "2026-01-31T18:00:00")
        ),
    ],
)
async def test_a_parameter_that_cannot_be_read_is_named(desk: Desk, query: dict[str, str], message: str) -> None:
    assert await desk.refused("hello/log", **query) == (400, message)


async def test_what_is_not_there_is_not_found(desk: Desk) -> None:
    assert await desk.refused("nobody/log") == (404, 'containerjobs.containerjobs.io "nobody" not found')
    assert await desk.refused("nobody/log", follow="true") == (
        404,
        'containerjobs.containerjobs.io "nobody" not found',
    )
    assert await desk.refused("hello/exec") == (404, "the server could not find the requested resource")
    assert await desk.refused("%252E%252E/log") == (404, "name: '%2E%2E' is no name of an object")
