"""Termination messages: what an ended container left in the file its job names."""

import asyncio
from pathlib import Path

import pytest
from aiohttp import web
from docker import DockerClient
from tests.contract.lying_engine import lying_engine
from tests.contract.subjects import Subject

from containerjob_operator.errors import HostUnavailable
from containerjob_operator.executors.docker import messages
from containerjob_operator.executors.docker.client import EngineClient

FILE = "/tmp/message"


async def left(subject: Subject, script: str, path: str = FILE) -> str | None:
    """What a script left in a file."""
    run, _ = await subject.finished("sh", "-c", script)
    return await subject.executor.termination_message(run.name, path)


async def test_the_message_is_what_the_container_wrote_last(subject: Subject) -> None:
    message = await left(subject, f"echo early > {FILE}; echo 3 of 4 shards done > {FILE}; exit 1")
    assert message == ("3 of 4 shards done\n" if subject.engine_facts.keeps_files else None)


async def test_of_a_long_message_the_end_is_kept(subject: Subject) -> None:
    message = await left(subject, f"seq 1 5000 > {FILE}")
    if not subject.engine_facts.keeps_files:
        assert message is None
        return
    assert message is not None
    assert len(message) == 4096
    assert message.endswith("\n4999\n5000\n")


async def test_what_was_redirected_is_not_in_the_log(subject: Subject) -> None:
    run, _ = await subject.finished("sh", "-c", f"echo kept; echo away > {FILE}")
    assert (await subject.executor.tail(run.name)).stdout == "kept\n"


@pytest.mark.parametrize("path", ["/tmp/other", "/tmp"])
async def test_no_file_is_no_message(subject: Subject, path: str) -> None:
    assert await left(subject, f"echo done > {FILE}", path) is None


async def test_a_container_that_never_ran_left_no_message(subject: Subject) -> None:
    run = subject.run("sh", "-c", f"echo done > {FILE}")
    await subject.executor.create(run)
    assert await subject.executor.termination_message(run.name, FILE) is None


async def test_a_container_that_is_gone_left_no_message(subject: Subject) -> None:
    run, _ = await subject.finished("sh", "-c", f"echo done > {FILE}")
    await subject.executor.remove(run.name)
    assert await subject.executor.termination_message(run.name, FILE) is None


@pytest.mark.real
@pytest.mark.parametrize(
    "script",
    [
        f"ln -s /etc/passwd {FILE}",
        f"ln -s /../../../../etc/hostname {FILE}",
        f"mkfifo {FILE}",
        f"mkdir {FILE}",
        f": > {FILE}",
    ],
)
async def test_what_is_no_file_with_text_is_no_message(docker_subject: Subject, script: str) -> None:
    assert await left(docker_subject, script) is None


@pytest.mark.real
@pytest.mark.parametrize("path", ["/etc/passwd/below", "/" + "long" * 100, "/proc/1/environ"])
async def test_a_path_that_cannot_be_is_no_message(docker_subject: Subject, path: str) -> None:
    assert await left(docker_subject, "true", path) is None


@pytest.mark.real
async def test_bytes_that_are_no_text_are_replaced(docker_subject: Subject) -> None:
    assert (
        await left(docker_subject, f"printf 'a\\000b\\377c\\033[31md\\r\\ne' > {FILE}")
        == "a\ufffdb\ufffdc\ufffd[31md\ne"
    )


@pytest.mark.real
async def test_a_huge_file_is_read_in_part(docker_subject: Subject, oracle: DockerClient) -> None:
    run, _ = await docker_subject.finished("sh", "-c", f"head -c 50000000 /dev/zero | tr '\\0' x > {FILE}")
    assert await docker_subject.executor.termination_message(run.name, FILE) == "x" * 4096
    assert oracle.api.get_archive(run.name, FILE)[1]["size"] == 50_000_000


@pytest.mark.parametrize("status", [400, 403, 404, 409, 500, 501])
async def test_an_engine_that_refuses_the_file_keeps_no_job_from_its_end(tmp_path: Path, status: int) -> None:
    async with lying_engine(tmp_path / "e.sock") as engine:
        engine.refuses("GET .*/archive", status)
        client = EngineClient(str(engine.path))
        assert await messages.termination_message(client, "cj-a-0", FILE) is None
        await client.aclose()


@pytest.mark.parametrize("archive", [b"", b"no archive at all", b"\0" * 1024, b"x" * 600])
def test_what_is_no_archive_holds_no_file(archive: bytes) -> None:
    assert messages.first_file(archive) is None


async def test_an_engine_that_is_away_tells_nothing(tmp_path: Path) -> None:
    client = EngineClient(str(tmp_path / "e.sock"))
    with pytest.raises(HostUnavailable):
        await messages.termination_message(client, "cj-a-0", FILE)
    await client.aclose()


async def test_a_file_that_never_ends_is_given_up_in_time(tmp_path: Path) -> None:
    async def endless(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse()
        await answer.prepare(request)
        await asyncio.sleep(3600)
        return answer

    async with lying_engine(tmp_path / "e.sock") as engine:
        engine.rules["GET .*/archive"] = endless
        client = EngineClient(str(engine.path), read_seconds=0.2)
        with pytest.raises(HostUnavailable):
            await messages.termination_message(client, "cj-a-0", FILE)
        await client.aclose()
