"""--max-concurrent, --host and --namespace over a whole operator: what is not its own is left entirely alone."""

from tests.fakes.fake_kube import FakeKube
from tests.fakes.operator_rig import H1, OperatorRig, new_engine, until
from tests.unit.reconcile.conftest import Desk

from containerjob_api.hostrefs import HostReference
from containerjob_api.names import LABEL_CLUSTER_UID, LABEL_JOB_UID, LABEL_NAME, LABEL_NAMESPACE
from containerjob_operator.decide.observations import RunState
from containerjob_operator.executors.fake.programs import Program
from containerjob_operator.handlers.hosts import watch_host
from containerjob_operator.kube.resources import DOCKERHOST, NAMESPACE
from containerjob_operator.reconcile.intake import take_job
from containerjob_operator.reconcile.upkeep import tend_host

LONG = ["sleep", "60"]


def named(kube: FakeKube, namespace: str) -> FakeKube:
    kube.fake.put(NAMESPACE, {"metadata": {"name": namespace}})
    return kube


async def test_no_more_jobs_run_on_all_hosts_together_than_the_operator_may(desk: Desk) -> None:
    desk.kube.create_host("h2", new_engine()[1])
    for name in "abc":
        desk.kube.create_job(name, argv=LONG)
    rig = await desk.restart(max_concurrent=2)
    async with rig.working():
        await until(lambda: sum(desk.phase(name) == "Running" for name in "abc") == 2, "two run")
        waiting = next(name for name in "abc" if desk.phase(name) != "Running")
        await until(lambda: str(getattr(rig.live(waiting).placement, "reason", "")) == "OperatorFull", "it is judged")
        running = next(name for name in "abc" if desk.phase(name) == "Running")
        desk.kube.edit_job({"spec": {"cancel": True}}, running)
        await until(lambda: desk.phase(waiting) == "Running", "the slot is given on")


async def test_after_a_restart_with_a_lower_limit_bound_jobs_go_on_and_count(desk: Desk) -> None:
    for name in "ab":
        desk.kube.create_job(name, argv=LONG)
    async with desk.rig.working():
        await until(lambda: desk.phase("a") == desk.phase("b") == "Running", "both run")
    rig = await desk.restart(max_concurrent=1)
    desk.kube.create_job("c", argv=LONG)
    await rig.load()
    assert str(getattr(rig.live("c").placement, "reason", "")) == "OperatorFull"
    assert (desk.phase("a"), desk.phase("b")) == ("Running", "Running")


async def test_hosts_that_were_not_named_are_not_asked_and_get_no_status(desk: Desk) -> None:
    desk.kube.create_host("other", new_engine()[1])
    before = dict(desk.kube.host("other"))
    rig = await desk.restart(hosts=("h1",))
    async with rig.working():
        desk.kube.edit_host("other", {"maxConcurrentJobs": 9})
        desk.kube.create_job("ours")
        await until(lambda: desk.phase("ours") == "Succeeded", "it ran")
    assert rig.context.hosts.get(HostReference(name="other")) is None
    assert desk.kube.host("other")["status"] == before["status"]
    assert desk.kube.status("ours")["host"]["name"] == "h1"


async def test_jobs_on_or_for_another_operators_host_are_left_alone(desk: Desk) -> None:
    desk.kube.create_job("there", argv=LONG)
    async with desk.rig.working():
        await until(lambda: desk.phase("there") == "Running", "it runs")
    desk.kube.create_host("h2", new_engine()[1])
    desk.kube.create_job("pinned", placement={"hostRef": {"kind": "DockerHost", "name": "h1"}})
    rig = await desk.restart(hosts=("h2",))
    writes = len(desk.kube.fake.writes)
    await rig.load()
    assert len(rig.context.jobs) == 0
    assert len(desk.kube.fake.writes) == writes


async def test_a_job_that_moves_to_another_operators_host_is_let_go_of(desk: Desk) -> None:
    rig = await desk.restart(hosts=("h1",))
    desk.kube.create_job("moving", suspend=True)
    await rig.load()
    assert len(rig.context.jobs) == 1
    moved = desk.kube.edit_job({"spec": {"placement": {"hostRef": {"kind": "DockerHost", "name": "h2"}}}}, "moving")
    await take_job(moved, rig.context)
    assert len(rig.context.jobs) == 0


async def test_jobs_of_other_namespaces_are_neither_listed_nor_taken_in_nor_counted(desk: Desk) -> None:
    named(desk.kube, "team-b").create_job("theirs", "team-b")
    desk.kube.create_job("ours")
    rig = await desk.restart(namespaces=("team-a",))
    async with rig.working():
        await until(lambda: desk.phase("ours") == "Succeeded", "ours ran")
    assert "phase" not in desk.kube.status("theirs", "team-b") or desk.kube.status("theirs", "team-b") == {
        "observedGeneration": -1,
        "phase": "Pending",
    }
    assert await desk.kube.job_uids() == {desk.kube.job("ours")["metadata"]["uid"]}


def stray(desk: Desk, namespace: str) -> str:
    """Put a container of a job that nobody has on the host."""
    uid = f"old-{namespace}"
    labels = {
        LABEL_CLUSTER_UID: "cluster-1",
        LABEL_JOB_UID: uid,
        LABEL_NAMESPACE: namespace,
        LABEL_NAME: "hello",
    }
    name = f"cj-{uid}-0"
    desk.engine.start(desk.engine.create(name, "busybox", labels, Program(seconds=60)))
    return name


async def test_containers_of_other_namespaces_are_never_touched_and_take_their_slots(desk: Desk) -> None:
    ours, theirs = stray(desk, "team-a"), stray(desk, "team-b")
    rig = await desk.restart(namespaces=("team-a",))
    await rig.load()
    for _ in range(3):
        await tend_host(H1, rig.context)
    assert (ours in desk.engine.containers, theirs in desk.engine.containers) == (False, True)
    [view] = rig.context.hosts.views({})
    assert view.free == 3
    assert desk.kube.host("h1")["status"]["runningJobs"] == 1


async def test_two_operators_of_one_host_do_not_answer_each_others_status(desk: Desk) -> None:
    rig = await desk.restart(namespaces=("team-a",))
    await rig.load()
    await watch_host(event={"type": "MODIFIED", "object": desk.kube.host("h1")}, memo=rig.memo)
    assert desk.kube.host("h1")["status"]["observedGeneration"] == 1
    other = desk.kube.fake.edit(
        *_host_status("h1", {"runningJobs": 7}),
    )
    writes = len(desk.kube.fake.writes)
    await watch_host(event={"type": "MODIFIED", "object": other}, memo=rig.memo)
    assert len(desk.kube.fake.writes) == writes
    await tend_host(H1, rig.context)
    assert desk.kube.host("h1")["status"]["runningJobs"] == 0


def _host_status(name: str, status: dict[str, int]) -> tuple[type, str, dict[str, object]]:
    return DOCKERHOST, name, {"status": status}


async def test_a_rehearsing_operator_clears_nothing_from_a_host(desk: Desk) -> None:
    name = stray(desk, "team-a")
    rig: OperatorRig = await desk.restart(dry_run=True)
    await rig.load()
    for _ in range(2):
        await tend_host(H1, rig.context)
    assert desk.engine.containers[name].state(0) is RunState.RUNNING
    assert desk.kube.fake.writes == []
