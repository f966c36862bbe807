"""Faults while a container is launched. Each function plays one on a stage; AssertionError where it hurts."""

import signal
import time

from tests.fakes.fault_script import What
from tests.fakes.troubles import When
from tests.faults.stage import CREATE, START, Stage


def fault_01_killed_before_any_write(stage: Stage) -> None:
    """It has seen a job and dies before anything came of it."""
    stage.job("exit 0").ends("Succeeded", 0)  # by now it watches
    writes = stage.kube.plant(f"patch containerjobs* {stage.namespace}/*", What.HOLD)
    creates = stage.engine.plant(CREATE, What.HOLD)
    job = stage.job("exit 3")
    stage.wait("its first effect", lambda: writes.reached.is_set() or creates.reached.is_set())
    stage.subject.kill()
    stage.kube.heal()
    stage.engine.heal()
    stage.subject.start()
    job.ends("Failed", 3)


def fault_02_killed_before_the_create(stage: Stage) -> None:
    """It dies with the create on its lips."""
    held = stage.engine.plant(CREATE, What.HOLD)
    job = stage.job("exit 3")
    held.wait()
    stage.subject.kill()
    bound = job.status().get("attempts", [])
    stage.engine.heal()
    stage.subject.start()
    job.ends("Failed", 3)
    if bound:
        attempts = job.status()["attempts"]
        assert [(a["host"]["name"], a["name"]) for a in attempts] == [(b["host"]["name"], b["name"]) for b in bound]


def fault_03_create_without_an_answer(stage: Stage) -> None:
    """Creates are lost on their way, or their answers are."""
    for when in When:
        stage.engine.plant(CREATE, What.DROP, when=when, times=1)
        stage.job("exit 3").ends("Failed", 3)
    stage.executed(2)


def fault_04_killed_after_the_start(stage: Stage) -> None:
    """The container runs, and the operator dies before anybody wrote that down."""
    held = stage.engine.plant(START, What.HOLD, when=When.AFTER, times=1)
    job = stage.job("sleep 2; exit 5")
    held.wait()
    stage.subject.restart()
    job.ends("Failed", 5)
    stage.executed(1)


def fault_07_start_without_an_answer(stage: Stage) -> None:
    """The start took effect, nobody heard of it, and the job is over before anybody asks."""
    stage.engine.plant(START, What.DROP, when=When.AFTER, times=1)
    stage.job("exit 3").ends("Failed", 3)
    stage.executed(1)


def fault_08_nothing_is_over_before_it_began(stage: Stage) -> None:
    """Created and not started: an engine that is asked to wait for its end would say at once that it ended with 0."""
    held = stage.engine.plant(START, What.HOLD, times=1)
    job = stage.job("exit 3")
    held.wait()
    stage.holds_for(1.5, "the job is not over", lambda: not job.status().get("finished"))
    held.release()
    job.ends("Failed", 3)


def fault_24_stopped_with_many_creates_in_flight(stage: Stage) -> None:
    """It is told to end, and ended by force soon after, while creates are on their way and others are done."""
    creates = stage.engine.plant(CREATE, What.HOLD, when=When.AFTER)
    jobs = [stage.job("exit 3") for _ in range(8)]
    stage.wait("creates are in flight", lambda: creates.met >= 5)
    stage.subject.kill(signal.SIGTERM, grace=1.0)
    stage.engine.heal()
    stage.subject.start()
    end = time.monotonic() + 30
    for job in jobs:
        job.ends("Failed", 3, seconds=end - time.monotonic())
    stage.executed(len(jobs))
