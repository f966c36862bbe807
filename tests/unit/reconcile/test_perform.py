"""Launches that are slow, refused or unanswered; stops that are ignored; ends whose output cannot be read."""

import asyncio
from typing import Any

import pytest
from tests.fakes.operator_rig import OperatorRig, until
from tests.fakes.troubles import When
from tests.unit.reconcile.conftest import Desk

from containerjob_api.phases import Reason
from containerjob_operator.errors import HostUnavailable, LaunchDelayed, LaunchRejected
from containerjob_operator.reconcile.intake import suspect_job, take_job
from containerjob_operator.reconcile.perform import TAIL_TRIES

LONG = ["sleep", "60"]


async def started(desk: Desk, **spec: Any) -> OperatorRig:
    desk.kube.create_job(**spec)
    await desk.rig.load()
    return desk.rig


def away() -> HostUnavailable:
    return HostUnavailable("no answer")


async def looking_at_a_slow_create(rig: OperatorRig) -> "asyncio.Task[None]":
    """Start a pass that hangs in its create, as in a long pull."""
    rig.executor.slow = asyncio.Event()
    task = asyncio.create_task(rig.look())
    await until(lambda: rig.executor.waiting, "the create is under way")
    return task


async def test_a_cancel_ends_a_slow_create(desk: Desk) -> None:
    rig = await started(desk)
    looking = await looking_at_a_slow_create(rig)
    await take_job(desk.kube.edit_job({"spec": {"cancel": True}}), rig.context)
    await looking
    assert (desk.phase(), desk.engine.starts) == ("Cancelled", 0)


async def test_a_deadline_ends_a_slow_create(desk: Desk) -> None:
    rig = await started(desk, activeDeadlineSeconds=1)
    await (await looking_at_a_slow_create(rig))
    assert (desk.phase(), desk.engine.starts) == ("TimedOut", 0)


async def test_a_deletion_ends_a_slow_create(desk: Desk) -> None:
    rig = await started(desk)
    looking = await looking_at_a_slow_create(rig)
    uid = rig.live().uid
    desk.kube.delete_job()
    suspect_job(uid, rig.context)
    await looking
    await rig.look_at(uid)
    assert len(rig.context.jobs) == 0
    assert desk.engine.containers == {}


async def test_a_change_from_before_the_launch_does_not_disturb_it(desk: Desk) -> None:
    rig = await started(desk, argv=LONG)
    rig.live().changed.set()
    looking = await looking_at_a_slow_create(rig)
    await asyncio.sleep(0)
    assert rig.executor.waiting
    assert rig.executor.slow is not None
    rig.executor.slow.set()
    await looking
    assert desk.trouble.calls.count("create") == 1
    assert desk.engine.starts == 1


async def test_what_a_given_up_create_still_says_is_of_no_interest(desk: Desk) -> None:
    rig = await started(desk)
    rig.executor.parting_words = LaunchRejected(Reason.IMAGE_NOT_FOUND, "too late")
    looking = await looking_at_a_slow_create(rig)
    await take_job(desk.kube.edit_job({"spec": {"cancel": True}}), rig.context)
    await looking
    assert desk.phase() == "Cancelled"


@pytest.mark.parametrize("verb", ["create", "start"])
async def test_a_passing_refusal_ends_the_attempt_and_another_one_follows(desk: Desk, verb: str) -> None:
    rig = await started(desk, retryPolicy={"launchRetryLimit": 1, "initialDelaySeconds": 0})
    desk.trouble.fail(verb, lambda: LaunchDelayed(Reason.IMAGE_PULL_BACK_OFF, "registry is down"))
    await rig.look()
    first = desk.kube.status()["attempts"][0]
    assert (first["reason"], first["failureClass"], desk.kube.status()["launchFailures"]) == (
        "ImagePullBackOff",
        "Launch",
        1,
    )
    assert ("Warning", "ImagePullBackOff") in {told[:2] for told in rig.notes.told}
    async with rig.working():
        await until(lambda: desk.phase() == "Succeeded", "the job is over")
    assert [a.name[-2:] for a in desk.engine.containers.values()] == ["-1"]
    assert (desk.engine.starts, desk.kube.status()["attemptCount"]) == (1, 2)


async def test_pauses_grow_between_launches_that_nobody_answers(desk: Desk) -> None:
    rig = await started(desk)
    desk.trouble.always["create"] = desk.trouble.fault(away)
    pauses = []
    for _ in range(8):
        await rig.look()
        live = rig.live()
        assert live.refusal is not None
        pauses.append(round(rig.due_in()))
        rig.context.queue.forget(live.uid)
        live.refusal = None
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60]


