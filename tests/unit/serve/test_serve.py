"""An operator's life over an API server in memory; kopf alone is stood in for, since it brings its own client."""

import asyncio
import ssl
from dataclasses import replace
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import yaml
from tests.fakes.fake_kube import FakeKube
from tests.fakes.operator_rig import new_engine, until
from tests.fakes.troubles import Planned

from containerjob_api.names import OPERATOR_NAME, OPERATOR_NAMESPACE
from containerjob_local.log_api import HOST
from containerjob_local.pki import ensure_pki, ensure_serving
from containerjob_local.ports import free_ports, is_free
from containerjob_operator import serve as life
from containerjob_operator.errors import KubeUnavailable
from containerjob_operator.kube.client import Kube
from containerjob_operator.kube.lease import LeaseLost
from containerjob_operator.kube.resources import CONFIGMAP, CRD, LEASE
from containerjob_operator.serve import NotInstalledError, serve
from containerjob_operator.settings import Listen, Settings

ROOT = Path(__file__).parents[3]
SETTINGS = Settings(identity="me", allow_fake_hosts=True, lease_seconds=2)


class Kopf:
    """Waits until told to stop, then lets our work end, as kopf does."""

    def __init__(self) -> None:
        self.started = asyncio.Event()
        self.end = asyncio.Event()

    async def operator(self, *, registry: Any, stop_flag: asyncio.Event, **_: Any) -> None:
        """Stand in for kopf.operator."""
        self.started.set()
        await asyncio.wait(
            {asyncio.ensure_future(stop_flag.wait()), asyncio.ensure_future(self.end.wait())},
            return_when=asyncio.FIRST_COMPLETED,
        )
        await registry._activities._handlers[0].fn()


@pytest.fixture
def kube(monkeypatch: pytest.MonkeyPatch) -> FakeKube:
    made = FakeKube()
    made.fake.trouble = Planned()
    for path in sorted((ROOT / "crds").glob("*.yaml")):
        made.fake.put(CRD, yaml.safe_load(path.read_text()))
    monkeypatch.setattr(Kube, "connect", lambda _kubeconfig: made)
    return made


@pytest.fixture
async def kopf(monkeypatch: pytest.MonkeyPatch) -> Kopf:
    made = Kopf()
    monkeypatch.setattr("kopf.operator", made.operator)
    return made


def lease(kube: FakeKube) -> dict[str, Any]:
    spec: dict[str, Any] = kube.fake.objects["Lease", OPERATOR_NAMESPACE, OPERATOR_NAME]["spec"]
    return spec


async def ends(serving: "asyncio.Task[None]") -> None:
    await asyncio.wait_for(serving, 20)


async def test_a_cluster_without_our_kinds_is_told_what_to_apply(kube: FakeKube, kopf: Kopf) -> None:
    for key in [key for key in kube.fake.objects if key[0] == "CustomResourceDefinition"]:
        del kube.fake.objects[key]
    with pytest.raises(NotInstalledError, match=r"containerjobs\.io is missing; apply crds/.*; CRD docker"):
        await serve(SETTINGS)
    assert not kopf.started.is_set()


async def test_it_leads_works_and_lets_go(kube: FakeKube, kopf: Kopf) -> None:
    kube.create_host("h1", new_engine()[1])
    kube.create_job()
    serving = asyncio.create_task(serve(SETTINGS))
    await until(lambda: kube.status().get("phase") == "Succeeded", "the job is over")
    assert lease(kube)["holderIdentity"] == "me"
    kopf.end.set()
    await ends(serving)
    assert not lease(kube).get("holderIdentity")
    assert not [
        task for task in asyncio.all_tasks() if task.get_name() in {"lease", "workers", "placements", "expiry"}
    ]


async def test_logs_are_served_by_a_standby_and_by_the_leader_until_it_stops(
    kube: FakeKube, kopf: Kopf, tmp_path: Path
) -> None:
    pki = ensure_pki(tmp_path / "pki")
    pair = ensure_serving(pki, "operator", HOST)
    port = free_ports(1)[0]
    data = {"requestheader-client-ca-file": pki.pair("front-proxy-ca").certificate.read_text()}
    name, namespace = "extension-apiserver-authentication", "kube-system"
    kube.fake.put(CONFIGMAP, {"metadata": {"name": name, "namespace": namespace}, "data": data})
    context = ssl.create_default_context(cafile=pki.pair("ca").certificate)
    context.check_hostname = False
    context.load_cert_chain(pki.pair("front-proxy-client").certificate, pki.pair("front-proxy-client").key)
    held = {"holderIdentity": "other", "leaseDurationSeconds": 2, "renewTime": "2026-01-01T00:00:00.000000Z"}
    kube.fake.put(LEASE, {"metadata": {"name": OPERATOR_NAME, "namespace": OPERATOR_NAMESPACE}, "spec": held})
    settings = replace(SETTINGS, log_api=Listen(port, pair.certificate, pair.key, "127.0.0.1"))
    serving = asyncio.create_task(serve(settings))
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
    assert not kopf.started.is_set()
    assert f'"name": "{engine.name}"' in await ask(probe)
    await until(lambda: kube.status().get("phase") == "Succeeded", "the job is over")
    assert await ask("/healthz") == "ok"
    kopf.end.set()
    await ends(serving)
    assert is_free(port)


async def test_a_finished_job_whose_time_is_over_is_deleted(kube: FakeKube, kopf: Kopf) -> None:
    kube.create_job()
    kube.edit_job({"status": {"phase": "Failed", "finished": True, "expireTime": "2026-01-01T00:00:00Z"}})
    serving = asyncio.create_task(serve(SETTINGS))
    await until(lambda: ("ContainerJob", "team-a", "hello") not in kube.fake.objects, "the job is gone")
    kopf.end.set()
    await ends(serving)


async def test_who_loses_the_lease_stops_and_says_so(kube: FakeKube, kopf: Kopf) -> None:
    serving = asyncio.create_task(serve(SETTINGS))
    await kopf.started.wait()
    kube.fake.edit(LEASE, OPERATOR_NAME, {"spec": {"holderIdentity": "other"}}, OPERATOR_NAMESPACE)
    with pytest.raises(LeaseLost):
        await ends(serving)
    assert lease(kube)["holderIdentity"] == "other"


@pytest.mark.parametrize("what", ["get CustomResourceDefinition", "get Namespace", "list ContainerJob"])
async def test_an_api_server_that_is_still_starting_is_waited_for(kube: FakeKube, kopf: Kopf, what: str) -> None:
    assert isinstance(kube.fake.trouble, Planned)
    kube.fake.trouble.fail(what, lambda: KubeUnavailable("starting", retry_after=0.01), times=2)
    serving = asyncio.create_task(serve(SETTINGS))
    await kopf.started.wait()
    kopf.end.set()
    await ends(serving)
    assert kube.fake.trouble.calls.count(what) >= 3


async def test_a_part_that_breaks_ends_the_process_rather_than_going_on_without_it(
    kube: FakeKube, kopf: Kopf, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(_context: object) -> None:
        await kopf.started.wait()
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr(life, "run_workers", broken)
    with pytest.raises(ZeroDivisionError):
        await ends(asyncio.create_task(serve(SETTINGS)))
