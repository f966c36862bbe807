"""A real HTTP server that speaks the log API as it is told, with faults on demand; to kubectl it is an API server."""

import json
import os
import select
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from containerjob_api.frames import ALL, Cursor, EndReason, Frame, Kind

LOGS = "/apis/subresources.containerjobs.io/v1alpha1"
JOBS = "/apis/containerjobs.io/v1alpha1"
SECOND = 1_000_000_000


class Break:
    """The connection is cut in the middle of an answer."""


class Hold:
    """Nothing more is said until the reader goes away, or the server stops."""


@dataclass(frozen=True)
class Refuse:
    """A metav1 Status; without a reason, plain text as a proxy on the way would send."""

    code: int
    reason: str = ""
    message: str = ""


BREAK, HOLD = Break(), Hold()
Step = bytes | Frame | Break | Hold
Turn = Refuse | Iterable[Step]


@dataclass
class LogServer:
    """What is answered to whom; `turns` first, one for each log request, then `always`."""

    turns: deque[Turn | Callable[[dict[str, list[str]]], Turn]] = field(default_factory=deque)
    always: Callable[[dict[str, list[str]]], Turn] | None = None
    objects: dict[str, Any] = field(default_factory=dict)
    """Answers by path."""
    requests: list[str] = field(default_factory=list)
    """Path and query of each log request."""
    readers_gone: threading.Event = field(default_factory=threading.Event)
    """Set when a reader left while the answer was held."""
    stopped: threading.Event = field(default_factory=threading.Event)
    port: int = 0

    def asked(self, number: int = -1) -> dict[str, list[str]]:
        """Return the query of a request."""
        return parse_qs(urlsplit(self.requests[number]).query)

    def job(self, name: str, namespace: str = "default", **status: Any) -> None:
        """Let there be a job."""
        metadata = {"name": name, "namespace": namespace, "creationTimestamp": "2026-01-31T18:00:00Z"}
        body = {
            "apiVersion": "containerjobs.io/v1alpha1",
            "kind": "ContainerJob",
            "metadata": metadata,
            "spec": {},
            "status": status,
        }
        path = f"{JOBS}/namespaces/{namespace}/containerjobs"
        self.objects[f"{path}/{name}"] = body
        known = self.objects.setdefault(path, {"kind": "ContainerJobList", "apiVersion": "v1", "items": []})
        known["items"].append(body)


def source(number: int, name: str, *, attempt: int = 0, namespace: str = "default") -> Frame:
    """Announce a container."""
    about = {
        "namespace": namespace,
        "name": name,
        "attempt": attempt,
        "container": f"cj-{name}-{attempt}",
        "host": "h",
    }
    return Frame(Kind.SOURCE, json.dumps(about).encode(), number)


def out(number: int, data: str | bytes, time: int, *, stderr: bool = False, flags: int = 0) -> Frame:
    """Give out entries; the time is in seconds, 0 for kept ones."""
    raw = data.encode() if isinstance(data, str) else data
    return Frame(Kind.STDERR if stderr else Kind.STDOUT, raw, number, flags, time * SECOND, 1 if time else 0)


def gap(number: int, message: str) -> Frame:
    """Say that output is missing."""
    return Frame(Kind.GAP, json.dumps({"message": message}).encode(), number)


def end(number: int = ALL, reason: str = EndReason.EXITED, **about: Any) -> Frame:
    """End a container, or everything."""
    return Frame(Kind.END, json.dumps({"reason": reason, **about}).encode(), number)


def faithful(
    entries: Sequence[tuple[bytes, bool]], name: str = "demo", breaks: Sequence[int] = ()
) -> Callable[[dict[str, list[str]]], Turn]:
    """Serve one job from the cursor on; the n-th answer breaks within its `breaks[n]`-th frame."""
    left = deque(breaks)

    def turn(query: dict[str, list[str]]) -> Turn:
        cursors = [Cursor.parse(text) for text in query.get("cursor", [])]
        begin = cursors[0].time // SECOND if cursors else 0
        frames: list[Step] = [source(0, name)]
        frames += [
            out(0, data, at, stderr=err)
            for at, (data, err) in enumerate(entries[begin:], begin + 1)
        ]  # fmt: skip
        if left:
            cut = 1 + left.popleft()
            torn = frames[cut : cut + 1]
            half = [torn[0].to_bytes()[:-1]] if torn and isinstance(torn[0], Frame) else []
            return [*frames[:cut], *half, BREAK]
        return [*frames, end(0, exitCode=0), end(exitCode=0, phase="Succeeded")]

    return turn


@contextmanager
def serving() -> Iterator[LogServer]:
    """Serve on loopback until the end of the block."""
    book = LogServer()
    server = _Quiet(("127.0.0.1", 0), type("_Bound", (_Handler,), {"book": book}))
    book.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield book
    finally:
        book.stopped.set()
        server.shutdown()
        thread.join()
        server.server_close()


