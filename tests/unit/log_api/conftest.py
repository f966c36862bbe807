"""The log API as a server of its own on loopback, over an API server in memory and an engine of toys."""

import asyncio
import json
import ssl
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest
from tests.fakes.fake_kube import FakeKube
from tests.unit.log_api.toy_engine import ENGINE_ID, ToyContainer, ToyEngine

from containerjob_api.frames import Decoder, Frame, Kind
from containerjob_api.hostparts import AnyHost
from containerjob_api.names import LOG_API_GROUP
from containerjob_local.log_api import HOST
from containerjob_local.pki import Pki, ensure_pki, ensure_serving
from containerjob_local.ports import free_ports
from containerjob_operator.api import trust
from containerjob_operator.api.server import LogApi
from containerjob_operator.errors import KubeUnavailable
from containerjob_operator.kube.job_watch import Change, Picked, Wanted
from containerjob_operator.kube.resources import CONFIGMAP, DOCKERHOST, Body
from containerjob_operator.settings import Listen

API = f"/apis/{LOG_API_GROUP}/v1alpha1"
JOBS = f"{API}/namespaces/team-a/containerjobs"


class LogKube(FakeKube):
    """With the reads of the log API."""

    def __init__(self) -> None:
        super().__init__()
        self.away = False
        self.news: list[asyncio.Queue[Body | None]] = []

    async def jobs_wanted(self, wanted: Wanted, pick: Callable[[Body], Picked]) -> list[Picked]:
        """List; a selector is `key=value` here."""
        if self.away:
            raise KubeUnavailable("the API server does not answer")
        jobs = (body for (kind, _, _), body in self.fake.objects.items() if kind == "ContainerJob")
        return [pick(body) for body in jobs if _is_wanted(body, wanted)]

    async def follow_jobs(self, wanted: Wanted, pick: Callable[[Body], Picked]) -> AsyncGenerator[Change[Picked]]:
        """List, then tell every change; list again when told to."""
        news: asyncio.Queue[Body | None] = asyncio.Queue()
        self.news.append(news)

        def hear(_: str, body: Body) -> None:
            news.put_nowait(body)

        self.fake.watchers.append(hear)
        try:
            yield Change(await self.jobs_wanted(wanted, pick), whole=True)
            while True:
                body = await news.get()
                if body is None:
                    yield Change(await self.jobs_wanted(wanted, pick), whole=True)
                elif body["kind"] == "ContainerJob" and _is_wanted(body, wanted):
                    key = ("ContainerJob", body["metadata"]["namespace"], body["metadata"]["name"])
                    stored = self.fake.objects.get(key, {}).get("metadata", {}).get("uid")
                    yield Change([pick(body)], deleted=stored != body["metadata"]["uid"])
        finally:
            self.fake.watchers.remove(hear)


def _is_wanted(body: Body, wanted: Wanted) -> bool:
    metadata = body["metadata"]
    key, _, value = wanted.labels.partition("=")
    return (
        wanted.namespace in ("", metadata["namespace"])
        and wanted.name in ("", metadata["name"])
        and (not key or metadata.get("labels", {}).get(key) == value)
    )


@dataclass
class Desk:
    """A server, and who asks it."""

    kube: LogKube
    engine: ToyEngine
    api: LogApi
    session: aiohttp.ClientSession
    pki: Pki

    def job(self, name: str = "hello", **labels: str) -> str:
        """Create a job and return its uid."""
        body = self.kube.create_job(name)
        self.kube.edit_job({"metadata": {"labels": labels}}, name)
        return str(body["metadata"]["uid"])

    def attempt(self, name: str = "hello", host: str = "h1", **more: Any) -> ToyContainer:
        """Give the job another attempt, whose container runs."""
        body = self.kube.job(name)
        attempts = body["status"].get("attempts", [])
        container = f"cj-{body['metadata']['uid']}-{len(attempts)}"
        new = {"attempt": len(attempts), "name": container, "host": {"kind": "DockerHost", "name": host}}
        self.status(name, attempts=[*attempts, new | {"containerID": "c1"} | more], phase="Running")
        return self.engine.container(container)

    def status(self, name: str = "hello", **fields: Any) -> None:
        """Write into a job's status."""
        self.kube.edit_job({"status": fields}, name)

    def ended(self, name: str = "hello", **more: Any) -> None:
        """Record that the newest attempt has ended."""
        *before, newest = self.kube.status(name)["attempts"]
        self.status(name, attempts=[*before, newest | {"reason": "Completed", "exitCode": 0} | more])

    def finished(self, name: str = "hello", phase: str = "Succeeded", **more: Any) -> None:
        """Record that the job is over."""
        if self.kube.status(name).get("attempts"):
            self.ended(name, **more)
        self.status(name, phase=phase, finished=True)

    @asynccontextmanager
    async def asking(self, path: str, **query: Any) -> AsyncIterator[aiohttp.ClientResponse]:
        """Ask for a path."""
        parameters = [
            (key, str(one)) for key, value in query.items() for one in (value if isinstance(value, list) else [value])
        ]
        async with self.session.get(path, params=parameters) as response:
            yield response

    async def log(self, name: str = "hello", **query: Any) -> str:
        """Read plain text to its end."""
        async with self.asking(f"{JOBS}/{name}/log", **query) as response:
            text = await response.text()
            assert response.status == 200, text
            return text

    async def frames(self, name: str = "hello", path: str = "", **query: Any) -> list[Frame]:
        """Read frames to the end of the stream."""
        async with self.asking(path or f"{JOBS}/{name}/log", framing="v1", **query) as response:
            data = await response.read()
            assert response.status == 200, data
        return Decoder().feed(data)

    async def refused(self, path: str, **query: Any) -> tuple[int, str]:
        """Ask for what is refused; return the Status's code and message."""
        async with self.asking(path if path.startswith("/") else f"{JOBS}/{path}", **query) as response:
            body = await response.json()
            assert (body["kind"], body["code"]) == ("Status", response.status)
            return response.status, body["message"]


