"""Defects of deciding, remembering and cleaning up: an engine that is a fake shows them all."""

import asyncio
import time
from typing import Any

from tests.defects.conftest import ONCE, FakeStage
from tests.fakes.operator_rig import until
from tests.fakes.troubles import CrashAt, Planned, When

from containerjob_api.hostrefs import HostReference
from containerjob_operator.decide.observations import RunState
from containerjob_operator.errors import HostUnavailable
from containerjob_operator.kube.resources import DOCKERHOST

LONG = ["sleep", "60"]
SLOW = ["sh", "-c", "sleep 0.3; exit 4"]


async def test_d01_every_job_is_watched_to_its_end_and_gives_its_slot_back(stage: FakeStage) -> None:
    """Queue mode launched jobs and never looked at them again: no ends, no deadlines, no slots."""
    stage.kube.create_host("narrow", f"{stage.endpoint}-narrow", maxConcurrentJobs=1)
    pinned: dict[str, Any] = {"placement": {"hostRef": {"name": "narrow"}}, **ONCE}
    stage.kube.create_job("late", argv=LONG, activeDeadlineSeconds=1, **pinned)
    stage.kube.create_job("fails", argv=SLOW, **pinned)
    stage.kube.create_job("succeeds", argv=["true"], **pinned)
    operator = stage.operator()
    async with operator.working():
        await until(lambda: all(map(stage.finished, ("late", "fails", "succeeds"))), "all jobs end")
        assert operator.context.placements.held[HostReference(name="narrow")] == set()
    ends = {name: stage.end(name) for name in ("late", "fails", "succeeds")}
    assert ends == {"late": ("TimedOut", 137), "fails": ("Failed", 4), "succeeds": ("Succeeded", 0)}


async def test_d02_a_host_that_does_not_answer_fails_no_job(stage: FakeStage, trouble: Planned) -> None:
    """An error of the engine's API during a status check failed the job, or every job of the host."""
    for name in ("one", "two"):
        stage.kube.create_job(name, argv=["sh", "-c", "sleep 0.6; exit 4"], **ONCE)
    silent = trouble.fault(lambda: HostUnavailable("no route to host"))
    async with stage.operator(trouble).working():
        await until(lambda: stage.engine.starts == 2, "both run")
        trouble.always |= dict.fromkeys(("inspect", "list_owned", "engine", "tail"), silent)
        reachable = ("HostReachable", "one"), ("HostReachable", "two")
        await until(
            lambda: all(stage.kube.condition(*which).get("status") == "False" for which in reachable), "they are told"
        )
        assert not stage.finished("one")
        assert not stage.finished("two")
        trouble.always.clear()
        await until(lambda: stage.finished("one") and stage.finished("two"), "the host answers, and both end")
    assert (stage.end("one"), stage.end("two"), stage.engine.starts) == (("Failed", 4), ("Failed", 4), 2)


async def test_d03_a_new_process_knows_what_the_old_one_ran(stage: FakeStage) -> None:
    """Executions were remembered in the process alone: after a restart they were not found, and failed."""
    stage.kube.create_job(argv=SLOW, **ONCE)
    async with stage.operator().working():
        await until(lambda: stage.engine.starts, "it runs")
    async with stage.operator().working():
        await until(stage.finished, "it ends")
    assert (stage.end(), stage.engine.starts) == (("Failed", 4), 1)


async def test_d03_an_end_that_nobody_saw_is_no_success(stage: FakeStage) -> None:
    """Without anything to read the outcome from, a job was recorded as completed with exit code 0."""
    stage.kube.create_job(argv=LONG, **ONCE)
    async with stage.operator().working():
        await until(lambda: stage.end()[0] == "Running", "it runs")
    stage.engine.remove(stage.attempt()["name"])
    async with stage.operator().working():
        await until(stage.finished, "it ends")
    assert stage.end() == ("Failed", None)
    assert stage.kube.condition("Failed")["reason"] == "ContainerLost"


async def test_d03_an_output_that_cannot_be_read_makes_no_success(stage: FakeStage, trouble: Planned) -> None:
    """An error while the output was fetched ended in success, too."""
    stage.kube.create_job(argv=SLOW, **ONCE)
    trouble.fail("tail", lambda: HostUnavailable("the log is not there"))
    async with stage.operator(trouble).working():
        await until(stage.finished, "it ends")
    assert stage.end() == ("Failed", 4)


