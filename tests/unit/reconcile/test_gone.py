"""What happens on the host when a job was deleted."""

from typing import Any

import pytest
from tests.fakes.operator_rig import H1, OperatorRig, until
from tests.unit.reconcile.conftest import Desk

from containerjob_operator.errors import HostUnavailable
from containerjob_operator.reconcile.intake import suspect_job, take_job

LONG = ["sleep", "60"]


async def deleted(desk: Desk, **spec: Any) -> tuple[OperatorRig, str]:
    """Return the operator, told of the deletion of a running job, and the job's uid."""
    desk.kube.create_job(**{"argv": LONG, **spec})
    await desk.rig.load()
    await desk.rig.look()
    uid = desk.rig.live().uid
    desk.kube.delete_job()
    suspect_job(uid, desk.rig.context)
    return desk.rig, uid


async def test_a_deleted_jobs_container_is_stopped_and_removed(desk: Desk) -> None:
    rig, uid = await deleted(desk)
    live = rig.context.jobs.get(uid)
    assert live is not None
    await rig.look_at(uid)
    assert desk.trouble.calls.count("signal_stop") == 1
    await rig.grace_is_over(live)
    await rig.look_at(uid)
    assert desk.engine.containers == {}
    assert (len(rig.context.jobs), rig.context.placements.held[H1]) == (0, set())


async def test_its_grace_is_not_cut_short_by_looking_at_it(desk: Desk) -> None:
    await desk.restart(termination_grace_seconds=30)
    rig, uid = await deleted(desk)
    for _ in range(3):
        await rig.look_at(uid)
        suspect_job(uid, rig.context)
    assert len(desk.engine.containers) == 1
    assert desk.trouble.calls.count("signal_stop") == 1
    assert "remove" not in desk.trouble.calls


async def test_a_grace_that_began_with_a_cancel_does_not_begin_anew(desk: Desk) -> None:
    desk.kube.create_job(argv=LONG)
    rig = desk.rig
    await rig.load()
    await rig.look()
    await take_job(desk.kube.edit_job({"spec": {"cancel": True}}), rig.context)
    await rig.look()
    live = rig.live()
    await rig.grace_is_over(live)
    desk.kube.delete_job()
    suspect_job(live.uid, rig.context)
    await rig.look_at(live.uid)
    assert desk.engine.containers == {}
    assert desk.trouble.calls.count("signal_stop") == 1


async def test_who_ends_within_the_grace_is_removed_at_once(desk: Desk) -> None:
    await desk.restart(termination_grace_seconds=30)
    rig, uid = await deleted(desk, argv=["sh", "-c", "trap 'exit 0' TERM; sleep 60 & wait"])
    async with rig.working():
        await until(lambda: not desk.engine.containers, "the container is gone")
    assert uid not in rig.context.jobs


async def test_a_host_that_does_not_answer_is_left_to_its_sweep(desk: Desk) -> None:
    rig, uid = await deleted(desk)
    desk.trouble.fail("inspect", lambda: HostUnavailable("no answer"))
    await rig.look_at(uid)
    assert len(rig.context.jobs) == 0
    assert len(desk.engine.containers) == 1


@pytest.mark.parametrize("verb", ["signal_stop", "remove"])
async def test_what_does_not_get_through_to_an_engine_that_answers_is_tried_again(desk: Desk, verb: str) -> None:
    rig, uid = await deleted(desk)
    desk.trouble.fail(verb, lambda: HostUnavailable("no answer"))
    async with rig.working():
        await until(lambda: uid not in rig.context.jobs, "the job is let go")
    assert desk.engine.containers == {}


async def test_a_job_deleted_before_it_had_a_host_is_just_forgotten(desk: Desk) -> None:
    desk.kube.create_job()
    await desk.rig.load()
    uid = desk.rig.live().uid
    desk.kube.delete_job()
    suspect_job(uid, desk.rig.context)
    await desk.rig.look_at(uid)
    assert len(desk.rig.context.jobs) == 0
    assert set(desk.trouble.calls) & {"create", "inspect", "remove"} == set()


async def test_a_container_that_somebody_removed_already_is_not_removed_again(desk: Desk) -> None:
    rig, uid = await deleted(desk)
    desk.engine.containers.clear()
    await rig.look_at(uid)
    assert len(rig.context.jobs) == 0
    assert "remove" not in desk.trouble.calls
