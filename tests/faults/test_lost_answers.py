"""What is made of a start whose answer was lost, and of one that was refused by an engine that then fell silent."""

from datetime import timedelta

from tests.fakes.troubles import When
from tests.faults.mutants import at_a_desk
from tests.unit.reconcile.conftest import Desk

from containerjob_api.phases import Reason
from containerjob_operator.errors import HostUnavailable, LaunchDelayed
from containerjob_operator.reconcile.clock import wall_clock


async def container_removed_after_a_start_without_an_answer(desk: Desk) -> None:
    """Lose the answer of a start that took place, and then the container to somebody else."""
    desk.kube.create_job(argv=["sleep", "60"])
    await desk.rig.load()

    async def removed() -> None:
        desk.engine.remove(desk.container())

    desk.trouble.fail("start", lambda: HostUnavailable("no answer"), When.AFTER)
    desk.trouble.within["start"] = removed
    await desk.rig.look()
    assert desk.engine.starts == 1
    assert (desk.phase(), desk.reason()) == ("Failed", "ContainerLost")


async def start_refused_before_a_long_silence(desk: Desk) -> None:
    """Refuse a start; then the engine is away for longer than the container would have been allowed to run."""
    desk.kube.create_job(argv=["sleep", "60"], attemptDeadlineSeconds=5)
    await desk.rig.load()
    desk.trouble.fail("start", lambda: LaunchDelayed(Reason.LAUNCH_BACK_OFF, "no space left on device"))
    desk.trouble.always["inspect"] = desk.trouble.fault(lambda: HostUnavailable("no answer"))
    await desk.rig.look()
    assert desk.phase() == "Scheduled"
    desk.rig.context.now = lambda: wall_clock() + timedelta(seconds=60)
    del desk.trouble.always["inspect"]
    await desk.rig.look()
    attempt = desk.kube.status()["attempts"][0]
    assert (attempt["reason"], attempt["failureClass"], desk.engine.starts) == ("LaunchBackOff", "Launch", 0)


async def test_a_refused_start_does_not_count_as_a_run() -> None:
    await at_a_desk(start_refused_before_a_long_silence)()


async def test_a_container_that_vanished_after_a_start_without_an_answer_is_lost_and_never_run_again() -> None:
    await at_a_desk(container_removed_after_a_start_without_an_answer)()
