"""Plain HTTP for probes, Prometheus and whoever stands at the machine. No answer waits for anything."""

import ipaddress
from dataclasses import dataclass, field
from typing import Final, Self

import structlog
from aiohttp import web
from prometheus_client.exposition import choose_encoder

from containerjob_operator import metrics
from containerjob_operator.listening import bound
from containerjob_operator.monitoring.checks import Check, alive, ready, told
from containerjob_operator.monitoring.gauges import refresh
from containerjob_operator.monitoring.life import Life
from containerjob_operator.monitoring.report import report

log = structlog.get_logger(__name__)

STOP_SECONDS: Final = 0.1
"""How long a request under way may take to end."""


@dataclass(slots=True)
class MonitoringServer:
    """One process's server. Belongs to one event loop."""

    life: Life
    _runner: web.AppRunner = field(init=False)

    @classmethod
    async def start(cls, life: Life) -> Self | None:
        """Begin to serve, where a port was given; Unusable where it cannot be used."""
        settings = life.settings
        if settings.http_port is None:
            return None
        server = cls(life)
        taken = bound(settings.http_port, settings.http_address, "http")
        application = web.Application()
        application.add_routes(
            [
                web.get("/healthz", server._healthz),
                web.get("/readyz", server._readyz),
                web.get("/metrics", server._metrics),
                web.get("/debug/status", server._status),
            ]
        )
        server._runner = web.AppRunner(application, access_log=None, shutdown_timeout=STOP_SECONDS)
        await server._runner.setup()
        await web.SockSite(server._runner, taken).start()
        log.info("serving health and metrics", port=settings.http_port)
        return server

    async def aclose(self) -> None:
        """Stop, within a moment."""
        await self._runner.cleanup()

    async def _healthz(self, request: web.Request) -> web.Response:
        return _answer("healthz", list(alive(self.life)), request)

    async def _readyz(self, request: web.Request) -> web.Response:
        return _answer("readyz", list(ready(self.life)), request)

    async def _metrics(self, request: web.Request) -> web.Response:
        refresh(self.life)
        encode, content_type = choose_encoder(request.headers.get("Accept", ""))
        return web.Response(body=encode(metrics.REGISTRY), headers={"Content-Type": content_type})

    async def _status(self, request: web.Request) -> web.Response:
        if not is_loopback(request.remote):
            return web.Response(status=403, text="only from the machine or pod itself: try kubectl port-forward\n")
        return web.json_response(report(self.life))


def is_loopback(address: str | None) -> bool:
    """Say whether a peer is on this machine, or in this pod."""
    try:
        found = ipaddress.ip_address(address or "")
    except ValueError:
        return False
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return (mapped or found).is_loopback


def _answer(question: str, checks: list[Check], request: web.Request) -> web.Response:
    failed = any(each.problem for each in checks)
    detailed = failed or "verbose" in request.query
    return web.Response(status=503 if failed else 200, text=told(question, checks) if detailed else "ok")
