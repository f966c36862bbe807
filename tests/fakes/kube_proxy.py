"""A proxy between an operator and the API server. Its lines: `verb resource[/subresource] namespace/name`.

A list's further parts have `+continue` behind that.
"""

import json
import re
import ssl
from pathlib import Path
from typing import Any, Final

from aiohttp import ClientSession, TCPConnector, web
from tests.fakes.fault_proxy import FaultProxy, ProxyThread, timeless
from yarl import URL

VERBS: Final = {"POST": "create", "PATCH": "patch", "PUT": "update", "DELETE": "delete"}
PATH: Final = re.compile(
    r"/(?:api|apis/[^/]+)/[^/]+(?:/namespaces/(?P<namespace>[^/]+)(?=/))?/(?P<kind>[^/]+)(?:/(?P<name>[^/]+))?(?P<sub>/.+)?"
)


class KubeProxy(FaultProxy):
    """Plain HTTP on loopback in front of the API server's HTTPS; tokens pass through."""

    def __init__(self, thread: ProxyThread, server: str, authority: Path) -> None:
        super().__init__(thread)
        self._server = server
        self._authority = authority
        self.port = 0
        self.chunk: int | None = None
        """Objects per answer of a list, however many are asked for."""

    def open_session(self) -> ClientSession:
        """Trust the plane's own authority."""
        trusted = ssl.create_default_context(cafile=str(self._authority))
        connector = TCPConnector(ssl=trusted, limit=0)
        return ClientSession(connector=connector, auto_decompress=False, timeout=timeless())

    async def listen(self, runner: web.AppRunner) -> None:
        """Take any free port."""
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self.port = runner.addresses[0][1]

    def line_of(self, request: web.Request) -> str:
        """Name verb, resource and object."""
        found = PATH.fullmatch(request.path)
        if found is None:
            return f"{request.method} {request.path}"
        named, sub = found["name"], found["sub"] or ""
        verb = VERBS.get(request.method) or _reading(request, named)
        more = "+continue" if "continue" in request.query else ""
        return f"{verb} {found['kind']}{sub} {found['namespace'] or ''}/{named or ''}{more}"

    def target_of(self, request: web.Request) -> Any:
        """Keep path and query, but for the size of chunks."""
        url = URL(self._server + request.raw_path, encoded=True)
        if self.chunk is not None and "limit" in request.query:
            url = url.update_query(limit=str(self.chunk))
        return url

    def is_stream(self, line: str, request: web.Request) -> bool:
        """Watches have no end of their own."""
        return line.startswith("watch ")

    def kubeconfig(self, real: Path, path: Path) -> Path:
        """Write a kubeconfig that leads here with the login of another one."""
        config = json.loads(real.read_text())
        config["clusters"][0]["cluster"] = {"server": f"http://127.0.0.1:{self.port}"}
        path.write_text(json.dumps(config))
        path.chmod(0o600)
        return path


def _reading(request: web.Request, name: str | None) -> str:
    if request.query.get("watch") in {"true", "1"}:
        return "watch"
    return "get" if name else "list"
