"""Events for people: how a job ended, why it waits, and nothing about the smooth steps between."""

from tests.fakes.operator_rig import until
from tests.unit.decide.builders import NO_HOST, START, new_job, queued, running, scheduled, stored
from tests.unit.reconcile.conftest import Desk

from containerjob_api.phases import Phase, Reason
from containerjob_operator.decide import statuses
from containerjob_operator.decide.endings import Remains, concluded
from containerjob_operator.decide.verdicts import Verdict, verdict_without_attempt
from containerjob_operator.reconcile.announce import moved


async def test_a_short_smooth_life_has_one_event_and_a_longer_one_two(desk: Desk) -> None:
    desk.kube.create_job("short")
    desk.kube.create_job("longer", argv=["sleep", "0.8"])
    async with desk.rig.working():
        await until(lambda: desk.phase("longer") == "Succeeded", "the jobs are over")
    assert [(type_, reason) for type_, reason, _ in desk.rig.notes.told] == [
        ("Normal", "Completed"),
        ("Normal", "Running"),
        ("Normal", "Completed"),
    ]


async def test_smooth_steps_are_silent_and_so_is_a_queue(desk: Desk) -> None:
    job = new_job()
    for before, after in ((job, queued()), (queued(), scheduled()), (running(), running())):
        moved(before, after, desk.rig.context)
    assert desk.rig.notes.told == []


async def test_why_a_job_waits_for_somebody_to_act_is_told_once(desk: Desk) -> None:
    job = new_job()
    pending = stored(job, statuses.unplaced(job, NO_HOST, START))
    for before, after in ((job, pending), (pending, pending)):
        moved(before, after, desk.rig.context)
    assert [(type_, reason) for type_, reason, _ in desk.rig.notes.told] == [("Warning", "NoHost")]


async def test_a_cancel_is_told_when_it_begins_and_when_it_is_done(desk: Desk) -> None:
    job = running(cancel=True)
    stopping = stored(job, statuses.stopping(job, Reason.CANCELLED, START))
    end = verdict_without_attempt(stopping, Reason.CANCELLED)
    over = stored(stopping, concluded(stopping, end, Remains(), START))
    moved(job, stopping, desk.rig.context)
    moved(stopping, over, desk.rig.context)
    assert [(type_, reason) for type_, reason, _ in desk.rig.notes.told] == [
        ("Normal", "Cancelled"),
        ("Normal", "Cancelled"),
    ]


async def test_a_launch_that_is_put_off_and_a_failure_are_warnings(desk: Desk) -> None:
    job = scheduled()
    waiting = stored(job, statuses.waiting_to_launch(job, Reason.IMAGE_PULL_BACK_OFF, "registry is down", START))
    end = Verdict(Phase.FAILED, Reason.IMAGE_NOT_FOUND, "no such image")
    failed = stored(waiting, concluded(waiting, end, Remains(), START))
    moved(job, waiting, desk.rig.context)
    moved(waiting, failed, desk.rig.context)
    assert desk.rig.notes.told == [
        ("Warning", "ImagePullBackOff", "registry is down"),
        ("Warning", "ImageNotFound", "no such image"),
    ]