@pytest.mark.parametrize("verb", ["create", "start"])
async def test_a_final_refusal_fails_the_job_in_the_engines_words(desk: Desk, verb: str) -> None:
    rig = await started(desk)
    desk.trouble.fail(verb, lambda: LaunchRejected(Reason.INVALID_SPEC, "invalid mount config"))
    await rig.look()
    assert (desk.phase(), desk.reason()) == ("Failed", "InvalidSpec")
    assert desk.kube.condition("Ready")["message"] == "invalid mount config"
    assert desk.engine.starts == 0
    assert ("Warning", "InvalidSpec", "invalid mount config") in rig.notes.told


@pytest.mark.parametrize("when", list(When))
@pytest.mark.parametrize("verb", ["create", "start"])
async def test_a_launch_without_an_answer_runs_the_job_once(desk: Desk, verb: str, when: When) -> None:
    rig = await started(desk, argv=["sh", "-c", "exit 3"])
    desk.trouble.fail(verb, away, when)
    async with rig.working():
        await until(lambda: desk.phase() == "Failed", "the job is over")
    assert desk.kube.status()["exitCode"] == 3
    assert desk.engine.starts == 1


async def test_a_stop_signal_that_does_not_get_through_is_sent_again_after_a_pause(desk: Desk) -> None:
    rig = await started(desk, argv=["sh", "-c", "trap 'exit 7' TERM; sleep 60 & wait"])
    await rig.look()
    await take_job(desk.kube.edit_job({"spec": {"cancel": True}}), rig.context)
    desk.trouble.fail("signal_stop", away)
    await rig.look()
    assert desk.phase() == "Cancelling"
    assert rig.live().refusal is None
    assert desk.trouble.calls.count("signal_stop") == 1
    assert rig.due_in() > 0.5
    await rig.look()
    await rig.look()
    assert (desk.phase(), desk.kube.status()["exitCode"]) == ("Cancelled", 7)


async def test_who_ignores_the_stop_signal_is_killed_when_the_grace_is_over_and_not_before(desk: Desk) -> None:
    await desk.restart(termination_grace_seconds=0.3)
    rig = await started(desk, argv=LONG)
    await rig.look()
    await take_job(desk.kube.edit_job({"spec": {"cancel": True}}), rig.context)
    for _ in range(3):
        await rig.look()
    assert "kill" not in desk.trouble.calls
    assert desk.trouble.calls.count("signal_stop") == 1
    await rig.grace_is_over(rig.live())
    await rig.look()
    assert (desk.phase(), desk.kube.status()["exitCode"]) == ("Cancelled", 137)


async def test_a_cancelled_job_whose_container_never_started_leaves_none(desk: Desk) -> None:
    rig = await started(desk)
    desk.trouble.fail("start", away)
    await rig.look()
    assert len(desk.engine.containers) == 1
    await take_job(desk.kube.edit_job({"spec": {"cancel": True}}), rig.context)
    await rig.look()
    assert (desk.phase(), desk.engine.containers) == ("Cancelled", {})


async def test_output_that_cannot_be_read_is_asked_for_again(desk: Desk) -> None:
    rig = await started(desk, argv=["sh", "-c", "echo hi"])
    desk.trouble.fail("tail", away)
    await rig.look()
    await rig.look()
    assert desk.phase() == "Scheduled"
    await rig.look()
    assert desk.phase() == "Succeeded"
    assert desk.kube.status()["attempts"][0]["logTail"]["stdout"] == "hi\n"


async def test_output_that_can_never_be_read_does_not_keep_a_job_for_ever(desk: Desk) -> None:
    rig = await started(desk)
    await rig.look()
    desk.trouble.always["tail"] = desk.trouble.fault(away)
    for _ in range(TAIL_TRIES + 1):
        await rig.look()
    assert desk.phase() == "Succeeded"
    assert "logTail" not in desk.kube.status()["attempts"][0]


async def test_without_retention_the_container_goes_once_its_outcome_is_stored(desk: Desk) -> None:
    desk.kube.edit_host("h1", {"containerRetentionSeconds": 0})
    rig = await started(desk)
    await rig.look()
    await rig.look()
    assert (desk.phase(), desk.engine.containers) == ("Succeeded", {})
    assert desk.trouble.calls.index("remove") > desk.trouble.calls.index("patch ContainerJob")


async def test_a_removal_that_fails_leaves_the_outcome_as_it_is(desk: Desk) -> None:
    desk.kube.edit_host("h1", {"containerRetentionSeconds": 0})
    rig = await started(desk)
    await rig.look()
    desk.trouble.fail("remove", away)
    await rig.look()
    assert desk.phase() == "Succeeded"
    assert len(desk.engine.containers) == 1


async def test_without_retention_a_job_that_never_had_a_container_just_ends(desk: Desk) -> None:
    desk.kube.edit_host("h1", {"containerRetentionSeconds": 0})
    rig = await started(desk, cancel=True)
    await rig.look()
    assert desk.phase() == "Cancelled"
    assert "remove" not in desk.trouble.calls
