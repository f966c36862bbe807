"""A DockerHost and a CloudRunHost of the same name, under one operator: nothing of one is the other's."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from tests.fakes.fake_kube import FakeKube
from tests.fakes.operator_rig import OperatorRig, as_body, new_engine, until
from tests.fakes.troubles import Planned

from containerjob_api.hostrefs import HostReference
from containerjob_api.phases import HostReason
from containerjob_operator.decide.facts import Unplaced
from containerjob_operator.errors import HostRefused
from containerjob_operator.executors.fake.engine import engine_named
from containerjob_operator.handlers.hosts import time_host, watch_host
from containerjob_operator.kube.resources import CLOUDRUNHOST
from containerjob_operator.monitoring.gauges import _work
from containerjob_operator.monitoring.report import _work as told_of
from containerjob_operator.reconcile import hosts
from containerjob_operator.reconcile.upkeep import tend_host

DOCKER, CLOUD = HostReference(name="eu"), HostReference(kind="CloudRunHost", name="eu")
LONG = ["sleep", "60"]


class Pair:
    """Two hosts of one name, each with a fake engine of its own, and an operator that is driven by hand."""

    def __init__(self) -> None:
        self.docker, endpoint = new_engine()
        self.cloud = engine_named(f"p{self.docker.name}")
        self.kube, self.trouble = FakeKube(), Planned()
        self.kube.create_host("eu", endpoint, maxConcurrentJobs=1)
        self.kube.create_cloud_host("eu", project=self.cloud.name, maxConcurrentJobs=1)
        self.rig = OperatorRig(self.kube, trouble=self.trouble)

    async def place(self, name: str, kind: str) -> None:
        """Have a job run on the host of this kind."""
        self.kube.create_job(name, argv=LONG, placement={"hostRef": {"kind": kind, "name": "eu"}})

    def status(self) -> dict[str, Any]:
        """Return the CloudRunHost's status as it is stored."""
        found: dict[str, Any] = self.kube.host("cloudrunhost/eu")["status"]
        return found

    def ready(self) -> tuple[str, str]:
        """Return its Ready condition."""
        return next((c["status"], c["reason"]) for c in self.status()["conditions"] if c["type"] == "Ready")


@pytest.fixture
async def pair(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Pair]:
    monkeypatch.setattr(hosts, "RETRY_SECONDS", (0.01,))
    made = Pair()
    yield made
    await made.rig.close()


async def test_each_job_runs_where_it_is_placed_and_each_host_counts_its_own(pair: Pair) -> None:
    await pair.place("here", "DockerHost")
    await pair.place("there", "CloudRunHost")
    await pair.rig.load()
    for name in ("here", "there"):
        await pair.rig.look(name)
    assert {run.name for run in pair.docker.containers.values()} == {_container(pair, "here")}
    assert {run.name for run in pair.cloud.containers.values()} == {_container(pair, "there")}
    held = pair.rig.context.placements.held
    assert [len(held[reference]) for reference in (DOCKER, CLOUD)] == [1, 1]
    assert pair.kube.status("there")["host"] == {"kind": "CloudRunHost", "name": "eu"}
    assigned = pair.kube.condition("HostAssigned", "there")["message"]
    assert (assigned, pair.kube.condition("HostAssigned", "here")["message"]) == (
        "assigned to CloudRunHost eu",
        "assigned to host eu",
    )


def _container(pair: Pair, name: str) -> str:
    return f"cj-{pair.kube.job(name)['metadata']['uid']}-0"


async def test_a_full_host_of_the_other_kind_takes_no_slot(pair: Pair) -> None:
    await pair.place("first", "CloudRunHost")
    await pair.place("second", "CloudRunHost")
    await pair.rig.load()
    for name in ("first", "second"):
        await pair.rig.look(name)
    [waiting] = pair.rig.context.placements.waiting()
    assert isinstance(waiting.placement, Unplaced)
    assert waiting.placement.message.startswith("CloudRunHost eu runs maxConcurrentJobs already")
    assert len(pair.docker.containers) == 0


async def test_a_job_without_a_wish_goes_to_either_kind(pair: Pair) -> None:
    for name in ("a", "b"):
        pair.kube.create_job(name, argv=LONG)
    await pair.rig.load()
    for name in ("a", "b"):
        await pair.rig.look(name)
    assert {pair.kube.status(name)["host"]["kind"] for name in ("a", "b")} == {"DockerHost", "CloudRunHost"}


