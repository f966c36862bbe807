"""Some jobs, by name or selector: a list, and a watch that goes on behind it.

lightkube takes selectors apart; a person's goes to the API server as it was typed, so this speaks HTTP itself.
"""

import asyncio
import json
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

import httpx2
import structlog

from containerjob_api.names import CONTAINERJOBS, GROUP, VERSION
from containerjob_operator.errors import KubeUnavailable
from containerjob_operator.kube.faults import REQUEST_SECONDS, answer_of, from_response, our_errors
from containerjob_operator.kube.resources import Body

log = structlog.get_logger(__name__)

CHUNK: Final = 500
WATCH_SECONDS: Final = 60
"""How long one watch lasts; the next goes on from its last version."""
QUIET_SECONDS: Final = WATCH_SECONDS + 15.0
"""A watch that says nothing for longer is dead: it should have ended."""
PAUSE_SECONDS: Final = 1.0
_WHAT: Final = "reading ContainerJobs"

Picked = TypeVar("Picked")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which jobs; all there are where nothing is given."""

    namespace: str = ""
    name: str = ""
    labels: str = ""

    @property
    def path(self) -> str:
        """Return the path of their list."""
        home = f"namespaces/{self.namespace}/" if self.namespace else ""
        return f"apis/{GROUP}/{VERSION}/{home}{CONTAINERJOBS}"

    def parameters(self, **more: str) -> dict[str, str]:
        """Return the query that selects them."""
        fields = {"fieldSelector": f"metadata.name={self.name}"} if self.name else {}
        labels = {"labelSelector": self.labels} if self.labels else {}
        return fields | labels | more


@dataclass(frozen=True, slots=True)
class Change(Generic[Picked]):
    """What is new."""

    jobs: list[Picked]
    whole: bool = False
    """These are all jobs there are; any other is gone."""
    deleted: bool = False


async def listed(
    http: httpx2.AsyncClient, wanted: Wanted, pick: Callable[[Body], Picked]
) -> tuple[list[Picked], str]:
    """Read all of them, and the version from which a watch goes on."""
    found: list[Picked] = []
    token = ""
    while True:
        parameters = wanted.parameters(limit=str(CHUNK), **({"continue": token} if token else {}))
        items, version, token = await answer_of(_WHAT, _page(http, wanted.path, parameters))
        found += map(pick, items)
        if not token:
            return found, version


async def follow(
    http: httpx2.AsyncClient, wanted: Wanted, pick: Callable[[Body], Picked]
) -> AsyncGenerator[Change[Picked]]:
    """Yield all of them, then every change; after the first list an API server that is away is waited for."""
    started = False
    while True:
        try:
            jobs, version = await listed(http, wanted, pick)
            started = True
            yield Change(jobs, whole=True)
            async with aclosing(_changes(http, wanted, pick, version)) as changes:
                async for change in changes:
                    yield change
        except KubeUnavailable as problem:
            if not started:
                raise
            log.info("jobs are listed again", problem=str(problem))
        await asyncio.sleep(PAUSE_SECONDS)


async def _changes(
    http: httpx2.AsyncClient, wanted: Wanted, pick: Callable[[Body], Picked], version: str
) -> AsyncGenerator[Change[Picked]]:
    """Watch again and again; KubeUnavailable where that does not work, or the version is too old."""
    while True:
        async with aclosing(_watch(http, wanted, version)) as events:
            async for event in events:
                kind, body = event["type"], event["object"]
                if kind == "ERROR":
                    raise KubeUnavailable(f"{_WHAT}: {body.get('message')}")
                version = body["metadata"]["resourceVersion"]
                if kind != "BOOKMARK":
                    yield Change([pick(body)], deleted=kind == "DELETED")
        await asyncio.sleep(PAUSE_SECONDS)


async def _watch(http: httpx2.AsyncClient, wanted: Wanted, version: str) -> AsyncGenerator[Body]:
    """Yield the events of one watch."""
    parameters = wanted.parameters(
        watch="true", resourceVersion=version, allowWatchBookmarks="true", timeoutSeconds=str(WATCH_SECONDS)
    )
    request = http.build_request("GET", wanted.path, params=parameters)
    response = await answer_of(_WHAT, http.send(request, stream=True), REQUEST_SECONDS)
    try:
        if not response.is_success:
            await answer_of(_WHAT, response.aread())
            raise from_response(_WHAT, response, response.text)
        lines = _lines(response)
        while (line := await answer_of(_WHAT, anext(lines, None), QUIET_SECONDS)) is not None:
            with our_errors(_WHAT, QUIET_SECONDS):
                event: Body = json.loads(line)
            yield event
    finally:
        await response.aclose()


async def _lines(response: httpx2.Response) -> AsyncGenerator[bytes]:
    """Cut at line feeds alone: in JSON there may be other characters that end a line, as Unicode has it."""
    begun: list[bytes] = []
    async for data in response.aiter_bytes():
        first, *others = data.split(b"\n")
        begun.append(first)
        for each in others:
            yield b"".join(begun)
            begun = [each]
    if any(begun):
        yield b"".join(begun)


async def _page(http: httpx2.AsyncClient, path: str, parameters: dict[str, str]) -> tuple[list[Body], str, str]:
    """Return what a page holds, its version, and where the next one begins."""
    response = await http.get(path, params=parameters)
    if not response.is_success:
        raise from_response(_WHAT, response, _message(response))
    page = response.json()
    return page["items"], page["metadata"]["resourceVersion"], page["metadata"].get("continue", "")


def _message(response: httpx2.Response) -> str:
    try:
        return str(response.json()["message"])
    except (ValueError, KeyError, TypeError):
        return response.text
