"""The log API's server: listens as soon as the front proxy can be told from others, leader or not."""

import asyncio
import socket
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Self

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler

from containerjob_operator.api.engines import Engines, MakeExecutor
from containerjob_operator.api.handlers import LogHandlers, refusing
from containerjob_operator.api.refusals import Refusal
from containerjob_operator.api.sources import Parts
from containerjob_operator.api.trust import Trust, handshake, read_trust
from containerjob_operator.errors import KubeError, Unusable
from containerjob_operator.followers import Followers
from containerjob_operator.kube.client import Kube
from containerjob_operator.listening import bound
from containerjob_operator.settings import Listen

log = structlog.get_logger(__name__)

LOOK_SECONDS: Final = 10.0
"""How often the certificate's files are looked at, and the front proxy's authority where it is not known yet."""
TRUST_SECONDS: Final = 60.0
"""How often a known authority is read again."""
STOP_SECONDS: Final = 0.1
"""How long requests under way may take to end; streams break off then, so that readers go on elsewhere."""
QUERY_LIMIT: Final = 256 * 1024
"""Bytes of a request's first line: a cursor for each of a few thousand containers."""
HEADER_LIMIT: Final = 16 * 1024


@dataclass(slots=True)
class LogApi:
    """One replica's server. Belongs to one event loop."""

    listen: Listen
    kube: Kube
    parts: Parts
    _runner: web.AppRunner = field(init=False)
    _socket: socket.socket = field(init=False)
    _site: web.SockSite | None = field(default=None, init=False)
    _trust: Trust | None = field(default=None, init=False)
    _trusted_at: float = field(default=0.0, init=False)
    _files: tuple[bytes, ...] = field(default=(), init=False)
    _busy: set[web.RequestHandler] = field(default_factory=set, init=False)
    """Connections with a request under way."""
    _keeper: "asyncio.Task[None] | None" = field(default=None, init=False)

    @classmethod
    async def start(cls, listen: Listen, kube: Kube, make_executor: MakeExecutor) -> Self:
        """Bind the port and begin to serve; Unusable where the options cannot be used."""
        api = cls(listen, kube, Parts(kube, Engines(kube, make_executor), Followers()))
        api._socket = bound(listen.port, listen.address, "api")
        application = web.Application(middlewares=[api._admit])
        application.add_routes(LogHandlers(api.parts).routes())
        # Without cancellation a reader that leaves a silent stream would hold it, and its engine, for ever.
        api._runner = web.AppRunner(
            application,
            access_log=None,
            handler_cancellation=True,
            shutdown_timeout=STOP_SECONDS,
            max_line_size=QUERY_LIMIT,
            max_field_size=HEADER_LIMIT,
            lingering_time=0,
        )
        await api._runner.setup()
        try:
            await api._look()
        except BaseException:
            await api.aclose()
            raise
        api._keeper = asyncio.create_task(api._keep(), name="log api")
        return api

    @property
    def serving(self) -> bool:
        """Say whether requests are answered: the authority is known, and the certificate could be used."""
        return self._site is not None

    @property
    def followers(self) -> Followers:
        """Whose output is being read here."""
        return self.parts.followers

    async def aclose(self) -> None:
        """Stop, within a second; streams break off."""
        keeper, self._keeper = self._keeper, None
        if keeper is not None:
            keeper.cancel()
            await asyncio.gather(keeper, return_exceptions=True)
        await self._runner.cleanup()
        self._socket.close()
        await self.parts.engines.aclose()

    async def _keep(self) -> None:
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            try:
                await self._look()
            except Unusable as problem:
                log.warning("the log API goes on with its old certificate", problem=str(problem))
            except Exception:
                log.exception("looking after the log API failed")

    async def _look(self) -> None:
        """Take up a new certificate, or a new authority, and part with who was let in by the one before."""
        files = _contents(self.listen.cert_file, self.listen.key_file)
        trust = await self._read_trust()
        if trust is None or (trust, files) == (self._trust, self._files):
            return
        try:
            context = handshake(trust, self.listen.cert_file, self.listen.key_file)
        except KubeError as problem:
            log.warning("the log API does not take this authority", problem=str(problem))
            return
        # A second listener on the same socket, then the first one goes: no connection is refused meanwhile.
        before = [] if self._trust is None or self._runner.server is None else self._runner.server.connections
        site = web.SockSite(self._runner, self._socket.dup(), ssl_context=context)
        await site.start()
        if self._site is not None:
            await self._site.stop()
        if self._trust is not None and self._trust.authorities != trust.authorities:
            for connection in before:
                # One that is busy goes once its request is answered; close() alone would leave an idle one open.
                (connection.close if connection in self._busy else connection.force_close)()
        self._site, self._trust, self._files = site, trust, files
        log.info("serving the log API", port=self.listen.port)

    async def _read_trust(self) -> Trust | None:
        """Return the authority as it is; the known one where the API server does not tell just now."""
        now = asyncio.get_running_loop().time()
        if self._trust is not None and now - self._trusted_at < TRUST_SECONDS:
            return self._trust
        try:
            trust = await read_trust(self.kube)
        except KubeError as problem:
            log.warning("the front proxy's authority is not known", problem=str(problem))
            return self._trust
        self._trusted_at = now
        return trust

    @web.middleware
    async def _admit(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        certificate = request.transport.get_extra_info("peercert") if request.transport is not None else None
        if self._trust is None or not self._trust.admits(certificate):
            return Refusal(403, "only the cluster's API server may ask here; ask it").response()
        log.debug("asked", path=request.path, user=request.headers.get("X-Remote-User"))
        self._busy.add(request.protocol)
        try:
            return await refusing(handler)(request)
        finally:
            self._busy.discard(request.protocol)


def _contents(*files: Path) -> tuple[bytes, ...]:
    try:
        return tuple(file.read_bytes() for file in files)
    except OSError as problem:
        raise Unusable(f"{problem.filename} cannot be read: {problem.strerror}") from problem
