"""The API server as the benchmarks drive it: bare requests, so that driving costs little beside what is measured."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any, Final, Self

import aiohttp

from containerjob_api.names import API_VERSION, CONTAINERJOBS
from containerjob_local.controlplane import Plane
from containerjob_local.pki import Pki

AT_ONCE: Final = 16
_METADATA: Final = "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io"
_METADATA_LIST: Final = "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io"


class BenchError(Exception):
    """The benchmark did not get what it was to measure."""


class Cluster:
    """One namespace, as the administrator."""

    def __init__(self, session: aiohttp.ClientSession, server: str, namespace: str) -> None:
        self._session: Final = session
        self._jobs: Final = f"{server}/apis/{API_VERSION}/namespaces/{namespace}/{CONTAINERJOBS}"

    @classmethod
    @asynccontextmanager
    async def open(cls, plane: Plane, namespace: str) -> AsyncIterator[Self]:
        """Connect; the namespace must be there."""
        pki = Pki(plane.state.pki)
        context = ssl.create_default_context(cafile=pki.pair("ca").certificate)
        context.load_cert_chain(pki.pair("admin").certificate, pki.pair("admin").key)
        connector = aiohttp.TCPConnector(ssl=context, limit=AT_ONCE + 2)
        async with aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(total=None)) as session:
            yield cls(session, plane.server, namespace)

    async def create(self, body: dict[str, Any]) -> None:
        """Create one job."""
        await self._ask("POST", self._jobs, json=body)

    async def create_all(self, bodies: Iterable[dict[str, Any]]) -> None:
        """Create jobs, many at a time."""
        await at_most(AT_ONCE, (self.create(body) for body in bodies))

    async def write_status(self, name: str, status: dict[str, Any]) -> None:
        """Store a job's status as if an operator had."""
        headers = {"Content-Type": "application/merge-patch+json"}
        await self._ask("PATCH", f"{self._jobs}/{name}/status", json={"status": status}, headers=headers)

    async def read(self, name: str) -> dict[str, Any]:
        """Read one job."""
        return dict(await self._ask("GET", f"{self._jobs}/{name}"))

    async def history(self, body: dict[str, Any]) -> list[dict[str, Any]]:
        """Create a job and follow it to its end; return every status it had, from the very first one on."""
        made = await self._ask("POST", self._jobs, json=body)
        about = made["metadata"]
        params = {
            "watch": "1",
            "fieldSelector": f"metadata.name={about['name']}",
            "resourceVersion": about["resourceVersion"],
        }
        statuses = [made["status"]]
        async with self._session.get(self._jobs, params=params) as response:
            response.raise_for_status()
            while not statuses[-1].get("finished"):
                statuses.append(json.loads(await response.content.readline())["object"]["status"])
        return statuses

    async def list(self, **params: str) -> list[dict[str, Any]]:
        """Read all jobs."""
        return list((await self._ask("GET", self._jobs, params=params))["items"])

    async def delete_all(self) -> None:
        """Delete all jobs."""
        await self._ask("DELETE", self._jobs)

    @asynccontextmanager
    async def finishes(self) -> AsyncIterator[AsyncIterator[str]]:
        """Follow the names of jobs whose stored status is final, from now on; each comes once."""
        listed = await self._ask("GET", self._jobs, params={"limit": "1"}, headers={"Accept": _METADATA_LIST})
        params = {
            "watch": "1",
            "fieldSelector": "status.finished=true",
            "resourceVersion": listed["metadata"]["resourceVersion"],
        }
        async with self._session.get(self._jobs, params=params, headers={"Accept": _METADATA}) as response:
            response.raise_for_status()
            yield self._added(response)

    async def _added(self, response: aiohttp.ClientResponse) -> AsyncIterator[str]:
        async for line in response.content:
            event = json.loads(line)
            if event["type"] == "ERROR":
                raise BenchError(f"the watch ended: {event['object'].get('message')}")
            if event["type"] == "ADDED":
                yield event["object"]["metadata"]["name"]

    async def _ask(self, method: str, url: str, **more: Any) -> Any:
        async with self._session.request(method, url, **more) as response:
            body = await response.json()
            if response.status >= 400:
                raise BenchError(f"{method} {url}: {body.get('message', response.status)}")
            return body


async def at_most(limit: int, work: Iterable[Any]) -> None:
    """Await every coroutine, `limit` of them at a time."""
    waiting = iter(work)

    async def lane() -> None:
        for piece in waiting:
            await piece

    async with asyncio.TaskGroup() as lanes:
        for _ in range(limit):
            lanes.create_task(lane())


def job(name: str, image: str, command: tuple[str, ...] = ("true",), **spec: Any) -> dict[str, Any]:
    """Build a ContainerJob."""
    container = {"name": "main", "image": image, "command": list(command)}
    return {
        "apiVersion": API_VERSION,
        "kind": "ContainerJob",
        "metadata": {"name": name},
        "spec": {"template": {"spec": {"containers": [container]}}, **spec},
    }
