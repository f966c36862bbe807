"""Faults of the engine: its events, and the daemon itself."""

import time

from tests.fakes.fault_script import NotPlayedError, What
from tests.fakes.programs import is_running
from tests.faults.stage import Job, Stage

EVENTS = "GET /events"
MANY = 6
SOON = {"retryPolicy": {"initialDelaySeconds": 1, "launchRetryLimit": 3}}
LONG_ENOUGH = 15.0
"""Seconds within which even a busy machine starts a container."""
BEFORE_A_RESYNC = 25.0
"""Seconds: what is found by then was not found by reading everything again."""


def fault_26_events_cut_while_many_end(stage: Stage) -> None:
    """The stream breaks, containers end, and the engine does not tell of it any more."""
    jobs = stage.all_running(MANY, "sleep 8; exit 5")
    stage.engine.plant(EVENTS, What.DROP)
    stage.engine.cut(EVENTS)
    stage.wait("the containers have ended", lambda: all(job.exited() for job in jobs))
    stage.engine.heal()
    end = time.monotonic() + BEFORE_A_RESYNC
    for job in jobs:
        job.ends("Failed", 5, seconds=end - time.monotonic())


def fault_27_events_that_never_come(stage: Stage) -> None:
    """The stream stands and gives nothing, as one that is read too slowly, or to a machine that is gone."""
    jobs = stage.all_running(4, "sleep 3; exit 5")
    stage.engine.plant(EVENTS, What.FREEZE)
    end = time.monotonic() + BEFORE_A_RESYNC
    for job in jobs:
        job.ends("Failed", 5, seconds=end - time.monotonic())


def fault_28_engine_restarted(stage: Stage) -> None:
    """The daemon crashes and comes back, and what ran there does not: no failure of the job's own is made of that."""
    assert stage.daemon is not None
    soon = time.time() + LONG_ENOUGH  # an attempt that begins later is short
    job = stage.running(f"[ $(date +%s) -lt {soon:.0f} ] && sleep 600; exit 0", **SOON)
    _has_to_run(job)
    stage.daemon.crash()
    stage.wait("another attempt would be short", lambda: time.time() > soon)
    stage.daemon.come_back(live_restore=False)
    status = stage.wait("the job finishes", lambda: (s := job.status()).get("finished") and s)
    told = status["phase"] == "Succeeded" or job.reason() not in {"", "NonZeroExitCode"}
    assert told, f"a restart of the engine is told as the job's failure: {status}"


def fault_29_engine_away_while_containers_go_on(stage: Stage) -> None:
    """The daemon is down, its containers are not; one ends meanwhile. The truth is found when it is back."""
    assert stage.daemon is not None
    stage.daemon.stop()
    stage.daemon.come_back(live_restore=True)
    ends, goes_on = stage.running("sleep 5; exit 5"), stage.running("sleep 8; exit 6")
    process = _has_to_run(ends)
    stage.daemon.stop()
    stage.wait("the container has ended unseen", lambda: not is_running(process))
    assert not ends.status().get("finished"), "an end was invented"
    stage.daemon.come_back(live_restore=True)
    ends.ends("Failed", 5)
    goes_on.ends("Failed", 6)


def _has_to_run(job: Job) -> int:
    """Return the pid of a job's container; one that has ended already is too early for the fault."""
    process: int = job.stage.docker.api.inspect_container(job.containers()[0]["Id"])["State"]["Pid"]
    if not process:
        raise NotPlayedError(f"{job.name} ended before the fault began")
    return process
