"""What an operator does from its start to its end, and who it gives way to."""

import asyncio
import ssl
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from tests.fakes.fake_kube import FakeKube
from tests.fakes.operator_rig import new_engine, until
from tests.unit.serve.conftest import Kopf, Life

from containerjob_api.names import OPERATOR_NAME, OPERATOR_NAMESPACE
from containerjob_local.log_api import HOST
from containerjob_local.pki import ensure_pki, ensure_serving
from containerjob_local.ports import free_ports, is_free
from containerjob_operator import leading
from containerjob_operator.errors import KubeUnavailable
from containerjob_operator.kube.lease import LeaseLost
from containerjob_operator.kube.resources import CONFIGMAP, LEASE
from containerjob_operator.serve import NotInstalledError, Unusable


async def test_a_cluster_without_our_kinds_is_told_what_to_apply(life: Life) -> None:
    objects = life.kube.fake.objects
    for key in [key for key in objects if key[0] == "CustomResourceDefinition"]:
        del objects[key]
    life.begin()
    with pytest.raises(NotInstalledError, match=r"containerjobs\.io is missing; apply crds/.*; CRD docker"):
        await life.ends()
    assert not life.kopf.started.is_set()


async def test_a_cluster_before_its_upgrade_does_without_hosts_on_cloud_run(life: Life) -> None:
    del life.kube.fake.objects["CustomResourceDefinition", "", "cloudrunhosts.containerjobs.io"]
    life.begin()
    await life.works()
    assert life.kube.host_kinds == ("DockerHost",)
    life.kopf.end.set()
    await life.ends()


async def test_an_unknown_host_on_cloud_run_is_refused_by_its_kind(life: Life) -> None:
    life.kube.create_host("eu", new_engine()[1])
    life.begin(hosts=("cloudrunhost/eu",))
    with pytest.raises(Unusable, match=r"--host cloudrunhost/eu: no such CloudRunHost; there are: eu$"):
        await life.ends()


async def test_it_leads_works_and_lets_go(life: Life) -> None:
    life.kube.create_host("h1", new_engine()[1])
    life.kube.create_job()
    life.begin()
    await until(lambda: life.kube.status().get("phase") == "Succeeded", "the job is over")
    assert life.lease["holderIdentity"] == "me"
    life.kopf.end.set()
    await life.ends()
    assert not life.lease.get("holderIdentity")
    names = {task.get_name() for task in asyncio.all_tasks()}
    assert not names & {"lease", "workers", "placements", "expiry", "signal", "kopf", "end"}


async def test_logs_are_served_by_a_standby_and_by_the_leader_until_it_stops(life: Life, tmp_path: Path) -> None:
    pki = ensure_pki(tmp_path / "pki")
    pair = ensure_serving(pki, "operator", HOST)
    port = free_ports(1)[0]
    data = {"requestheader-client-ca-file": pki.pair("front-proxy-ca").certificate.read_text()}
    name, namespace = "extension-apiserver-authentication", "kube-system"
    kube = life.kube
    kube.fake.put(CONFIGMAP, {"metadata": {"name": name, "namespace": namespace}, "data": data})
    context = ssl.create_default_context(cafile=pki.pair("ca").certificate)
    context.check_hostname = False
    context.load_cert_chain(pki.pair("front-proxy-client").certificate, pki.pair("front-proxy-client").key)
    life.occupy()
    life.begin(api_port=port, api_address="127.0.0.1", api_cert_file=pair.certificate, api_key_file=pair.key)
    engine, endpoint = new_engine()
    kube.create_host("h1", endpoint)
    kube.create_job()

    async def ask(path: str) -> str:
        connector = aiohttp.TCPConnector(ssl=context)
        url = f"https://127.0.0.1:{port}{path}"
        async with aiohttp.ClientSession(connector=connector) as session, session.get(url) as answer:
            return await answer.text()

    probe = "/apis/subresources.containerjobs.io/v1alpha1/dockerhosts/h1/probe"
    await until(lambda: not is_free(port), "it listens")
    assert not life.kopf.started.is_set()
    assert f'"name": "{engine.name}"' in await ask(probe)
    await until(lambda: kube.status().get("phase") == "Succeeded", "the job is over")
    assert await ask("/healthz") == "ok"
    life.kopf.end.set()
    await life.ends()
    assert is_free(port)


async def test_a_finished_job_whose_time_is_over_is_deleted(life: Life) -> None:
    life.kube.create_job()
    life.kube.edit_job({"status": {"phase": "Failed", "finished": True, "expireTime": "2026-01-01T00:00:00Z"}})
    life.begin()
    objects = life.kube.fake.objects
    await until(lambda: ("ContainerJob", "team-a", "hello") not in objects, "the job is gone")
    life.kopf.end.set()
    await life.ends()


async def test_who_loses_the_lease_stops_and_says_so(life: Life) -> None:
    life.begin()
    await life.works()
    life.kube.fake.edit(LEASE, OPERATOR_NAME, {"spec": {"holderIdentity": "other"}}, OPERATOR_NAMESPACE)
    with pytest.raises(LeaseLost):
        await life.ends()
    assert life.lease["holderIdentity"] == "other"


@pytest.mark.parametrize("what", ["get CustomResourceDefinition", "get Namespace", "list ContainerJob"])
async def test_an_api_server_that_is_still_starting_is_waited_for(life: Life, what: str) -> None:
    trouble: Any = life.kube.fake.trouble
    trouble.fail(what, lambda: KubeUnavailable("starting", retry_after=0.01), times=2)
    life.begin()
    await life.works()
    life.kopf.end.set()
    await life.ends()
    assert trouble.calls.count(what) >= 3


async def test_a_part_that_breaks_ends_the_process_rather_than_going_on_without_it(
    life: Life, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(_context: object) -> None:
        await life.kopf.started.wait()
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr(leading, "run_workers", broken)
    life.begin()
    with pytest.raises(ZeroDivisionError):
        await life.ends()
    assert not life.lease.get("holderIdentity")


@pytest.mark.parametrize(
    ("there", "known"), [(("b", "a"), "there are: a, b"), ((), "there is none")], ids=["some", "none"]
)
async def test_an_unknown_host_is_refused_before_the_lease_is_asked_for(
    kube: FakeKube, life: Life, there: tuple[str, ...], known: str
) -> None:
    for name in there:
        kube.create_host(name, new_engine()[1])
    life.begin(hosts=("a", "x", "y") if there else ("x", "y"))
    with pytest.raises(Unusable, match=f"--host x, y: no such DockerHost; {known}$"):
        await life.ends()
    assert life.lease == {}


async def test_kopf_watches_the_whole_cluster_or_the_given_namespaces(kopf: Kopf, life: Life) -> None:
    life.begin(namespaces=("b", "a", "b"))
    await life.works()
    assert (kopf.options["clusterwide"], kopf.options["namespaces"]) == (False, ["b", "a"])
    kopf.end.set()
    await life.ends()
