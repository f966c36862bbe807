"""The periodic care of a host: what is nobody's goes, what was missed is found, what is kept stays."""

import pytest
from tests.fakes.operator_rig import CLUSTER, H1, OperatorRig, until
from tests.fakes.troubles import When
from tests.unit.reconcile.conftest import Desk

from containerjob_api.hostrefs import HostReference
from containerjob_api.names import LABEL_CLUSTER_UID, LABEL_JOB_UID, LABEL_NAME, LABEL_NAMESPACE
from containerjob_operator.errors import HostUnavailable, KubeRefused, KubeUnavailable
from containerjob_operator.executors.fake.programs import Program
from containerjob_operator.kube.resources import DOCKERHOST
from containerjob_operator.reconcile.upkeep import tend_host

LONG = ["sleep", "60"]


def stray(desk: Desk, name: str, job: str = "hello", *, run: bool = True, cluster: str = CLUSTER) -> None:
    """Put a container on the host whose job has a uid that nobody has."""
    labels = {
        LABEL_CLUSTER_UID: cluster,
        LABEL_JOB_UID: name.removeprefix("cj-").removesuffix("-0"),
        LABEL_NAMESPACE: "team-a",
        LABEL_NAME: job,
    }
    container = desk.engine.create(name, "busybox", labels, Program(seconds=60))
    if run:
        desk.engine.start(container)


async def tended(rig: OperatorRig, times: int = 1) -> None:
    for _ in range(times):
        await tend_host(H1, rig.context)


async def test_a_host_that_is_gone_is_not_tended(desk: Desk) -> None:
    await tend_host(HostReference(name="nobody"), desk.rig.context)
    assert desk.trouble.calls == []


async def test_a_container_whose_job_is_gone_gets_its_signal_first_and_goes_the_next_time(desk: Desk) -> None:
    stray(desk, "cj-old-0")
    await desk.rig.load()
    await tended(desk.rig)
    assert desk.trouble.calls.count("signal_stop") == 1
    assert "cj-old-0" in desk.engine.containers
    await tended(desk.rig)
    assert desk.engine.containers == {}
    assert desk.rig.host().signalled == set()


async def test_one_that_does_not_run_goes_at_once(desk: Desk) -> None:
    stray(desk, "cj-old-0", run=False)
    await desk.rig.load()
    await tended(desk.rig)
    assert desk.engine.containers == {}
    assert "signal_stop" not in desk.trouble.calls


async def test_nothing_goes_without_a_read_just_before(desk: Desk) -> None:
    stray(desk, "cj-old-0", run=False)
    await desk.rig.load()
    await tended(desk.rig)
    before = desk.trouble.calls[: desk.trouble.calls.index("remove")]
    assert before[-2:] == ["get ContainerJob", "inspect"]


async def test_a_live_jobs_container_stays_even_where_the_list_of_jobs_lacks_it(desk: Desk) -> None:
    desk.kube.create_job(argv=LONG)
    await desk.rig.load()
    await desk.rig.look()
    body = desk.kube.fake.objects.pop(("ContainerJob", "team-a", "hello"))
    await tended(desk.rig)
    assert len(desk.engine.containers) == 1
    desk.kube.fake.objects["ContainerJob", "team-a", "hello"] = body
    assert desk.rig.live().suspect


async def test_a_missed_deletion_is_found(desk: Desk) -> None:
    desk.kube.create_job(argv=LONG)
    async with desk.rig.working():
        await until(lambda: desk.engine.starts, "the job runs")
        del desk.kube.fake.objects["ContainerJob", "team-a", "hello"]
        await until(lambda: not desk.engine.containers, "the container is gone")
        await until(lambda: len(desk.rig.context.jobs) == 0, "the job is forgotten")


async def test_a_missed_exit_is_found(desk: Desk) -> None:
    desk.kube.create_job(argv=["sh", "-c", "sleep 0.1; exit 3"], backoffLimit=0)
    desk.engine.drop_events()
    async with desk.rig.working():
        await until(lambda: desk.phase() == "Failed", "the job is over")
    assert desk.kube.status()["exitCode"] == 3


async def test_a_hosts_status_is_written_when_it_changes_and_only_then(desk: Desk) -> None:
    await desk.rig.load()
    await tended(desk.rig, 3)
    assert [what for what, _ in desk.kube.fake.writes] == ["DockerHost h1"]
    desk.engine.go_away()
    await tended(desk.rig, 2)
    assert len(desk.kube.fake.writes) == 2
    ready = [c for c in desk.kube.host("h1")["status"]["conditions"] if c["type"] == "Ready"]
    assert (ready[0]["status"], ready[0]["reason"]) == ("False", "Unreachable")


async def test_a_lost_race_for_a_hosts_status_is_run_again_with_the_newer_host(desk: Desk) -> None:
    await desk.rig.load()
    desk.kube.fake.edit(DOCKERHOST, "h1", {"metadata": {"labels": {"touched": "yes"}}})
    await tended(desk.rig)
    assert desk.kube.fake.writes == []
    desk.rig.context.hosts.observe(desk.rig.host().body.from_body(desk.kube.host("h1")))
    await tended(desk.rig)
    assert len(desk.kube.fake.writes) == 1


@pytest.mark.parametrize("error", [KubeUnavailable("down"), KubeRefused("forbidden")])
async def test_a_status_that_could_not_be_written_is_written_the_next_time(desk: Desk, error: Exception) -> None:
    await desk.rig.load()
    desk.trouble.fail("patch DockerHost", lambda: error)
    await tended(desk.rig, 2)
    assert len(desk.kube.fake.writes) == 1


@pytest.mark.parametrize(
    ("what", "error"),
    [
        ("list_owned", HostUnavailable("no answer")),
        ("table ContainerJob", KubeUnavailable("down")),
        ("get ContainerJob", KubeUnavailable("down")),
        ("remove", HostUnavailable("no answer")),
    ],
)
async def test_what_fails_is_left_for_the_next_time(desk: Desk, what: str, error: Exception) -> None:
    stray(desk, "cj-old-0", run=False)
    await desk.rig.load()
    desk.trouble.fail(what, lambda: error)
    await tended(desk.rig)
    assert len(desk.engine.containers) == 1
    assert desk.kube.host("h1")["status"]["observedGeneration"] == 1
    await tended(desk.rig)
    assert desk.engine.containers == {}


async def test_a_removal_whose_answer_is_lost_is_no_trouble(desk: Desk) -> None:
    stray(desk, "cj-old-0", run=False)
    await desk.rig.load()
    desk.trouble.fail("remove", lambda: HostUnavailable("no answer"), When.AFTER)
    await tended(desk.rig, 2)
    assert desk.engine.containers == {}
