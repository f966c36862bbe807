"""The operator's parts working together, seen from one job."""

from tests.fakes.operator_rig import H1, OperatorRig
from tests.unit.reconcile.conftest import Desk

from containerjob_api.jobs import ContainerJob

LONG = ["sleep", "60"]


async def test_an_outcome_that_the_watch_brings_frees_the_slot_and_the_due_time(desk: Desk) -> None:
    desk.kube.create_job(argv=LONG)
    await desk.rig.load()
    await desk.rig.look()
    uid = desk.rig.live().uid
    assert uid in desk.rig.context.queue._due
    desk.kube.edit_job({"status": {"phase": "Failed", "finished": True}})
    desk.rig.context.observe(ContainerJob.from_body(desk.kube.job()))
    assert desk.rig.context.placements.held[H1] == set()
    assert uid not in desk.rig.context.queue._due


async def test_an_attempt_that_another_operator_ended_frees_its_slot_though_the_job_goes_on(desk: Desk) -> None:
    desk.kube.create_job(argv=LONG)
    await desk.rig.load()
    await desk.rig.look()
    (attempt,) = desk.kube.job()["status"]["attempts"]
    ended = {**attempt, "reason": "HostDisruption", "failureClass": "Infrastructure"}
    later = {"phase": "Retrying", "attempts": [ended], "nextRetryTime": "2099-01-01T00:00:00Z"}
    desk.kube.edit_job({"status": later})
    desk.rig.context.observe(ContainerJob.from_body(desk.kube.job()))
    assert desk.rig.context.placements.held[H1] == set()


async def test_a_job_bound_elsewhere_holds_its_slot_there_and_a_late_wake_is_nothing(desk: Desk) -> None:
    context = desk.rig.context
    desk.kube.create_job(argv=LONG)
    await desk.rig.load()
    await desk.rig.look()
    other = OperatorRig(desk.kube, trouble=desk.trouble)
    await other.load()
    assert other.context.placements.held[H1] == {desk.rig.live().uid}
    await other.close()
    context.wake("u-nobody")
    context.end(desk.rig.live(), finished=False)
    context.placements.held[H1].add("u-nobody")
    context.wake_jobs_of(desk.rig.host())
    assert "u-nobody" not in context.queue._queued


async def test_why_a_host_cannot_be_asked(desk: Desk) -> None:
    desk.kube.create_job(argv=LONG)
    await desk.rig.load()
    await desk.rig.look()
    live, context = desk.rig.live(), desk.rig.context
    assert context.problem_of(live) == "the engine does not answer"
    desk.engine.go_away()
    await context.hosts.ask(desk.rig.host())
    assert "does not answer" in context.problem_of(live)
    assert context.executor_of(live) is None
    context.hosts.forget(H1)
    assert context.problem_of(live) == "DockerHost h1 does not exist"
