"""Unix sockets before a real engine: one goes away and comes back as a machine does, one spoils requests.

Lines of the second: `METHOD /path`, without the API's version; a create has its container's name behind it.
"""

import contextlib
import re
import socket
import threading
from pathlib import Path
from typing import Any

from aiohttp import ClientSession, UnixConnector, web
from tests.fakes.fault_proxy import FaultProxy, ProxyThread, timeless
from yarl import URL


class EngineProxy:
    """Forwards bytes while it is up; refuses and cuts everything while it is down."""

    def __init__(self, path: Path, target: str) -> None:
        self.path = path
        self._target = target
        self._listener: socket.socket | None = None
        self._pairs: list[socket.socket] = []
        self._lock = threading.Lock()

    @property
    def endpoint(self) -> str:
        """What a DockerHost is given."""
        return f"unix://{self.path}"

    def up(self) -> None:
        """Start to listen."""
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        listener.bind(str(self.path))
        listener.listen(128)
        self._listener = listener
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()

    def down(self) -> None:
        """Stop to listen and cut every connection."""
        self.path.unlink(missing_ok=True)
        with self._lock:
            listener, self._listener = self._listener, None
            pairs, self._pairs = self._pairs, []
        if listener is not None:
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            listener.close()
        for end in pairs:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def _accept(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = listener.accept()
                far = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
                with self._lock:
                    if self._listener is not listener:  # it came while we went down
                        near.close()
                        far.close()
                        return
                    self._pairs += [near, far]  # closed by `down`, also where the engine is not there any more
                far.connect(self._target)
                for source, sink in ((near, far), (far, near)):
                    threading.Thread(target=_pump, args=(source, sink), daemon=True).start()


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
    with contextlib.suppress(OSError):
        sink.shutdown(socket.SHUT_WR)


class EngineFaults(FaultProxy):
    """Understands the requests, so that faults can be planted by method and path."""

    def __init__(self, thread: ProxyThread, path: Path, target: str) -> None:
        super().__init__(thread)
        self.path = path
        self._target = target.removeprefix("unix://")

    @property
    def endpoint(self) -> str:
        """What a DockerHost, or DOCKER_HOST, is given."""
        return f"unix://{self.path}"

    def open_session(self) -> ClientSession:
        """Speak to the engine's own socket."""
        connector = UnixConnector(self._target, limit=0)
        return ClientSession(connector=connector, auto_decompress=False, timeout=timeless())

    async def listen(self, runner: web.AppRunner) -> None:
        """Take the socket's path."""
        await web.UnixSite(runner, str(self.path)).start()

    def line_of(self, request: web.Request) -> str:
        """Name method and path."""
        path = re.sub(r"^/v\d+\.\d+/", "/", request.path)
        name = request.query.get("name", "") if path == "/containers/create" else ""
        return f"{request.method} {path} {name}".rstrip()

    def target_of(self, request: web.Request) -> Any:
        """Keep path and query."""
        return URL(f"http://docker{request.raw_path}", encoded=True)

    def is_stream(self, line: str, request: web.Request) -> bool:
        """Events, progress of pulls, followed logs, and waits."""
        return line in {"GET /events", "POST /images/create"} or request.query.get("follow") in {"1", "true"}
