"""Faults while an outcome is written down."""

import contextlib
import json
import signal
import threading

from kubernetes.client import ApiException
from tests.fakes.fault_script import Planted, What
from tests.fakes.troubles import When
from tests.faults.stage import Job, Stage

TOO_MANY = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": 429, "message": "slow down"}
CONFLICT = {**TOO_MANY, "code": 409, "reason": "Conflict", "message": "the object has been modified"}
FORBIDDEN = {**TOO_MANY, "code": 403, "reason": "Forbidden", "message": "not allowed"}


def body_of(status: dict[str, object]) -> bytes:
    """Encode what the API server would answer."""
    return json.dumps(status).encode()


def _at_the_last_write(stage: Stage, when: When) -> tuple[Job, Planted]:
    """Have a running job end, and hold what is then written of it."""
    job = stage.running("sleep 3; exit 5")
    held = stage.kube.plant(stage.patch_line(job), What.HOLD, when=when)
    held.wait()
    return job, held


def fault_05_killed_before_the_outcome_is_stored(stage: Stage) -> None:
    """The end was seen; nobody wrote it down."""
    job, _ = _at_the_last_write(stage, When.BEFORE)
    stage.subject.kill()
    stage.kube.heal()
    stage.subject.start()
    job.ends("Failed", 5)
    stage.executed(1)


def fault_06_killed_after_the_outcome_is_stored(stage: Stage) -> None:
    """The end is stored, its writer never heard of it: nothing is run again, nothing is left in the end."""
    job, _ = _at_the_last_write(stage, When.AFTER)
    stage.subject.kill()
    stage.kube.heal()
    stage.subject.start()
    job.ends("Failed", 5)
    later = stage.job("exit 0")
    later.ends("Succeeded", 0)
    stage.executed(2)
    job.delete()
    job.leaves_nothing()


def fault_09_a_storm_of_other_writers(stage: Stage) -> None:
    """Somebody writes to the object all the time, and the server refuses some writes."""
    stop = threading.Event()
    job = stage.job("sleep 1; exit 5")

    def write() -> None:
        number = 0
        while not stop.wait(0.05):
            number += 1
            with contextlib.suppress(ApiException):  # its own writes are lost to others, too
                job.patch({"metadata": {"annotations": {"storm": str(number)}}})

    stage.kube.plant(stage.patch_line(job), What.ANSWER, status=409, body=body_of(CONFLICT), times=3)
    writer = threading.Thread(target=write)
    writer.start()
    try:
        stage.wait("the container has ended", job.exited)
        job.ends("Failed", 5)
    finally:
        stop.set()
        writer.join()
    assert stage.kube.count(stage.patch_line(job)) <= 40, "writes are not bounded"


def fault_10_write_without_an_answer(stage: Stage) -> None:
    """Every other write takes effect without its writer hearing of it."""
    job = stage.job("sleep 1; exit 5")
    for _ in range(3):
        stage.kube.plant(stage.patch_line(job), What.DROP, when=When.AFTER, times=1)
    job.ends("Failed", 5)
    assert job.status().get("attemptCount", 1) == 1
    stage.executed(1)


def fault_11_too_many_requests(stage: Stage) -> None:
    """The server asks everybody to slow down."""
    stage.job("exit 0").ends("Succeeded", 0)  # by now it watches
    before = stage.kube.count("*")
    wish = stage.kube.plant(
        "[!w]* containerjobs* *", What.ANSWER, status=429, headers={"Retry-After": "2"}, body=body_of(TOO_MANY)
    )
    jobs = [stage.job("exit 3") for _ in range(3)]
    wish.wait()
    stage.holds_for(4, "the wish is obeyed", lambda: stage.kube.count("*") - before < 60)
    assert wish.met <= 25, f"asked {wish.met} times in 4 s"
    stage.kube.heal()
    for job in jobs:
        job.ends("Failed", 3)


def fault_12_the_server_is_a_black_hole(stage: Stage) -> None:
    """Jobs end while nothing that is asked of the API server is ever answered."""
    jobs = stage.all_running(3, "sleep 4; exit 5")
    writes = {job.name: stage.kube.count(stage.patch_line(job)) for job in jobs}
    stage.kube.plant("*", What.HOLD)
    stage.kube.plant("watch *", What.FREEZE)
    stage.wait("the containers have ended", lambda: all(job.exited() for job in jobs))
    stage.holds_for(3, "the outage goes on", lambda: True)
    stage.kube.heal()
    for job in jobs:
        job.ends("Failed", 5)
        assert stage.kube.count(stage.patch_line(job)) - writes[job.name] <= 6, "writes are not bounded"


def fault_25_nothing_is_heard_for_a_while(stage: Stage) -> None:
    """The process does not get to run while containers end."""
    jobs = stage.all_running(3, "sleep 3; exit 5")
    stage.subject.send(signal.SIGSTOP)
    stage.wait("the containers have ended", lambda: all(job.exited() for job in jobs))
    stage.subject.send(signal.SIGCONT)
    for job in jobs:
        job.ends("Failed", 5)
