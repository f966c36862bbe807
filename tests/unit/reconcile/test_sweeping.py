"""What a sweep does to containers: what is nobody's or given up ends, what is kept stays, what is active is safe."""

import pytest
from tests.fakes.operator_rig import CLUSTER
from tests.unit.reconcile.conftest import Desk
from tests.unit.reconcile.containers import (
    CREATED,
    EXITED,
    HOUR,
    LONG_AGO,
    RUNNING,
    container,
    job,
    limit,
    over,
    swept,
)

from containerjob_api.hostrefs import HostReference
from containerjob_api.jobs import ContainerJob
from containerjob_api.names import (
    LABEL_CLUSTER_UID,
    LABEL_JOB_UID,
    LABEL_NAME,
    container_name,
)
from containerjob_operator.decide.observations import RunState
from containerjob_operator.errors import HostUnavailable, KubeUnavailable
from containerjob_operator.executors.fake.programs import Program
from containerjob_operator.reconcile.intake import load


async def test_the_container_of_the_attempt_under_way_stays_in_every_state(desk: Desk) -> None:
    limit(desk, maxRetainedContainers=0, containerRetentionSeconds=0, orphanPolicy={"graceSeconds": 0})
    for name, state in (("a", RUNNING), ("b", EXITED), ("c", CREATED)):
        container(desk, job(desk, name, "HostLost", None), state, attempt=1, job=name, age=HOUR)
    assert await swept(desk, 3) == ["a-1 running", "b-1 exited", "c-1 created"]


async def test_what_was_given_up_is_stopped_then_killed_and_kept_for_its_logs(desk: Desk) -> None:
    uid = job(desk, "hello", "HostLost", None)
    container(desk, uid)
    container(desk, uid, attempt=1)
    assert await swept(desk) == ["hello-0 running", "hello-1 running"]
    assert desk.trouble.calls.count("signal_stop") == 1
    assert await swept(desk) == ["hello-0 exited", "hello-1 running"]
    assert await swept(desk, 3) == ["hello-0 exited", "hello-1 running"]
    assert "remove" not in desk.trouble.calls


async def test_what_was_given_up_and_heeds_its_signal_is_not_killed(desk: Desk) -> None:
    container(desk, job(desk, "hello", "HostLost"), deaf=False)
    assert await swept(desk, 3) == ["hello-0 exited"]
    assert "kill" not in desk.trouble.calls


async def test_what_was_given_up_before_it_ran_is_removed(desk: Desk) -> None:
    container(desk, job(desk, "hello", "StartError"), CREATED)
    assert await swept(desk) == []


async def test_what_runs_though_its_job_has_finished_is_ended_and_kept(desk: Desk) -> None:
    container(desk, over(desk, reason="HostLost"))
    assert await swept(desk, 3) == ["hello-0 exited"]


async def test_an_attempt_that_became_current_after_the_list_is_safe(desk: Desk) -> None:
    uid = job(desk, "hello", "HostLost")
    container(desk, uid, attempt=0)
    await desk.rig.load()

    async def bound_elsewhere() -> None:
        desk.trouble.within.clear()
        desk.kube.edit_job({"status": {"attempts": [{**desk.kube.status()["attempts"][0], "reason": None}]}})

    # This process still believes the attempt to be over: the stored record decides.
    desk.trouble.within["table ContainerJob"] = bound_elsewhere
    assert await swept(desk, 3) == ["hello-0 running"]
    assert "signal_stop" not in desk.trouble.calls


async def test_an_attempt_that_this_process_binds_between_the_read_and_the_look_is_safe(desk: Desk) -> None:
    uid = job(desk)
    limit(desk, unschedulable=True, orphanPolicy={"graceSeconds": 0})
    container(desk, uid)
    await desk.rig.load()

    async def bound() -> None:
        row = {"attempt": 0, "host": {"name": "h1"}, "name": container_name(uid, 0), "scheduledTime": LONG_AGO}
        body = desk.kube.edit_job({"status": {"attempts": [row], "attemptCount": 1}})
        desk.rig.context.take(ContainerJob.from_body(body))

    desk.trouble.within["inspect"] = bound
    assert await swept(desk, 3) == ["hello-0 running"]
    assert "signal_stop" not in desk.trouble.calls