async def test_a_host_that_does_not_exist_is_named_with_its_kind(pair: Pair) -> None:
    pair.kube.create_job(placement={"hostRef": {"kind": "CloudRunHost", "name": "far"}})
    await pair.rig.load()
    await pair.rig.look()
    message = pair.kube.condition("HostAssigned")["message"]
    assert message == "placement.hostRef names CloudRunHost far, which does not exist: create it"


async def test_each_has_its_own_status_and_a_deleted_one_leaves_the_other(pair: Pair) -> None:
    await pair.rig.load()
    for reference in (DOCKER, CLOUD):
        await time_host(body=as_body(reference), memo=pair.rig.memo)
    assert pair.ready() == ("True", "EngineReady")
    assert ("engine" in pair.status(), "engine" in pair.kube.host("eu")["status"]) == (False, True)
    body = pair.kube.host("cloudrunhost/eu")
    await watch_host(event={"type": "DELETED", "object": body}, memo=pair.rig.memo)
    assert (pair.rig.context.hosts.get(CLOUD), pair.rig.host("eu").usable) == (None, True)


async def test_reports_and_numbers_tell_them_apart(pair: Pair) -> None:
    from containerjob_operator import metrics

    await pair.rig.load()
    _work(pair.rig.context)
    up = {sample.labels["host"] for metric in metrics.HOST_UP.collect() for sample in metric.samples}
    assert up == {"eu", "cloudrunhost/eu"} == {host["name"] for host in told_of(pair.rig.context)["hosts"]}


async def test_a_refusal_is_the_hosts_condition_and_its_jobs_wait_with_the_remedy(pair: Pair) -> None:
    refusal = HostRefused(HostReason.PERMISSION_DENIED, "run.jobs.create is missing: grant it")
    pair.trouble.fail("engine", lambda: refusal, times=1000)
    await pair.place("there", "CloudRunHost")
    await pair.rig.load()
    await tend_host(CLOUD, pair.rig.context)
    await pair.rig.look("there")
    assert pair.ready() == ("False", "PermissionDenied")
    message = pair.kube.condition("HostAssigned", "there")["message"]
    assert message == "CloudRunHost eu is not ready: run.jobs.create is missing: grant it"


async def test_where_a_quota_is_used_up_no_new_job_comes_and_the_running_ones_are_looked_at(pair: Pair) -> None:
    await pair.place("there", "CloudRunHost")
    await pair.rig.load()
    await pair.rig.look("there")
    await pair.place("next", "CloudRunHost")
    refusal = HostRefused(HostReason.QUOTA_EXHAUSTED, "the quota is used up")
    pair.trouble.always["engine"] = Planned.fault(lambda: refusal)
    await tend_host(CLOUD, pair.rig.context)
    host = pair.rig.host("cloudrunhost/eu")
    assert (host.usable, host.ready, pair.ready()) == (True, False, ("False", "QuotaExhausted"))
    pair.cloud.end(pair.cloud.containers[_container(pair, "there")], 0)
    await pair.rig.look("there")
    assert pair.kube.status("there")["phase"] == "Succeeded"
    del pair.trouble.always["engine"]
    await tend_host(CLOUD, pair.rig.context)
    assert (host.ready, pair.ready()) == (True, ("True", "EngineReady"))


async def test_a_refusal_met_while_a_host_is_listed_is_its_condition_too(pair: Pair) -> None:
    await pair.rig.load()
    refusal = HostRefused(HostReason.PERMISSION_DENIED, "run.tasks.list is missing: grant it")
    pair.trouble.fail("list_owned", lambda: refusal)
    await tend_host(CLOUD, pair.rig.context)
    assert pair.ready() == ("False", "PermissionDenied")


async def test_another_region_behind_the_same_name_is_another_host(pair: Pair) -> None:
    await pair.rig.load()
    before = pair.rig.context.hosts.get(CLOUD)
    body = pair.kube.fake.edit(CLOUDRUNHOST, "eu", {"spec": {"labels": {"team": "data"}}})
    await watch_host(event={"type": "MODIFIED", "object": body}, memo=pair.rig.memo)
    after = pair.rig.context.hosts.get(CLOUD)
    assert before is not None
    assert after is not before
    await until(lambda: before.follower is not None and before.follower.done(), "the old one is let go of")


async def test_an_operator_for_one_host_leaves_the_other_of_its_name_alone(pair: Pair) -> None:
    only = OperatorRig(pair.kube, hosts=("cloudrunhost/eu",))
    await only.load()
    assert [host.reference for host in only.context.hosts] == [CLOUD]
    await only.close()
