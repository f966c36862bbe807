"""Passes over a job, and every way in which one can go wrong."""

from typing import Any

import pytest
from tests.fakes.operator_rig import H1, OperatorRig, new_engine, until
from tests.fakes.troubles import When
from tests.unit.reconcile.conftest import Desk

from containerjob_operator.errors import HostUnavailable, KubeRefused, KubeUnavailable, WriteConflict
from containerjob_operator.reconcile.intake import suspect_job, take_job
from containerjob_operator.reconcile.jobs import FREE_CONFLICTS, LONGEST_PAUSE

LONG = ["sleep", "60"]


async def started(desk: Desk, **spec: Any) -> OperatorRig:
    desk.kube.create_job(**spec)
    await desk.rig.load()
    return desk.rig


def suspect(desk: Desk, name: str = "hello") -> None:
    suspect_job(desk.kube.job(name)["metadata"]["uid"], desk.rig.context)


async def test_a_short_job_takes_two_passes_and_two_writes(desk: Desk) -> None:
    rig = await started(desk, argv=["sh", "-c", "echo hi"])
    await rig.look()
    await rig.look()
    assert (desk.phase(), desk.kube.status()["exitCode"]) == ("Succeeded", 0)
    assert len(desk.kube.status_writes()) == 2
    assert [reason for _, reason, _ in rig.notes.told] == ["Completed"]
    assert desk.kube.status()["attempts"][0]["logTail"]["stdout"] == "hi\n"
    assert len(rig.context.jobs) == 0
    assert rig.context.placements.held[H1] == set()


async def test_a_job_that_nobody_knows_any_more_is_not_looked_at(desk: Desk) -> None:
    rig = await started(desk)
    rig.context.end(rig.live(), finished=False)
    await rig.look()
    assert desk.kube.status_writes() == []


async def test_after_a_lost_race_the_job_is_read_again_and_bound_once(desk: Desk) -> None:
    rig = await started(desk, argv=LONG)
    desk.kube.edit_job({"metadata": {"labels": {"touched": "yes"}}})
    await rig.look()
    assert desk.kube.status_writes() == []
    assert rig.live().suspect
    await rig.look()
    assert desk.engine.starts == 1
    assert desk.kube.status()["attemptCount"] == 1


async def test_a_write_that_never_gets_through_is_tried_at_once_a_few_times_and_then_with_pauses(desk: Desk) -> None:
    rig = await started(desk)
    desk.trouble.fail("patch ContainerJob", lambda: WriteConflict("again"), times=100)
    for _ in range(FREE_CONFLICTS):
        await rig.look()
        assert rig.live().uid not in rig.context.queue._due
    await rig.look()
    first = rig.due_in()
    assert 1 < first <= LONGEST_PAUSE


async def test_the_api_servers_wish_for_a_pause_is_honoured(desk: Desk) -> None:
    rig = await started(desk)
    desk.trouble.fail("patch ContainerJob", lambda: KubeUnavailable("busy", retry_after=7))
    await rig.look()
    assert 6 < rig.due_in() <= 7


@pytest.mark.parametrize("retry_after", [None, 0.0])
async def test_without_such_a_wish_pauses_grow_but_stay_short(desk: Desk, retry_after: float | None) -> None:
    rig = await started(desk)
    desk.trouble.fail("patch ContainerJob", lambda: KubeUnavailable("down", retry_after), times=10)
    pauses = []
    for _ in range(10):
        await rig.look()
        pauses.append(round(rig.due_in(), 2))
        rig.context.queue.forget(rig.live().uid)
    assert 0.5 < pauses[0] <= 1
    assert pauses == sorted(pauses)
    assert pauses[-1] <= LONGEST_PAUSE


