"""An HTTP/1.1 reverse proxy on loopback, in a thread of its own, that does to requests what a script says."""

import asyncio
import contextlib
import fnmatch
import threading
from collections import Counter
from collections.abc import Coroutine
from typing import Any, TypeVar

from aiohttp import ClientError, ClientResponse, ClientSession, ClientTimeout, web
from tests.fakes.fault_script import Fault, Planted, What
from tests.fakes.troubles import When

HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length", "upgrade", "te", "trailer"}
BODY_LIMIT = 64 * 1024 * 1024
Result = TypeVar("Result")


class ProxyThread:
    """An event loop in a thread; all proxies of a test session share it."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, name="proxies", daemon=True)
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, Result]) -> Result:
        """Run something there and return its result."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(30)

    def end(self) -> None:
        """Stop the loop; its proxies are closed by then."""
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(10)
        self.loop.close()


class FaultProxy:
    """Forwards requests, counts them by their line, and spoils those a planted fault is for."""

    def __init__(self, thread: ProxyThread) -> None:
        self._thread = thread
        self._planted: list[Planted] = []
        self._open: dict[asyncio.Task[Any] | None, tuple[str, web.Request]] = {}
        self._runner: web.AppRunner | None = None
        self.session: ClientSession | None = None
        self.requests: Counter[str] = Counter()
        """How often each request came."""
        self.effects: Counter[tuple[str, int]] = Counter()
        """How the server answered each, whether its client heard of it or not."""
        self.answers: dict[str, bytes] = {}
        """The last whole answer to each list."""

    # What each kind of proxy says for itself.

    def line_of(self, request: web.Request) -> str:
        """Compose the line that faults are matched with."""
        raise TypeError

    def target_of(self, request: web.Request) -> str:
        """Name the address to forward to."""
        raise TypeError

    def is_stream(self, line: str, request: web.Request) -> bool:
        """Say whether the answer has no end of its own."""
        raise TypeError

    def open_session(self) -> ClientSession:
        """Make the client of the server behind."""
        raise TypeError

    async def listen(self, runner: web.AppRunner) -> None:
        """Bind where clients shall come to."""
        raise TypeError

    # What tests do.

    def start(self) -> None:
        """Serve."""
        self._thread.run(self._start())

    def stop(self) -> None:
        """Close everything."""
        self._thread.run(self._stop())

    def plant(self, match: str, what: What, **more: Any) -> Planted:
        """Set one fault to work; the newest that fits is the one that strikes."""
        planted = Planted(Fault(match, what, **more), self._thread.loop)
        self._planted.insert(0, planted)
        return planted

    def heal(self) -> None:
        """Lift every fault. What was held stays unanswered, as after an outage."""
        for planted in self._planted:
            planted.lifted = True
        self._planted = []

    def cut(self, match: str) -> int:
        """Cut what is open now and fits, and say how many that were."""

        async def cut() -> int:
            hit = [request for line, request in self._open.values() if fnmatch.fnmatchcase(line, match)]
            for request in hit:
                _abort(request)
            return len(hit)

        return self._thread.run(cut())

    def count(self, match: str) -> int:
        """Say how many requests came that fit."""
        return sum(number for line, number in self.requests.items() if fnmatch.fnmatchcase(line, match))

    def succeeded(self, match: str) -> int:
        """Say how many requests that fit took effect."""
        return sum(
            number
            for (line, status), number in self.effects.items()
            if status < 300 and fnmatch.fnmatchcase(line, match)
        )

    # What the loop does.

    async def _start(self) -> None:
        self.session = self.open_session()
        app = web.Application(client_max_size=BODY_LIMIT)
        app.router.add_route("*", "/{path:.*}", self._serve)
        self._runner = web.AppRunner(app, handler_cancellation=True, access_log=None, shutdown_timeout=0)
        await self._runner.setup()
        await self.listen(self._runner)

    async def _stop(self) -> None:
        for _, request in list(self._open.values()):
            _abort(request)
        if self._runner is not None:
            await self._runner.cleanup()
        if self.session is not None:
            await self.session.close()

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        line = self.line_of(request)
        self.requests[line] += 1
        task = asyncio.current_task()
        self._open[task] = (line, request)
        try:
            body = await request.read()
            instead = await self._strike(line, When.BEFORE, request)
            if instead is not None:
                return instead
            return await self._forward(line, request, body)
        finally:
            del self._open[task]

    async def _strike(self, line: str, when: When, request: web.Request) -> web.Response | None:
        fault = self._next(line, {What.DROP, What.HOLD, What.ANSWER}, when)
        if fault is None:
            return None
        fault.strike()
        if fault.fault.what is What.HOLD:
            await fault.held()
            return None
        if fault.fault.what is What.DROP:
            return _abort(request)
        headers = {"Content-Type": "application/json", **fault.fault.headers}
        return web.Response(status=fault.fault.status, body=fault.fault.body, headers=headers)

    def _next(self, line: str, kinds: set[What], when: When = When.BEFORE) -> Planted | None:
        fitting = (p for p in self._planted if p.fault.what in kinds and p.fault.when is when and p.fits(line))
        return next(fitting, None)

    async def _forward(self, line: str, request: web.Request, body: bytes) -> web.StreamResponse:
        assert self.session is not None
        headers = [(k, v) for k, v in request.headers.items() if k.lower() not in HOP_BY_HOP]
        try:
            async with self.session.request(
                request.method, self.target_of(request), data=body or None, headers=headers, allow_redirects=False
            ) as answer:
                if self.is_stream(line, request):
                    return await self._pass_stream(line, request, answer)
                content = await answer.read()
        except (OSError, ClientError):
            return _abort(request)  # the server behind is away: so are we
        self.effects[line, answer.status] += 1
        if line.startswith("list "):
            self.answers[line] = content
        instead = await self._strike(line, When.AFTER, request)
        return instead or web.Response(status=answer.status, body=content, headers=_kept(answer))

    async def _pass_stream(self, line: str, request: web.Request, answer: ClientResponse) -> web.StreamResponse:
        response = web.StreamResponse(status=answer.status, headers=_kept(answer))
        await response.prepare(request)
        with contextlib.suppress(ConnectionError):
            async for data in answer.content.iter_any():
                while (fault := self._next(line, {What.STALL, What.FREEZE})) is not None:
                    fault.reached.set()
                    if fault.fault.what is What.FREEZE:
                        await asyncio.Event().wait()
                    await asyncio.sleep(0.05)
                await response.write(data)
        return response


def timeless() -> ClientTimeout:
    """Return no time limit: those are the client's to have."""
    return ClientTimeout(total=None, sock_read=None)


def _abort(request: web.Request) -> web.Response:
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


def _kept(answer: ClientResponse) -> list[tuple[str, str]]:
    return [(k, v) for k, v in answer.headers.items() if k.lower() not in HOP_BY_HOP]
