"""What people do at awkward times, and operators beside each other."""

import signal
from collections.abc import Callable

from tests.faults.stage import Stage
from tests.faults.subjects import Subject

POLITE = "trap 'sleep 0.5; exit 7' TERM; sleep 600 & wait"


def fault_20_deleted_and_made_again(stage: Stage) -> None:
    """Another job has the name of one whose container is still ending."""
    old = stage.running(POLITE, name="same")
    old.delete()
    stage.wait("the name is free", lambda: old.body() is None)
    new = stage.job("exit 3", name="same")
    new.ends("Failed", 3)
    stage.wait("the old container is gone", lambda: not old.containers())


def fault_21_deleted_while_the_operator_is_down(stage: Stage) -> None:
    """An object goes at once, whoever is down; what it leaves is removed later."""
    job = stage.running()
    stage.subject.kill()
    job.delete()
    stage.wait("the object is gone", lambda: job.body() is None, seconds=20)
    stage.subject.start()
    job.leaves_nothing()


def fault_22_finalizers_stripped_by_force(stage: Stage) -> None:
    """Somebody who has lost patience makes the object go; its container does not stay for ever."""
    job = stage.running()
    stage.subject.kill()
    job.delete()
    if job.body() is not None:
        job.patch({"metadata": {"finalizers": None}})
    stage.wait("the object is gone", lambda: job.body() is None, seconds=20)
    stage.subject.start()
    job.leaves_nothing()


def fault_23_two_operators(stage: Stage, rival_of: Callable[[Subject], Subject]) -> None:
    """One is frozen for longer than its lease, another takes over, and the first wakes up and believes to lead."""
    before = stage.running("sleep 6; exit 5")
    rival = rival_of(stage.subject)
    rival.start()
    try:
        stage.subject.send(signal.SIGSTOP)
        between = stage.job("sleep 2; exit 3")
        stage.wait("the other one has taken over", between.containers)
        stage.subject.send(signal.SIGCONT)
        after = [stage.job("exit 3") for _ in range(4)]
        before.ends("Failed", 5)
        for job in (between, *after):
            job.ends("Failed", 3)
    finally:
        rival.kill(signal.SIGTERM)
    stage.executed(6)


def fault_31_containers_touched_by_hand(stage: Stage) -> None:
    """Somebody kills one and removes another: the truth is told, nothing runs again, no success is invented."""
    killed, removed = stage.all_running(2)
    stage.docker.api.kill(killed.containers()[0]["Id"], "SIGKILL")
    stage.docker.api.remove_container(removed.containers()[0]["Id"], force=True)
    killed.ends("Failed", 137)
    status = stage.wait("the loss is told", lambda: (s := removed.status()).get("finished") and s)
    assert (status["phase"], status.get("exitCode")) in {("Failed", None), ("Failed", 137)}, status
    assert removed.containers() == []
    stage.executed(2)
