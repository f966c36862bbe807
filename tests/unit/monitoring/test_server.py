"""Health, readiness, metrics and the status report over plain HTTP."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from tests.fakes.fake_kube import FakeKube
from tests.fakes.operator_rig import H1, OperatorRig, new_engine, until

from containerjob_local.ports import free_ports
from containerjob_operator.errors import Unusable
from containerjob_operator.handlers.hosts import watch_namespace
from containerjob_operator.kube.lease import Lease
from containerjob_operator.kube.lease_rules import Timing
from containerjob_operator.monitoring.life import Life, Stage
from containerjob_operator.monitoring.server import MonitoringServer, is_loopback
from containerjob_operator.settings import Settings


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


class Asker:
    """A probe's or a person's client."""

    def __init__(self, life: Life) -> None:
        self.life = life

    async def get(self, path: str, **headers: str) -> tuple[int, str, str]:
        """Return status, text and type of an answer."""
        url = f"http://127.0.0.1:{self.life.settings.http_port}{path}"
        async with aiohttp.ClientSession() as session, session.get(url, headers=headers) as answer:
            return answer.status, await answer.text(), answer.headers["Content-Type"]


@pytest.fixture
async def asker() -> AsyncIterator[Asker]:
    life = Life(Settings(identity="me", http_port=free_ports(1)[0], http_address="127.0.0.1"))
    server = await MonitoringServer.start(life)
    assert server is not None
    yield Asker(life)
    await server.aclose()


@pytest.fixture
async def rig(asker: Asker) -> AsyncIterator[OperatorRig]:
    """An operator with one host of two slots, one job that runs and two that wait."""
    kube = FakeKube()
    kube.create_host("h1", f"{new_engine()[1]}?runForSeconds=60", maxConcurrentJobs=1)
    for name in ("a", "b", "c"):
        kube.create_job(name, argv=["anything"])
    rig = OperatorRig(kube)
    asker.life.context = rig.context
    async with rig.working():
        await until(lambda: len([n for n in "abc" if kube.status(n).get("phase") == "Running"]) == 1, "one runs")
        yield rig


async def test_a_process_that_starts_is_alive_and_not_ready(asker: Asker) -> None:
    assert await asker.get("/healthz") == (200, "ok", "text/plain; charset=utf-8")
    status, text, _ = await asker.get("/readyz")
    assert (status, text.splitlines()[0]) == (503, "[-]api-server failed: it has not answered yet")
    assert text.endswith("readyz check failed\n")


async def test_a_standby_that_reached_the_api_server_is_ready(asker: Asker) -> None:
    asker.life.reached = True
    asker.life.enter(Stage.STANDING_BY)
    assert (await asker.get("/readyz"))[:2] == (200, "ok")
    _, text, _ = await asker.get("/readyz?verbose")
    assert text == "[+]api-server ok\n[+]shutdown ok\nreadyz check passed\n"


async def test_a_leader_is_ready_once_its_watches_deliver(asker: Asker) -> None:
    rig = OperatorRig(FakeKube())
    asker.life.reached = True
    asker.life.enter(Stage.LEADING)
    for asker.life.context in (None, rig.context):
        status, text, _ = await asker.get("/readyz")
        assert status == 503
        assert text.splitlines()[1].startswith("[-]watch failed: no namespace was delivered yet: ")
    listed = {"type": None, "object": {"metadata": {"name": "default"}}}
    await watch_namespace(event=listed, memo=rig.memo)
    assert (await asker.get("/readyz?verbose"))[1].splitlines()[1] == "[+]watch ok"
    assert (await asker.get("/readyz"))[:2] == (200, "ok")


async def test_who_drains_is_alive_and_not_ready(asker: Asker) -> None:
    asker.life.reached = True
    asker.life.enter(Stage.DRAINING)
    assert (await asker.get("/healthz"))[0] == 200
    assert "[-]shutdown failed: the process was told to stop" in (await asker.get("/readyz"))[1]


async def test_a_log_api_that_is_asked_for_and_not_served_is_told(asker: Asker, tmp_path: Any) -> None:
    files = {"api_cert_file": tmp_path / "c", "api_key_file": tmp_path / "k"}
    asker.life.settings = asker.life.settings.model_copy(update={"api_port": 1, **files})
    asker.life.reached = True
    assert "[-]log-api failed: it is not served yet" in (await asker.get("/readyz"))[1]


async def test_a_leader_is_alive_while_its_parts_and_its_lease_are(asker: Asker) -> None:
    life, clock = asker.life, Clock()
    life.lease = Lease(FakeKube(), "ns", "lease", "me", timing=Timing.within(15), clock=clock)
    life.parts["kopf"] = asyncio.create_task(asyncio.sleep(60))
    life.enter(Stage.LEADING)
    assert (await asker.get("/healthz?verbose"))[1].splitlines()[1:] == [
        "[+]kopf ok",
        "[+]lease-renewal ok",
        "healthz check passed",
    ]
    clock.now = 11
    assert "[-]lease-renewal failed: the lease was not renewed for 11.0 s" in (await asker.get("/healthz"))[1]
    clock.now = 0
    life.parts["kopf"].cancel()
    await asyncio.gather(life.parts["kopf"], return_exceptions=True)
    status, text, _ = await asker.get("/healthz")
    assert (status, "[-]kopf failed: it has ended" in text) == (503, True)


async def test_metrics_tell_jobs_hosts_and_queue_as_they_are_now(asker: Asker, rig: OperatorRig) -> None:
    status, text, kind = await asker.get("/metrics")
    assert (status, kind.startswith("text/plain; version=")) == (200, True)
    for line in (
        'containerjob_jobs{phase="Running"} 1.0',
        'containerjob_jobs_waiting{reason="HostFull"} 2.0',
        'containerjob_host_up{host="h1"} 1.0',
        'containerjob_host_slots{host="h1"} 1.0',
        'containerjob_host_slots_used{host="h1"} 1.0',
        "containerjob_workqueue_depth 0.0",
        "containerjob_leader 0.0",
    ):
        assert line in text.splitlines()
    rig.context.hosts.forget(H1)
    assert "containerjob_host_up{" not in (await asker.get("/metrics"))[1]


async def test_prometheus_may_ask_for_openmetrics(asker: Asker) -> None:
    _, text, kind = await asker.get("/metrics", Accept="application/openmetrics-text; version=1.0.0")
    assert kind.startswith("application/openmetrics-text")
    assert text.endswith("# EOF\n")


async def test_the_status_report_counts_and_names_hosts_but_no_job(asker: Asker, rig: OperatorRig) -> None:
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"http://127.0.0.1:{asker.life.settings.http_port}/debug/status") as answer,
    ):
        report = await answer.json()
    assert (report["identity"], report["stage"], report["waiting"]) == ("me", "Starting", {"HostFull": 2})
    assert report["jobs"]["Running"] == 1
    assert report["hosts"] == [
        {"name": "h1", "usable": True, "reason": "EngineReady", "problem": "", "slots": 1, "used": 1}
    ]
    assert "team-a" not in str(report)


async def test_the_status_report_is_for_the_machine_itself(asker: Asker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("containerjob_operator.monitoring.server.is_loopback", lambda _: False)
    status, text, _ = await asker.get("/debug/status")
    assert (status, "port-forward" in text) == (403, True)


@pytest.mark.parametrize(
    ("address", "own"),
    [
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("::ffff:127.0.0.1", True),
        ("10.0.0.1", False),
        ("::ffff:10.0.0.1", False),
        ("fe80::1%eth0", False),
        ("", False),
        (None, False),
    ],
)
def test_only_loopback_is_the_machine_itself(address: str | None, own: bool) -> None:
    assert is_loopback(address) is own


async def test_nothing_is_served_without_a_port_and_a_taken_port_is_told(asker: Asker) -> None:
    assert await MonitoringServer.start(Life(Settings(identity="me"))) is None
    port = asker.life.settings.http_port
    with pytest.raises(Unusable, match=rf"--http-port {port} on --http-address 127.0.0.1 cannot be used: "):
        await MonitoringServer.start(asker.life)