async def test_an_attempt_that_ended_after_the_list_is_kept(desk: Desk) -> None:
    made = container(desk, over(desk, reason="HostLost"))
    await desk.rig.load()

    async def ends() -> None:
        desk.engine.end(made, 0)

    desk.trouble.within["list_owned"] = ends
    assert await swept(desk, 2) == ["hello-0 exited"]
    assert "signal_stop" not in desk.trouble.calls


async def test_an_unfinished_job_that_this_process_has_not_taken_in_keeps_its_containers(desk: Desk) -> None:
    await desk.rig.load()
    container(desk, job(desk, "hello", "HostLost", None))
    assert await swept(desk, 3) == ["hello-0 running"]


@pytest.mark.parametrize("state", [RUNNING, CREATED, EXITED])
async def test_a_container_that_its_job_does_not_know_is_spared_for_a_grace_and_goes(
    desk: Desk, state: RunState
) -> None:
    limit(desk, unschedulable=True)
    made = container(desk, job(desk), state, age=290)
    assert await swept(desk, 2) == [f"hello-0 {state}"]
    made.created_at -= 11
    assert await swept(desk, 2) == []


async def test_a_container_that_may_be_adopted_at_this_moment_is_safe(desk: Desk) -> None:
    container(desk, job(desk), age=HOUR)
    await desk.rig.load()
    live = desk.rig.live()
    live.placement = HostReference(name="h1")
    assert await swept(desk, 3) == ["hello-0 running"]
    live.placement = None
    assert await swept(desk, 2) == []


async def test_a_finished_jobs_unknown_attempt_has_its_grace_too(desk: Desk) -> None:
    uid = job(desk, phase="Cancelled", finished=True)
    made = container(desk, uid, age=290)
    assert await swept(desk, 2) == ["hello-0 running"]
    made.created_at -= 11
    assert await swept(desk, 2) == []


async def test_a_job_that_was_made_after_the_list_keeps_its_container(desk: Desk) -> None:
    await desk.rig.load()

    async def created_meanwhile() -> None:
        desk.trouble.within.clear()
        container(desk, job(desk, "new", None), CREATED, job="new")

    desk.trouble.within["table ContainerJob"] = created_meanwhile
    container(desk, "nobody", CREATED)
    assert await swept(desk, 2) == ["new-0 created"]


async def test_a_job_deleted_after_the_list_is_swept_the_next_time(desk: Desk) -> None:
    container(desk, over(desk), EXITED, age=25 * HOUR)
    await desk.rig.load()

    async def deleted() -> None:
        desk.trouble.within.clear()
        desk.kube.delete_job()

    desk.trouble.within["table ContainerJob"] = deleted
    assert await swept(desk) == ["hello-0 exited"]
    assert await swept(desk) == []


async def test_jobs_without_a_slot_whose_deletion_was_missed_are_read_again(desk: Desk) -> None:
    container(desk, job(desk, "hello", "HostLost", phase="Retrying"), EXITED)
    await desk.rig.load()
    live = desk.rig.live()
    desk.rig.context.placements.release(live)
    del desk.kube.fake.objects["ContainerJob", "team-a", "hello"]
    await swept(desk)
    assert live.suspect
    assert desk.rig.is_due(live.uid)


def unreadable(desk: Desk, name: str) -> str:
    uid: str = desk.kube.create_job(name)["metadata"]["uid"]
    desk.kube.edit_job({"spec": {"template": None}}, name)
    return uid


async def test_a_job_that_cannot_be_read_keeps_all_its_containers(desk: Desk) -> None:
    limit(desk, maxRetainedContainers=0, orphanPolicy={"graceSeconds": 0})
    uid = unreadable(desk, "hello")
    container(desk, uid, RUNNING, attempt=0)
    container(desk, uid, EXITED, attempt=1)
    assert await swept(desk, 3) == ["hello-0 running", "hello-1 exited"]


async def test_a_namesake_that_cannot_be_read_is_another_job_all_the_same(desk: Desk) -> None:
    unreadable(desk, "hello")
    container(desk, "nobody", CREATED)
    assert await swept(desk) == []
    assert "Ready" in {c["type"] for c in desk.kube.host("h1")["status"]["conditions"]}


async def test_a_container_without_a_jobs_name_is_not_ours_to_judge(desk: Desk) -> None:
    labels = {LABEL_CLUSTER_UID: CLUSTER, LABEL_JOB_UID: "nobody", LABEL_NAME: ""}
    desk.engine.create("by-hand-0", "busybox", labels, Program())
    assert await swept(desk, 2) == ["-0 created"]