async def test_a_refusal_of_the_api_server_is_no_reason_for_a_stack_trace(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    rig = await started(desk)
    desk.trouble.fail("patch ContainerJob", lambda: KubeRefused("forbidden: grant patch on containerjobs/status"))
    await rig.look()
    shown = capsys.readouterr().out
    assert "grant patch" in shown
    assert "Traceback" not in shown
    assert rig.due_in() > 0.5


async def test_a_bug_met_with_one_job_is_told_and_stops_no_other(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    desk.kube.create_job("broken", argv=LONG)
    desk.kube.create_job("fine")
    await desk.rig.load()
    desk.trouble.fail("create", lambda: ZeroDivisionError("a bug"))
    await desk.rig.look("broken")
    assert "ZeroDivisionError" in capsys.readouterr().out
    assert desk.rig.due_in("broken") > 0.5
    async with desk.rig.working():
        await until(lambda: desk.phase("fine") == "Succeeded", "the other job is over")
        await until(lambda: desk.engine.starts == 2, "the first one runs after all")


async def test_a_deleted_job_is_forgotten_with_its_slot_at_the_next_write(desk: Desk) -> None:
    rig = await started(desk)
    live = rig.live()
    desk.kube.delete_job()
    await rig.look_at(live.uid)
    await rig.look_at(live.uid)
    assert len(rig.context.jobs) == 0
    assert rig.context.placements.held[H1] == set()
    assert desk.engine.containers == {}


async def test_a_job_made_anew_under_the_same_name_does_not_inherit_anything(desk: Desk) -> None:
    rig = await started(desk, argv=LONG)
    await rig.look()
    old = rig.live()
    desk.kube.delete_job()
    desk.kube.create_job(argv=LONG)
    suspect_job(old.uid, rig.context)
    await rig.look_at(old.uid)
    assert old.gone
    await rig.grace_is_over(old)
    await rig.look_at(old.uid)
    assert desk.engine.containers == {}
    assert desk.kube.status() == {"observedGeneration": -1, "phase": "Pending"}


async def test_a_doubt_that_could_not_be_answered_remains(desk: Desk) -> None:
    rig = await started(desk, argv=LONG)
    suspect(desk)
    desk.trouble.fail("get ContainerJob", lambda: KubeUnavailable("down"), times=2)
    await rig.look()
    await rig.look()
    assert rig.live().suspect
    assert desk.kube.status_writes() == []
    await rig.look()
    assert desk.engine.starts == 1


async def test_a_job_that_left_the_watch_but_is_still_there_goes_on(desk: Desk) -> None:
    rig = await started(desk, argv=LONG)
    await rig.look()
    suspect(desk)
    await rig.look()
    assert rig.live().gone is False
    assert desk.engine.starts == 1


async def test_an_outcome_that_another_operator_stored_ends_the_job_here(desk: Desk) -> None:
    rig = await started(desk, argv=LONG)
    await rig.look()
    desk.kube.edit_job({"status": {"phase": "Failed", "finished": True}})
    writes = len(desk.kube.fake.writes)
    suspect(desk)
    await rig.look()
    assert len(rig.context.jobs) == 0
    assert rig.context.placements.held[H1] == set()
    assert len(desk.kube.fake.writes) == writes


async def test_our_own_finish_costs_no_read(desk: Desk) -> None:
    desk.kube.create_job()
    async with desk.rig.working():
        await until(lambda: desk.phase() == "Succeeded", "the job is over")
        await until(lambda: len(desk.rig.context.queue) == 0, "nothing is left to do")
    assert "get ContainerJob" not in desk.trouble.calls


async def test_a_stored_object_that_cannot_be_read_any_more_is_left_as_it_is(desk: Desk) -> None:
    rig = await started(desk, argv=LONG)
    await rig.look()
    desk.kube.edit_job({"spec": {"template": {"spec": {"restartPolicy": "Sometimes"}}}})
    suspect(desk)
    await rig.look()
    assert len(rig.context.jobs) == 0
    assert desk.container() in desk.engine.containers


async def test_a_new_process_reads_a_bound_job_before_it_creates_anything(desk: Desk) -> None:
    rig = await started(desk, argv=["true"])
    await rig.look()
    await rig.look()
    assert desk.phase() == "Succeeded"
    desk.engine.remove(desk.container())
    stale = desk.kube.job() | {"status": desk.kube.status_writes()[0], "metadata": {**desk.kube.job()["metadata"]}}
    stale["metadata"]["resourceVersion"] = "1"
    rig = await desk.restart()
    await rig.load()
    await take_job(stale, rig.context)
    await rig.look()
    await rig.look()
    assert "get ContainerJob" in desk.trouble.calls
    assert (desk.engine.starts, desk.engine.containers) == (1, {})


async def test_a_host_that_stops_answering_changes_a_condition_and_nothing_else(desk: Desk) -> None:
    rig = await started(desk, argv=LONG)
    await rig.look()
    desk.trouble.always["inspect"] = desk.trouble.fault(lambda: HostUnavailable("no route to host"))
    await rig.look()
    assert desk.phase() == "Scheduled"
    assert desk.kube.condition("HostReachable")["status"] == "False"
    assert "no route to host" in desk.kube.condition("HostReachable")["message"]
    del desk.trouble.always["inspect"]
    await rig.look()
    assert desk.kube.condition("HostReachable")["status"] == "True"
    assert desk.engine.starts == 1


async def test_a_cancel_that_arrives_while_a_status_is_written_is_not_lost(desk: Desk) -> None:
    rig = await started(desk, argv=LONG)
    await rig.look()

    async def cancelled_meanwhile() -> None:
        desk.trouble.within.clear()
        await take_job(desk.kube.job(), rig.context)
        await take_job(desk.kube.edit_job({"spec": {"cancel": True}}), rig.context)

    rig.live().launched_at = None  # settled: the pass writes Running
    desk.trouble.within["patch ContainerJob"] = cancelled_meanwhile
    await rig.look()
    assert desk.phase() == "Cancelling"


async def test_a_job_sent_elsewhere_while_it_was_being_bound_goes_elsewhere(desk: Desk) -> None:
    other, endpoint = new_engine()
    desk.kube.create_host("h2", endpoint)
    rig = await started(desk, argv=LONG, placement={"hostRef": {"name": "h1"}})
    desk.kube.edit_job({"spec": {"placement": {"hostRef": {"name": "h2"}}}})
    await rig.look()
    await rig.look()
    rig.context.placements.pass_once()
    await rig.look()
    assert desk.kube.status()["host"]["name"] == "h2"
    assert (desk.engine.starts, other.starts) == (0, 1)
    assert rig.context.placements.held[H1] == set()


async def test_a_lost_answer_to_the_binding_binds_once(desk: Desk) -> None:
    rig = await started(desk, argv=LONG)
    desk.trouble.fail("patch ContainerJob", lambda: KubeUnavailable("no answer"), When.AFTER)
    for _ in range(4):
        await rig.look()
    assert desk.kube.status()["attemptCount"] == 1
    assert desk.engine.starts == 1


async def test_facts_and_actions_that_disagree_do_not_spin(desk: Desk) -> None:
    rig = await started(desk, argv=LONG)
    await rig.look()
    await take_job(desk.kube.edit_job({"spec": {"cancel": True}}), rig.context)
    await rig.look()
    await rig.grace_is_over(rig.live())
    desk.trouble.ignored.add("kill")
    await rig.look()
    assert 0.5 < rig.due_in() <= 1
    assert desk.trouble.calls.count("kill") < 15


async def test_a_container_that_somebody_removed_is_lost_and_never_run_again(desk: Desk) -> None:
    rig = await started(desk, argv=LONG)
    await rig.look()
    desk.engine.remove(desk.container())
    await rig.look()
    assert (desk.phase(), desk.reason(), desk.engine.starts) == ("Failed", "ContainerLost", 1)
    assert "exitCode" not in desk.kube.status()