async def test_d09_a_command_that_fails_is_tried_again_and_one_that_succeeds_then_is_a_success(
    stage: FakeStage,
) -> None:
    """Only launches were tried again: a non-zero exit code was the end."""
    again = {"retryPolicy": {"initialDelaySeconds": 0}}
    stage.kube.create_job("hopeless", argv=["sh", "-c", "exit 4"], backoffLimit=2, **again)
    stage.kube.create_job("unlucky", argv=LONG, backoffLimit=2, **again)
    async with stage.operator().working():
        await until(lambda: stage.end("unlucky")[0] == "Running", "it runs")
        first = stage.engine.containers[stage.attempt("unlucky")["name"]]
        first.exit_code, first.ends_at = 9, time.time()
        await until(lambda: stage.kube.status("unlucky")["attemptCount"] == 2, "it is tried again")
        await until(lambda: stage.attempt("unlucky").get("startedAt"), "it runs again")
        second = stage.engine.containers[stage.attempt("unlucky")["name"]]
        second.exit_code, second.ends_at = 0, time.time()
        await until(lambda: stage.finished("hopeless") and stage.finished("unlucky"), "both end")
    assert stage.end("hopeless") == ("Failed", 4)
    assert stage.kube.condition("Failed", "hopeless")["reason"] == "BackoffLimitExceeded"
    assert [attempt["exitCode"] for attempt in stage.kube.status("hopeless")["attempts"]] == [4, 4, 4]
    assert stage.end("unlucky") == ("Succeeded", 0)
    assert [attempt["exitCode"] for attempt in stage.kube.status("unlucky")["attempts"]] == [9, 0]
    assert stage.engine.starts == 5


async def test_d10_two_operators_at_once_launch_a_job_once(stage: FakeStage) -> None:
    """The usual launch had no lock: two workers launched one job twice."""
    names = [f"job-{number}" for number in range(12)]
    for name in names:
        stage.kube.create_job(name, argv=["sh", "-c", "sleep 0.05; exit 4"], **ONCE)
    one, two = stage.operator(), stage.operator()
    async with one.working(), two.working():
        await until(lambda: all(map(stage.finished, names)), "all jobs end")
    assert stage.engine.starts == len(names)
    assert {(*stage.end(name), stage.kube.status(name)["attemptCount"]) for name in names} == {("Failed", 4, 1)}


async def test_d11_cancelled_is_said_once_the_container_has_ended(stage: FakeStage) -> None:
    """Cancelling changed a word in the database, and the container ran on."""
    stage.kube.create_job(argv=LONG, **ONCE)
    async with stage.operator(termination_grace_seconds=0.3).working():
        await until(lambda: stage.end()[0] == "Running", "it runs")
        stage.kube.edit_job({"spec": {"cancel": True}})
        await until(lambda: stage.end()[0] == "Cancelling", "it is being stopped")
        assert stage.engine.containers[stage.attempt()["name"]].state(time.time()) is RunState.RUNNING
        await until(stage.finished, "it is stopped")
    assert stage.end() == ("Cancelled", 137)


async def test_d13_what_is_left_of_jobs_is_removed(stage: FakeStage) -> None:
    """Cleaning up was a command that said it was temporarily disabled."""
    stage.kube.create_job("deleted", argv=["true"])
    stage.kube.create_job("kept", argv=["true"])
    async with stage.operator().working():
        await until(lambda: stage.finished("deleted") and stage.finished("kept"), "both end")
    assert len(stage.engine.containers) == 2
    kept = stage.attempt("kept")["name"]
    stage.kube.delete_job("deleted")
    async with stage.operator().working():
        await until(lambda: set(stage.engine.containers) == {kept}, "the deleted job's container is gone")
        stage.kube.fake.edit(DOCKERHOST, "h1", {"spec": {"containerRetentionSeconds": 0}})
        await until(lambda: not stage.engine.containers, "the other one's time is over")


async def test_d16_a_crash_right_after_the_start_loses_nothing(stage: FakeStage) -> None:
    """The launch was one transaction: a crash after the start rolled the container's id back, and left an orphan."""
    stage.kube.create_job(argv=SLOW, **ONCE)
    crash = CrashAt(frozenset({"start"}), 1, When.AFTER)
    async with stage.operator(crash).working():
        await asyncio.wait_for(crash.crashed.wait(), 60)
    (container,) = stage.engine.containers.values()
    async with stage.operator().working():
        await until(stage.finished, "it ends")
    assert (stage.end(), stage.engine.starts) == (("Failed", 4), 1)
    assert stage.attempt()["containerID"] == container.id