@pytest.mark.parametrize("state", [RUNNING, CREATED, EXITED])
async def test_two_clusters_on_one_engine_never_touch_each_others_containers(desk: Desk, state: RunState) -> None:
    limit(desk, maxRetainedContainers=0, orphanPolicy={"graceSeconds": 0})
    container(desk, "nobody", state, cluster="cluster-2", age=HOUR)
    container(desk, over(desk), state, attempt=1, cluster="cluster-2", age=HOUR)
    assert await swept(desk, 3) == [f"hello-0 {state}", f"hello-1 {state}"]


async def test_each_host_keeps_its_own_number_of_finished_containers(desk: Desk) -> None:
    limit(desk, maxRetainedContainers=2)
    for age, name in enumerate("abcd"):
        container(desk, over(desk, name), EXITED, job=name, age=age)
    assert await swept(desk) == ["a-0 exited", "b-0 exited"]


async def test_a_container_goes_once_it_was_kept_for_its_hosts_time(desk: Desk) -> None:
    container(desk, over(desk, "a"), EXITED, job="a", age=HOUR + 5)
    container(desk, over(desk, "b"), EXITED, job="b", age=HOUR - 5)
    assert await swept(desk) == ["a-0 exited", "b-0 exited"]
    limit(desk, containerRetentionSeconds=HOUR)
    await load(desk.rig.context)
    assert await swept(desk) == ["b-0 exited"]


async def test_earlier_attempts_of_an_unfinished_job_count_and_expire_as_finished_ones_do(desk: Desk) -> None:
    limit(desk, maxRetainedContainers=1)
    uid = job(desk, "hello", "NonZeroExitCode", "NonZeroExitCode", None)
    for attempt, age in enumerate((30, 20)):
        container(desk, uid, EXITED, attempt=attempt, age=age)
    container(desk, uid, attempt=2)
    assert await swept(desk, 2) == ["hello-1 exited", "hello-2 running"]


async def test_a_container_that_ran_for_long_is_kept_from_its_end_on(desk: Desk) -> None:
    limit(desk, containerRetentionSeconds=HOUR)
    made = container(desk, over(desk), EXITED)
    made.created_at -= 2 * HOUR
    await desk.rig.load()
    desk.rig.executor.undated = True
    assert await swept(desk) == ["hello-0 exited"]
    made.ends_at -= 2 * HOUR
    assert await swept(desk) == []


async def test_one_container_that_cannot_be_removed_does_not_keep_the_others(desk: Desk) -> None:
    for number in range(3):
        container(desk, f"nobody{number}", EXITED)
    desk.trouble.fail("remove", lambda: HostUnavailable("removal is in progress"))
    await swept(desk)
    assert len(desk.engine.containers) == 1
    assert await swept(desk) == []


async def test_an_engine_that_stops_answering_is_not_asked_for_each_container(desk: Desk) -> None:
    for number in range(9):
        container(desk, f"nobody{number}", EXITED)
    desk.trouble.fail("remove", lambda: HostUnavailable("no answer"), times=9)
    await swept(desk)
    assert desk.trouble.calls.count("remove") == 3


async def test_an_engine_that_may_be_another_one_is_left_alone(desk: Desk) -> None:
    container(desk, "nobody", EXITED)
    await desk.rig.load()

    async def doubt() -> None:
        desk.rig.host().doubted = True

    desk.trouble.within["inspect"] = doubt
    assert await swept(desk) == ["hello-0 exited"]


async def test_nothing_goes_while_the_api_server_does_not_answer(desk: Desk) -> None:
    for number in range(2):
        container(desk, f"nobody{number}", EXITED)
    await desk.rig.load()
    desk.trouble.fail("get ContainerJob", lambda: KubeUnavailable("down"))
    assert len(await swept(desk)) == 2
    assert await swept(desk) == []


async def test_what_was_signalled_and_is_gone_is_forgotten(desk: Desk) -> None:
    container(desk, "nobody")
    container(desk, over(desk), EXITED, attempt=1)
    await swept(desk)
    assert desk.rig.host().signalled == {"cj-nobody-0"}
    desk.engine.remove("cj-nobody-0")
    await swept(desk)
    assert desk.rig.host().signalled == set()
