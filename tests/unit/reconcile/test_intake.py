"""What the watches and the first lists bring, readable or not."""

import copy

import pytest
from tests.fakes.operator_rig import H1, until
from tests.unit.reconcile.conftest import Desk

from containerjob_operator.decide.facts import Unplaced
from containerjob_operator.errors import KubeRefused, KubeUnavailable
from containerjob_operator.kube.resources import DOCKERHOST, NAMESPACE
from containerjob_operator.reconcile.intake import suspect_job, take_host, take_job, take_namespace


def spoil(desk: Desk, name: str) -> None:
    """Store something that an older schema would have let through."""
    desk.kube.create_job(name)
    spec = copy.deepcopy(desk.kube.job(name)["spec"])
    spec["template"]["spec"]["containers"][0]["resources"] = {"limits": {"cpu": "\\d '\""}}
    desk.kube.edit_job({"spec": spec}, name)


async def test_an_object_that_cannot_be_read_says_so_and_stops_nobody(desk: Desk) -> None:
    spoil(desk, "bad")
    desk.kube.create_job("good")
    async with desk.rig.working():
        await until(lambda: desk.phase("good") == "Succeeded", "the good one is over")
    stalled = desk.kube.condition("Stalled", "bad")
    assert (stalled["status"], stalled["reason"]) == ("True", "InvalidSpec")
    assert "resources.limits.cpu" in stalled["message"]


async def test_it_is_said_once_whatever_characters_the_problem_is_told_in(desk: Desk) -> None:
    spoil(desk, "bad")
    for _ in range(3):
        await take_job(desk.kube.job("bad"), desk.rig.context)
    assert len(desk.kube.status_writes("bad")) == 1


@pytest.mark.parametrize("status", [{"conditions": "none"}, {"conditions": ["?"]}, {}])
async def test_it_is_said_where_the_status_cannot_be_read_either(desk: Desk, status: dict[str, object]) -> None:
    spoil(desk, "bad")
    desk.kube.job("bad")["status"] = status
    await take_job(desk.kube.job("bad"), desk.rig.context)
    assert desk.kube.condition("Stalled", "bad")["status"] == "True"


@pytest.mark.parametrize("error", [KubeRefused("forbidden"), KubeUnavailable("down")])
async def test_where_it_cannot_be_said_the_others_go_on_all_the_same(desk: Desk, error: Exception) -> None:
    spoil(desk, "bad")
    desk.kube.create_job("good")
    desk.trouble.fail("patch ContainerJob", lambda: error)
    await desk.rig.load()
    await desk.rig.look("good")
    assert desk.engine.starts == 1
    assert desk.kube.status_writes("bad") == []


async def test_a_mended_object_is_run(desk: Desk) -> None:
    spoil(desk, "bad")
    async with desk.rig.working():
        await until(lambda: desk.kube.condition("Stalled", "bad"), "it says that it cannot be read")
        spec = copy.deepcopy(desk.kube.job("bad")["spec"])
        del spec["template"]["spec"]["containers"][0]["resources"]
        desk.kube.edit_job({"spec": spec}, "bad")
        await until(lambda: desk.phase("bad") == "Succeeded", "it is over")
    assert desk.kube.condition("Stalled", "bad")["status"] == "False"


async def test_a_host_that_cannot_be_read_is_left_out(desk: Desk) -> None:
    desk.kube.fake.put(DOCKERHOST, {"metadata": {"name": "bad"}, "spec": {"endpoint": 5}})
    await desk.rig.load()
    assert [host.body.metadata.name for host in desk.rig.context.hosts] == ["h1"]
    assert take_host(desk.kube.host("bad"), desk.rig.context) is None


async def test_doubt_about_a_job_that_nobody_knows_is_dropped(desk: Desk) -> None:
    suspect_job("u-nobody", desk.rig.context)
    assert len(desk.rig.context.queue) == 0


async def test_a_namespaces_labels_open_a_host_to_it(desk: Desk) -> None:
    only_b = {"from": "Selector", "selector": {"matchLabels": {"team": "b"}}}
    desk.kube.fake.edit(DOCKERHOST, "h1", {"spec": {"allowedNamespaces": only_b}})
    desk.kube.create_job()
    async with desk.rig.working():
        await until(lambda: desk.reason() == "NamespaceNotAllowed", "the job is told why it waits")
        desk.kube.fake.edit(NAMESPACE, "team-a", {"metadata": {"labels": {"team": "b"}}})
        await until(lambda: desk.phase() == "Succeeded", "the job is over")


async def test_namespaces_come_and_go(desk: Desk) -> None:
    known = desk.rig.context.placements.namespaces
    take_namespace("a", {"x": "y"}, desk.rig.context)
    take_namespace("a", {"x": "y"}, desk.rig.context)
    assert known == {"a": {"x": "y"}}
    take_namespace("a", None, desk.rig.context)
    take_namespace("a", None, desk.rig.context)
    assert known == {}


async def test_slots_in_use_are_known_before_any_is_given_out(desk: Desk) -> None:
    desk.kube.fake.edit(DOCKERHOST, "h1", {"spec": {"maxConcurrentJobs": 1}})
    desk.kube.create_job("second", argv=["sleep", "60"])
    desk.kube.create_job("first", argv=["sleep", "60"])
    desk.kube.job("first")["metadata"]["creationTimestamp"] = "2020-01-01T00:00:00Z"
    await desk.rig.load()
    await desk.rig.look("first")
    rig = await desk.restart()
    await rig.load()
    assert rig.context.placements.held[H1] == {desk.kube.job("first")["metadata"]["uid"]}
    assert isinstance(rig.live("second").placement, Unplaced)
