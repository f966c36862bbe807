"""A tiny engine on a real Unix socket: it answers as it is told and remembers what it was asked."""

import contextlib
import http.server
import json
import socketserver
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

VERSION = {"Version": "20.10.24", "ApiVersion": "1.41", "Components": [{"Name": "Engine"}]}
DROP = 0  # as a status: close the connection without an answer


@dataclass(frozen=True)
class Answer:
    """What to answer: a status (or DROP), a body, and how long to stay silent before it."""

    status: int = 200
    body: Any = ""
    silence: threading.Event | None = None

    def encoded(self) -> bytes:
        if isinstance(self.body, bytes):
            return self.body
        return (self.body if isinstance(self.body, str) else json.dumps(self.body)).encode()


Said = Answer | list[Answer]


@dataclass
class SocketEngine:
    """The engine's answers by "METHOD /path", the last one of a list repeated, and the requests it saw."""

    endpoint: str
    answers: dict[str, list[Answer]]
    requests: list[str] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)

    def next_answer(self, route: str) -> Answer:
        known = self.answers.get(route, [Answer(404, {"message": f"no route {route}"})])
        return known.pop(0) if len(known) > 1 else known[0]


@contextlib.contextmanager
def socket_engine(path: Path, **answers: Said) -> Iterator[SocketEngine]:
    """Serve on a socket until the block ends; `answers` maps "METHOD /path" to what is said there."""
    told = {"GET /_ping": [Answer(200, "OK")], "GET /version": [Answer(200, VERSION)]}
    told |= {route: list(said) if isinstance(said, list) else [said] for route, said in answers.items()}
    engine = SocketEngine(f"unix://{path}", told)

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            route = f"{self.command} {urlsplit(self.path).path}"
            engine.requests.append(f"{self.command} {self.path}")
            engine.bodies.append(self.rfile.read(int(self.headers.get("Content-Length", 0))))
            answer = engine.next_answer(route)
            if answer.silence is not None:
                answer.silence.wait(10)
            self.close_connection = True
            if answer.status == DROP:
                return
            body = answer.encoded()
            head = f"HTTP/1.0 {answer.status} said\r\nContent-Length: {len(body)}\r\n\r\n"
            with contextlib.suppress(BrokenPipeError):
                self.wfile.write(head.encode() + body)

        do_POST = do_DELETE = do_GET  # noqa: N815 (the standard library's names)

    class Server(socketserver.ThreadingUnixStreamServer):
        daemon_threads = True

    with Server(str(path), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield engine
        finally:
            for said in told.values():
                for answer in said:
                    if answer.silence is not None:
                        answer.silence.set()
            server.shutdown()
            thread.join()
