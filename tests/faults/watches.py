"""Faults of what the API server tells: watches, lists, permissions, the definition itself."""

import json

from tests.conftest import TestPlane
from tests.fakes.fault_script import What
from tests.faults.records import FORBIDDEN, body_of
from tests.faults.stage import CREATE, Stage

from containerjob_api.names import CONTAINERJOBS, GROUP, VERSION
from containerjob_local.operator_process import apply_api

GONE = {"type": "ERROR", "object": {"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": 410}}
EXPIRED = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": 410, "reason": "Expired"}
WATCH, LIST = "watch containerjobs *", "list containerjobs *"
HALF_OPEN_SECONDS = 100.0


def fault_13_watch_expired_and_objects_deleted_meanwhile(stage: Stage) -> None:
    """The watch breaks, a job is deleted and another one made, and the way back to the gap is closed."""
    job = stage.running()
    stage.kube.plant(WATCH, What.DROP)
    stage.kube.cut(WATCH)
    job.delete()
    other = stage.job("exit 3")
    stage.kube.heal()
    stage.kube.plant(WATCH, What.ANSWER, status=200, body=json.dumps(GONE).encode() + b"\n", times=1)
    job.leaves_nothing()
    other.ends("Failed", 3)


def fault_14_half_open_watch(stage: Stage) -> None:
    """The watch stands and says nothing any more; what happens is seen within two minutes all the same."""
    stage.job("exit 0").ends("Succeeded", 0)  # by now it watches
    frozen = stage.kube.plant("watch *", What.FREEZE)
    first = stage.job("exit 3")
    frozen.wait()
    stage.kube.heal()
    first.ends("Failed", 3, seconds=HALF_OPEN_SECONDS)


def fault_15_list_that_breaks_in_the_middle(stage: Stage) -> None:
    """It starts, and the second part of the list of jobs has expired, then is cut off."""
    stage.subject.kill()
    jobs = [stage.job("exit 3") for _ in range(5)]
    stage.kube.chunk = 2
    stage.kube.plant(LIST, What.DROP, times=1)
    expired = stage.kube.plant(f"{LIST}+continue", What.ANSWER, status=410, body=body_of(EXPIRED), times=1)
    try:
        stage.subject.start()
        expired.wait()
        for job in jobs:
            job.ends("Failed", 3)
    finally:
        stage.kube.chunk = None
    stage.executed(len(jobs))


def fault_16_stale_view_after_a_restart(stage: Stage) -> None:
    """The server it asks first after a restart lags behind: jobs that are gone are in its list, still to run."""
    held = stage.engine.plant(CREATE, What.HOLD)
    job = stage.job("exit 3")
    held.wait()
    stage.kube.cut(WATCH)  # to list again
    listed = stage.objects.list_cluster_custom_object(GROUP, VERSION, CONTAINERJOBS)
    listed["items"] = [item for item in listed["items"] if item["metadata"]["uid"] == job.uid]
    held.release()
    job.ends("Failed", 3)
    job.delete()
    job.leaves_nothing()
    stage.subject.kill()
    stale = stage.kube.plant(LIST, What.ANSWER, status=200, body=json.dumps(listed).encode(), times=2)
    behind = stage.kube.plant(WATCH, What.HOLD)
    stage.subject.start()
    stale.wait()
    stage.holds_for(2.5, "a job that is gone does not run", lambda: stage.executions == 1)
    behind.release()
    assert not job.containers()
    stage.executed(1)


def fault_17_created_and_deleted_at_once(stage: Stage) -> None:
    """Events come merged or not at all: only what is true in the end counts."""
    jobs = [stage.job("sleep 600") for _ in range(4)]
    for job in jobs:
        job.delete()
    wavering = stage.job("sleep 2; exit 3")
    for cancel in (False, None, False):
        wavering.patch({"spec": {"cancel": cancel}})
    for job in jobs:
        job.leaves_nothing()
    wavering.ends("Failed", 3)


def fault_status_that_makes_no_sense(stage: Stage) -> None:
    """Somebody with the permission to do so writes that a job runs which was never bound; nobody else suffers."""
    stage.subject.kill()
    odd = stage.job("exit 3")
    stage.objects.patch_namespaced_custom_object_status(
        GROUP, VERSION, stage.namespace, CONTAINERJOBS, odd.name, {"status": {"phase": "Running"}}
    )
    stage.subject.start()
    try:
        stage.job("exit 3").ends("Failed", 3)
    finally:
        odd.delete()


def fault_18_permissions_taken_and_given_back(stage: Stage) -> None:
    """Everything about jobs is forbidden for a while, the watch too."""
    job = stage.running("sleep 2; exit 5")
    refusals = stage.kube.plant("* containerjobs* *", What.ANSWER, status=403, body=body_of(FORBIDDEN))
    stage.kube.cut(WATCH)
    later = stage.job("exit 3")
    stage.wait("the container has ended", job.exited)
    assert stage.holds_for(2, "no busy loop", lambda: refusals.met < 60) is None
    stage.kube.heal()
    job.ends("Failed", 5)
    later.ends("Failed", 3)


def fault_19_definition_deleted_and_made_again(stage: Stage, plane: TestPlane) -> None:
    """The definition goes, and all jobs with it; when it is back, what they left is removed, and new ones run."""
    job = stage.running()
    plane.kubectl("delete", "crd", "containerjobs.containerjobs.io", "--timeout=100s")
    stage.wait("the object is gone", lambda: job.body() is None)
    apply_api(plane.plane)
    stage.job("exit 3").ends("Failed", 3)
    job.leaves_nothing()