class Reading:
    """Somebody who follows frames."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self.response = response
        self.decoder = Decoder()
        self.frames: list[Frame] = []

    async def until(self, kind: Kind, count: int = 1) -> list[Frame]:
        """Read until so many frames of a kind came, and return all of that kind."""
        async with asyncio.timeout(10):
            while len(found := [frame for frame in self.frames if frame.kind is kind]) < count:
                data = await self.response.content.readany()
                assert data, f"the stream ended: {self.frames}"
                self.frames += self.decoder.feed(data)
        return found


def told(frame: Frame) -> dict[str, Any]:
    """Return what a frame of JSON says."""
    return dict(json.loads(frame.data))


def texts(frames: list[Frame]) -> str:
    """Return the output in frames."""
    return b"".join(frame.data for frame in frames if frame.kind in (Kind.STDOUT, Kind.STDERR)).decode()


@pytest.fixture(scope="session")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Pki:
    """A plane's certificates, with the operator's own."""
    made = ensure_pki(tmp_path_factory.mktemp("log-api") / "pki")
    ensure_serving(made, "operator", HOST)
    return made


def client_context(pki: Pki, user: str | None = "front-proxy-client") -> ssl.SSLContext:
    """Connect as the API server does, or as somebody else."""
    context = ssl.create_default_context(cafile=pki.pair("ca").certificate)
    context.check_hostname = False
    if user is not None:
        context.load_cert_chain(pki.pair(user).certificate, pki.pair(user).key)
    return context


def publish(kube: FakeKube, authorities: str, names: str = '["front-proxy-client"]') -> None:
    """Write what the API server tells of its front proxy."""
    data = {"requestheader-client-ca-file": authorities, "requestheader-allowed-names": names}
    if ("ConfigMap", trust.NAMESPACE, trust.CONFIGMAP) in kube.fake.objects:
        kube.fake.edit(CONFIGMAP, trust.CONFIGMAP, {"data": data}, trust.NAMESPACE)
    else:
        body = {"metadata": {"name": trust.CONFIGMAP, "namespace": trust.NAMESPACE}, "data": data}
        kube.fake.put(CONFIGMAP, body)


@pytest.fixture
async def desk(pki: Pki) -> AsyncIterator[Desk]:
    """A running server with one host, `h1`."""
    kube, engine = LogKube(), ToyEngine()
    publish(kube, pki.pair("front-proxy-ca").certificate.read_text())
    kube.create_host("h1", "unix:///toy.sock")
    kube.fake.edit(DOCKERHOST, "h1", {"status": {"engine": {"id": ENGINE_ID}}})
    listen = Listen(free_ports(1)[0], pki.pair("operator").certificate, pki.pair("operator").key, "127.0.0.1")

    def make(_host: AnyHost, _cluster_uid: str) -> ToyEngine:
        engine.opened += 1
        return engine

    api = await LogApi.start(listen, kube, make)
    connector = aiohttp.TCPConnector(ssl=client_context(pki))
    async with aiohttp.ClientSession(f"https://127.0.0.1:{listen.port}", connector=connector) as session:
        yield Desk(kube, engine, api, session, pki)
    await api.aclose()
