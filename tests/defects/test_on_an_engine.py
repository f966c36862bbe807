"""Defects of speaking with Docker: only a real engine shows them."""

import asyncio
from itertools import pairwise

import pytest
from docker import DockerClient
from tests.conftest import IMAGE
from tests.defects.conftest import ONCE, RealStage
from tests.fakes.operator_rig import until
from tests.fakes.troubles import CrashAt, Planned, When
from tests.unit.decide.builders import scheduled

from containerjob_api.phases import Reason
from containerjob_operator.decide.observations import RunState
from containerjob_operator.decide.outcomes import outcome_of_exit
from containerjob_operator.executors.docker.read import observation

pytestmark = pytest.mark.real

POLITE = ["sh", "-c", "trap 'echo bye; exit 7' TERM; echo ready; while :; do sleep 0.1; done"]


async def test_d04_output_is_told_apart_by_its_stream_and_never_by_its_words(real: RealStage) -> None:
    """Lines with words such as error or warning were called stderr, all others stdout."""
    real.kube.create_job(argv=["sh", "-c", "echo 'error: exception, traceback'; echo 'all is well' >&2"], image=IMAGE)
    async with real.operator().working():
        await until(real.finished, "it ends")
    tail = real.attempt()["logTail"]
    assert (tail["stdout"], tail["stderr"]) == ("error: exception, traceback\n", "all is well\n")


async def test_d07_what_the_template_asks_for_is_what_the_container_has(real: RealStage) -> None:
    """Working directories, limits and numbers of jobs could be set, and were never applied."""
    container = {
        "name": "main",
        "image": IMAGE,
        "command": ["sh", "-c", "pwd; echo $GREETING"],
        "workingDir": "/tmp",
        "env": [{"name": "GREETING", "value": "hello"}],
        "resources": {"limits": {"cpu": "500m", "memory": "64Mi"}},
    }
    real.kube.create_job(template={"spec": {"containers": [container]}})
    async with real.operator().working():
        await until(real.finished, "it ends")
    (made,) = real.containers()
    config = made.attrs["HostConfig"]
    assert (config["NanoCpus"], config["Memory"], config["Privileged"]) == (500_000_000, 64 * 1024**2, False)
    assert real.attempt()["logTail"]["stdout"] == "/tmp\nhello\n"


async def test_d07_a_host_runs_no_more_jobs_at_a_time_than_it_is_allowed(real: RealStage) -> None:
    """A host's max_concurrent_jobs and current_job_count were read by nobody."""
    endpoint = real.kube.host("h1")["spec"]["endpoint"]
    real.kube.create_host("narrow", endpoint, maxConcurrentJobs=1)
    names = ["first", "second", "third"]
    for name in names:
        real.kube.create_job(name, argv=["sleep", "0.3"], image=IMAGE, placement={"hostRef": {"name": "narrow"}})
    async with real.operator().working():
        await until(lambda: all(map(real.finished, names)), "all jobs end")
    runs = sorted((real.attempt(name)["startedAt"], real.attempt(name)["finishedAt"]) for name in names)
    assert all(ended <= started for (_, ended), (started, _) in pairwise(runs))


async def test_d08_a_container_that_is_created_is_started_and_no_failure(real: RealStage) -> None:
    """A container in state created was taken for one that had failed."""
    real.kube.create_job(argv=["sh", "-c", "exit 4"], image=IMAGE, **ONCE)
    crash = CrashAt(frozenset({"create"}), 1, When.AFTER)
    async with real.operator(crash).working():
        await asyncio.wait_for(crash.crashed.wait(), 20)
    assert [container.status for container in real.containers()] == ["created"]
    async with real.operator().working():
        await until(real.finished, "it ends")
    assert (real.end(), len(real.containers())) == (("Failed", 4), 1)


async def test_d08_a_container_that_is_paused_runs_on_afterwards(real: RealStage, trouble: Planned) -> None:
    """States other than running and exited were guessed at; paused is running that takes longer."""
    real.kube.create_job(argv=POLITE, image=IMAGE, **ONCE)
    async with real.operator(trouble).working():
        await until(lambda: real.end()[0] == "Running", "it runs")
        (container,) = real.containers()
        container.pause()
        lists = trouble.calls.count("list_owned")
        await until(lambda: trouble.calls.count("list_owned") > lists + 2, "it was looked at meanwhile")
        assert (real.end(), real.containers()[0].status) == (("Running", None), "paused")
        container.unpause()
        container.kill("TERM")
        await until(real.finished, "it ends")
    assert real.end() == ("Failed", 7)


def test_d08_a_dead_container_keeps_its_exit_code() -> None:
    """Dead, which an engine says of a container that it could not remove, was a failure, whatever the exit code."""
    times = {"StartedAt": "2026-03-01T12:00:00Z", "FinishedAt": "2026-03-01T12:00:01Z"}
    seen = observation({"Id": "c1", "State": {"Status": "dead", "ExitCode": 0, **times}})
    assert (seen.state, seen.exit_code) == (RunState.EXITED, 0)
    (attempt,) = scheduled().status.attempts
    assert outcome_of_exit(attempt, seen).reason is Reason.COMPLETED


async def test_d12_a_process_that_is_stopped_gets_its_grace_and_its_last_words_are_kept(real: RealStage) -> None:
    """Stopping was removing by force: no time to end, and the output went with the container."""
    real.kube.create_job(argv=POLITE, image=IMAGE, **ONCE)
    async with real.operator(termination_grace_seconds=20).working():
        await until(lambda: real.end()[0] == "Running", "it runs")
        await until(lambda: real.containers()[0].logs() == b"ready\n", "it listens")
        real.kube.edit_job({"spec": {"cancel": True}})
        await until(real.finished, "it is stopped")
    assert real.end() == ("Cancelled", 7)
    assert real.attempt()["logTail"]["stdout"] == "ready\nbye\n"
    assert [container.logs() for container in real.containers()] == [b"ready\nbye\n"]


async def test_d15_a_command_reaches_the_container_word_by_word(real: RealStage) -> None:
    """Commands were split at spaces, quotes or not."""
    words = ["a 'b  c'", '"d"', "$HOME; exit 9", ""]
    real.kube.create_job(argv=["printf", "%s|", *words], image=IMAGE)
    async with real.operator().working():
        await until(real.finished, "it ends")
    assert real.end() == ("Succeeded", 0)
    assert real.attempt()["logTail"]["stdout"] == "".join(f"{word}|" for word in words)


async def test_d18_the_record_says_which_image_really_ran(real: RealStage, oracle: DockerClient) -> None:
    """A tag was all that was kept, and nobody could tell later what it had stood for."""
    real.kube.create_job(argv=["true"], image=IMAGE)
    async with real.operator().working():
        await until(real.finished, "it ends")
    assert real.attempt()["imageID"] == oracle.images.get(IMAGE).id