def kubeconfig(folder: Path, port: int) -> dict[str, str]:
    """Return the variables with which kubectl reads the server, with the plugin in PATH."""
    path = folder / "kubeconfig"
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "x", "cluster": {"server": f"http://127.0.0.1:{port}"}}],
        "users": [{"name": "x", "user": {}}],
        "contexts": [{"name": "x", "context": {"cluster": "x", "user": "x"}}],
        "current-context": "x",
    }
    path.write_text(json.dumps(config))
    programs = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    return {"KUBECONFIG": str(path), "KUBECACHEDIR": str(folder / "cache"), "KUBERC": "off", "PATH": programs}


@dataclass(frozen=True)
class Person:
    """Somebody whose kubectl knows the server only."""

    book: LogServer
    variables: dict[str, str]

    @property
    def environment(self) -> dict[str, str]:
        """What their shell has set."""
        return {key: value for key, value in os.environ.items() if not key.endswith("COLOR")} | self.variables

    def command(self, verb: str, *arguments: str) -> list[str]:
        """Return the command line."""
        return ["kubectl", "containerjob", verb, "--namespace=default", *arguments]

    def __call__(self, verb: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run the plugin, whatever its exit code."""
        return subprocess.run(
            self.command(verb, *arguments),
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    def refused(self, verb: str, *arguments: str, code: int = 1) -> str:
        """Run what must fail with one line, and return it without its `error: `."""
        done = self(verb, *arguments)
        assert (done.returncode, done.stdout, done.stderr.count("\n")) == (code, "", 1), done
        return done.stderr.removeprefix("error: ").strip()


@contextmanager
def person(folder: Path) -> Iterator[Person]:
    """Serve, and give somebody who reads."""
    with serving() as book:
        yield Person(book, kubeconfig(folder, book.port))


class _Quiet(ThreadingHTTPServer):
    """A reader that goes away is no news."""

    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    """Answers requests by the book."""

    protocol_version = "HTTP/1.1"
    book: LogServer

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        if path.startswith(LOGS) and path.endswith("/log"):
            self.book.requests.append(self.path)
            self._turn(_next_turn(self.book, parse_qs(urlsplit(self.path).query)))
        else:
            found = self.book.objects.get(path, _discovery(path))
            if isinstance(found, Refuse) or found is None:
                self._turn(found or Refuse(404))
            else:
                self._json(200, found)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        pass

    def _turn(self, turn: Turn) -> None:
        if isinstance(turn, Refuse):
            self._refuse(turn)
            return
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for step in turn:
            if isinstance(step, Break):
                self.close_connection = True
                return
            if isinstance(step, Hold):
                self._hold()
                return
            data = step.to_bytes() if isinstance(step, Frame) else step
            self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        self.wfile.write(b"0\r\n\r\n")

    def _hold(self) -> None:
        self.close_connection = True
        while not self.book.stopped.is_set():
            if select.select([self.connection], [], [], 0.02)[0] and not self.connection.recv(1):
                self.book.readers_gone.set()
                return

    def _refuse(self, refuse: Refuse) -> None:
        if not refuse.reason:
            data = refuse.message.encode()
            self.send_response(refuse.code)
            self.send_header("Content-Type", "text/plain")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)
            return
        status = {
            "kind": "Status",
            "apiVersion": "v1",
            "status": "Failure",
            "message": refuse.message,
            "reason": refuse.reason,
            "code": refuse.code,
        }
        self._json(refuse.code, status)

    def _json(self, code: int, body: Any) -> None:
        data = json.dumps(body).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


def _next_turn(book: LogServer, query: dict[str, list[str]]) -> Turn:
    if book.turns:
        turn = book.turns.popleft()
        return turn(query) if callable(turn) else turn
    return book.always(query) if book.always is not None else Refuse(404)


def _discovery(path: str) -> Any:
    """Answer what kubectl asks before it gets a ContainerJob."""
    version = {"groupVersion": "containerjobs.io/v1alpha1", "version": "v1alpha1"}
    group = {"name": "containerjobs.io", "versions": [version], "preferredVersion": version}
    resource = {
        "name": "containerjobs",
        "singularName": "containerjob",
        "namespaced": True,
        "kind": "ContainerJob",
        "verbs": ["get", "list"],
    }
    return {
        "/api": {"kind": "APIVersions", "versions": ["v1"]},
        "/api/v1": {"kind": "APIResourceList", "groupVersion": "v1", "resources": []},
        "/apis": {"kind": "APIGroupList", "apiVersion": "v1", "groups": [group]},
        JOBS: {
            "kind": "APIResourceList",
            "apiVersion": "v1",
            "groupVersion": "containerjobs.io/v1alpha1",
            "resources": [resource],
        },
    }.get(path)
