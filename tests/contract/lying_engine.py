"""A Docker API on a Unix socket that tells lies on request: before a real engine, or with none behind it."""

import contextlib
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
from aiohttp import web

Rule = Callable[[web.Request], Awaitable[web.StreamResponse]]
_VERSION = re.compile(r"^/v[\d.]+")


@dataclass
class LyingEngine:
    """Answers by the first rule whose pattern fits the whole `METHOD /path`, else asks the engine behind."""

    path: Path
    behind: aiohttp.ClientSession | None
    rules: dict[str, Rule] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)
    """Every route that was asked, in order, without the API version."""
    versions: set[str] = field(default_factory=set)

    def says(self, route: str, status: int, body: object = None) -> None:
        """Answer this route with JSON."""

        async def answer(_: web.Request) -> web.StreamResponse:
            return web.Response(status=status) if body is None else web.json_response(body, status=status)

        self.rules[route] = answer

    def refuses(self, route: str, status: int, words: str = "the engine says no") -> None:
        """Answer this route as the engine words its errors."""
        self.says(route, status, {"message": words})

    def count(self, route: str) -> int:
        """How often a route was asked."""
        return sum(re.fullmatch(route, request) is not None for request in self.requests)

    async def forward(self, request: web.Request) -> web.Response:
        """Ask the engine behind."""
        assert self.behind is not None, f"nothing answers {request.method} {request.path}"
        url = f"http://docker{request.raw_path}"
        headers = {"Content-Type": "application/json"}
        async with self.behind.request(request.method, url, data=await request.read(), headers=headers) as answer:
            kind = answer.headers.get("Content-Type")
            told = {"Content-Type": kind} if kind else None
            return web.Response(status=answer.status, body=await answer.read(), headers=told)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Serve one request."""
        route = f"{request.method} {_VERSION.sub('', request.path)}"
        self.requests.append(route)
        self.versions.update(_VERSION.findall(request.path))
        for pattern, rule in self.rules.items():
            if re.fullmatch(pattern, route):
                return await rule(request)
        return await self.forward(request)


@contextlib.asynccontextmanager
async def lying_engine(path: Path, behind: str | None = None) -> AsyncIterator[LyingEngine]:
    """Serve on a socket until the block ends; `behind` is the endpoint of a real engine."""
    session = None
    if behind is not None:
        session = aiohttp.ClientSession(connector=aiohttp.UnixConnector(behind.removeprefix("unix://"), limit=0))
    engine = LyingEngine(path, session)
    if behind is None:
        engine.says("GET /version", 200, {"Version": "20.10.24", "ApiVersion": "1.41", "MinAPIVersion": "1.12"})
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", engine.answer)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    await web.UnixSite(runner, str(path)).start()
    try:
        yield engine
    finally:
        await runner.cleanup()
        if session is not None:
            await session.close()


async def hang_up(request: web.Request) -> web.StreamResponse:
    """Close the connection instead of answering."""
    assert request.transport is not None
    request.transport.abort()
    return web.Response()
