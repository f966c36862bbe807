"""The paths of the log API. Everything before the first byte of an answer can still become a refusal."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, aclosing, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, cast

import structlog
from aiohttp import web

from containerjob_api.hostrefs import HostReference
from containerjob_api.names import CONTAINERJOBS, HOST_PLURALS, LOG_API_GROUP, VERSION
from containerjob_operator.api import discovery, hosts, stats
from containerjob_operator.api.engines import HostGone
from containerjob_operator.api.jobs import JobSeen
from containerjob_operator.api.parameters import log_query
from containerjob_operator.api.refusals import Refusal, from_kube, not_found
from containerjob_operator.api.sources import Parts
from containerjob_operator.api.streams import Changes, LogStream
from containerjob_operator.api.writers import FramedWriter, StreamCut, Writer
from containerjob_operator.errors import ContainerJobError, HostUnavailable, KubeError, KubeRefused
from containerjob_operator.kube.job_watch import Change, Wanted

log = structlog.get_logger(__name__)

STREAMS: Final = 200
"""Log requests that one replica serves at a time."""
SOURCES: Final = 4000
"""Containers that all of them may read at a time: each takes a connection of ours and work of an engine."""
ANY_NAME: Final = "-"
"""In place of a job's name: all that labelSelector matches."""
NAME: Final = re.compile(r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?")
_PLURALS: Final = "|".join(HOST_PLURALS.values())
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(slots=True)
class LogHandlers:
    """Answers requests whose sender is known."""

    parts: Parts
    most: int = STREAMS
    most_sources: int = SOURCES
    streams: int = field(default=0, init=False)
    sources: int = field(default=0, init=False)

    def routes(self) -> list[web.RouteDef]:
        """Return every path there is."""
        api = f"/apis/{LOG_API_GROUP}/{VERSION}"
        job = f"{CONTAINERJOBS}/{{name}}"
        documents = [_get(path, _document(body)) for path, body in discovery.DOCUMENTS.items()]
        return [
            _get("/healthz", _healthy),
            *documents,
            _get(f"{api}/namespaces/{{namespace}}/{job}/log", self.log),
            _get(f"{api}/namespaces/{{namespace}}/{job}/stats", self.stats),
            _get(f"{api}/{CONTAINERJOBS}/{ANY_NAME}/log", self.log),
            _get(f"{api}/{CONTAINERJOBS}/{ANY_NAME}/stats", self.stats),
            _get(f"{api}/{{plural:{_PLURALS}}}/{{name}}/probe", self.probe),
            _get(f"{api}/{{plural:{_PLURALS}}}/{{name}}/orphans", self.orphans),
        ]

    async def log(self, request: web.Request) -> web.StreamResponse:
        """Stream output."""
        wanted = _wanted(request)
        query = log_query(request.query, datetime.now(UTC))
        with_frames = FramedWriter if query.framed else Writer
        async with self._turn(1 if wanted.name else query.max_sources), AsyncExitStack() as stack:
            stream = LogStream(query, self.parts, many=not wanted.name)
            with _selecting(wanted):
                changes = await self._first(stream, wanted, stack)
            if stream.newest is None and not stream.many:
                raise not_found(f"{CONTAINERJOBS}.containerjobs.io", wanted.name)
            await _checked(stream)
            writer = with_frames(request, query.limit)
            await writer.open()
            await _run(stream, writer, changes)
        return writer.response

    async def _first(self, stream: LogStream, wanted: Wanted, stack: AsyncExitStack) -> Changes | None:
        """Have the stream take in the jobs as they are, and return what follows."""
        if not stream.query.follow:
            stream.take(Change(await self.parts.kube.jobs_wanted(wanted, JobSeen.from_body), whole=True))
            return None
        changes = self.parts.kube.follow_jobs(wanted, JobSeen.from_body)
        await stack.enter_async_context(aclosing(changes))
        stream.take(await anext(changes))
        return changes

    async def stats(self, request: web.Request) -> web.StreamResponse:
        """Measure one job, or many."""
        wanted = _wanted(request)
        with _selecting(wanted):
            jobs = await self.parts.kube.jobs_wanted(wanted, JobSeen.from_body)
        if not wanted.name:
            return web.json_response(await stats.usage_of_all(jobs, self.parts))
        if not jobs:
            raise not_found(f"{CONTAINERJOBS}.containerjobs.io", wanted.name)
        return web.json_response(await stats.usage_of(jobs[0], self.parts))

    async def probe(self, request: web.Request) -> web.StreamResponse:
        """Ask a host's engine."""
        return web.json_response(await hosts.probe(_host(request), self.parts))

    async def orphans(self, request: web.Request) -> web.StreamResponse:
        """List what belongs to no job."""
        return web.json_response(await hosts.orphans(_host(request), self.parts))

    @asynccontextmanager
    async def _turn(self, sources: int) -> AsyncIterator[None]:
        if self.streams >= self.most:
            raise Refusal(429, f"{self.most} log requests are served already: try again later", retry_after=5)
        if self.sources + sources > self.most_sources:
            words = f"maxSources: {sources} more would be over {self.most_sources} for all log requests"
            raise Refusal(429, f"{words}: ask for fewer, or try again later", retry_after=5)
        self.streams, self.sources = self.streams + 1, self.sources + sources
        try:
            yield
        finally:
            self.streams, self.sources = self.streams - 1, self.sources - sources


def refusing(handler: Handler) -> Handler:
    """Turn whatever keeps a request from being answered into a Status."""

    async def answer(request: web.Request) -> web.StreamResponse:
        try:
            return await (_without_body if request.body_exists else handler)(request)
        except Exception as problem:  # noqa: BLE001 - each becomes an answer, and the unexpected is logged with it
            return _refused(request, problem).response()

    return answer


def _refused(request: web.Request, problem: Exception) -> Refusal:
    match problem:
        case Refusal():
            return problem
        case web.HTTPException():
            words = {404: "the server could not find the requested resource", 405: "only GET is served here"}
            return Refusal(problem.status, words.get(problem.status, problem.reason))
        case KubeError():
            return from_kube(problem)
        case HostGone():
            return Refusal(404, str(problem))
        case HostUnavailable():
            remedy = "look at it with `kubectl containerjob host test`; a job's last lines are in its status"
            return Refusal(503, f"{problem}; {remedy}", retry_after=5)
        case _:
            log.error("a request failed", path=request.path, exc_info=problem)
            return Refusal(500, "the operator failed to answer; its log tells more")


async def _without_body(_: web.Request) -> web.StreamResponse:
    raise Refusal(400, "a request here has no body")


async def _checked(stream: LogStream) -> None:
    try:
        await stream.check()
    except HostGone:
        return  # its containers are gone with it: what was kept is sent


async def _run(stream: LogStream, writer: Writer, changes: Changes | None) -> None:
    """Send it; whatever goes wrong from here on can only be told by breaking off."""
    try:
        await stream.run(writer, changes)
    except (StreamCut, ContainerJobError) as problem:
        log.info("a log stream breaks off", problem=str(problem))
        writer.cut()
    except asyncio.CancelledError:
        writer.cut()
        raise
    except Exception:
        log.exception("a log stream failed")
        writer.cut()


def _wanted(request: web.Request) -> Wanted:
    namespace, name = _named(request, "namespace", ""), _named(request, "name", ANY_NAME)
    labels = request.query.get("labelSelector", "")
    if name == ANY_NAME:
        return Wanted(namespace, labels=labels)
    if labels:
        raise Refusal(400, f"labelSelector: give it with {ANY_NAME} in place of the job's name")
    return Wanted(namespace, name)


def _named(request: web.Request, part: str, otherwise: str = "") -> str:
    """Return a name out of the path; one that no object can have would mean something else in our own requests."""
    text = request.match_info.get(part, otherwise)
    if text not in {otherwise, ANY_NAME} and not NAME.fullmatch(text):
        raise Refusal(404, f"{part}: {text[:253]!r} is no name of an object")
    return text


def _host(request: web.Request) -> HostReference:
    kind = next(kind for kind, plural in HOST_PLURALS.items() if plural == request.match_info["plural"])
    return HostReference.model_validate({"kind": kind, "name": _named(request, "name")})


@contextmanager
def _selecting(wanted: Wanted) -> Iterator[None]:
    """Name the parameter where the API server does not take it; it alone knows what a selector is."""
    try:
        yield
    except KubeRefused as problem:
        if wanted.labels:
            raise Refusal(400, f"labelSelector: {problem}") from problem
        raise


def _get(path: str, handler: Handler) -> web.RouteDef:
    """Serve GET alone: a stream in answer to HEAD would be read as the next answer on the API server's connection."""
    return web.get(path, handler, allow_head=False)


def _document(body: dict[str, Any]) -> Handler:
    async def answer(_: web.Request) -> web.StreamResponse:
        return web.json_response(body)

    return cast("Handler", answer)


async def _healthy(_: web.Request) -> web.StreamResponse:
    return web.Response(text="ok")
