"""What the gateway says of answers that are none; kubectl is played by a script, the API server by a thread."""

import http.server
import json
import socketserver
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from kubectl_containerjob.changing.changes import TRIES, change_one
from kubectl_containerjob.changing.outcomes import How, Report
from kubectl_containerjob.changing.wishes import CANCEL
from kubectl_containerjob.gateway import opened
from kubectl_containerjob.kubectl import Kubectl
from kubectl_containerjob.problems import Problem, Refused

# Links the socket that kubectl would serve on to the thread's own.
SCRIPT = """#!/bin/sh
ln -s {socket} "${{2#--unix-socket=}}"
echo Starting to serve
exec sleep 60
"""
Answer = Callable[[str], tuple[int, str] | None]


class Server(socketserver.ThreadingUnixStreamServer):
    """Answers each method as it is told; None breaks the connection off."""

    daemon_threads = True
    answer: Answer


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def _any(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        answer = self.server.answer(self.command)
        if answer is None:
            self.close_connection = True
            return
        body = answer[1].encode()
        self.send_response(answer[0])
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if body:  # the client is gone at once where there is none
            self.wfile.write(body)

    do_GET = do_PATCH = do_DELETE = _any  # noqa: N815 - the library's names

    def address_string(self) -> str:
        return "a unix socket"

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Say nothing: what is answered is what is tested."""


@pytest.fixture
def server(tmp_path: Path, short_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    path = short_folder / f"api-{tmp_path.name[-12:]}"
    program = tmp_path / "kubectl"
    program.write_text(SCRIPT.format(socket=path))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    with Server(str(path), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def job(version: str = "1") -> dict[str, Any]:
    meta = {"name": "report", "namespace": "sales", "uid": "u1", "resourceVersion": version}
    return {"metadata": meta, "spec": {}, "status": {"phase": "Running"}}


def status(code: int, reason: str, message: str = "no") -> tuple[int, str]:
    return code, json.dumps({"kind": "Status", "reason": reason, "message": message})


def changed(server: Server, answer: Answer) -> dict[str, Any] | None:
    server.answer = answer
    with opened(Kubectl()) as gateway:
        return change_one(gateway, CANCEL, job())


def test_a_connection_that_breaks_is_one_line(server: Server) -> None:
    with pytest.raises(Problem, match=r"the connection to the cluster broke \(.+\): look what was done"):
        changed(server, lambda _: None)


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ((502, "dial tcp 10.0.0.1:443: connect: connection refused"), "the cluster does not answer"),
        ((500, ""), "the API server said no without a word"),
        ((500, "[]"), r"\[\]"),
        (status(403, "Forbidden", "eve cannot patch"), "eve cannot patch: ask an administrator for the role"),
        (status(500, "", "etcd is away"), "etcd is away"),
    ],
)
def test_what_an_api_server_says_when_it_is_no_help(server: Server, answer: tuple[int, str], told: str) -> None:
    with pytest.raises(Refused, match=told):
        changed(server, lambda _: answer)


def test_a_job_that_is_written_all_the_time_is_given_up(server: Server) -> None:
    asked: list[str] = []

    def busy(method: str) -> tuple[int, str]:
        asked.append(method)
        return status(409, "Conflict") if method == "PATCH" else (200, json.dumps(job(str(len(asked)))))

    with pytest.raises(Problem, match="job report is written by others all the time: try again"):
        changed(server, busy)
    assert asked.count("PATCH") == TRIES


def test_a_job_that_goes_while_it_is_read_again_is_missing(server: Server) -> None:
    with pytest.raises(Refused, match="there is no ContainerJob report"):
        changed(server, lambda method: status(*((409, "Conflict") if method == "PATCH" else (404, "NotFound"))))


def test_failures_that_agree_on_a_code_end_with_it(capsys: pytest.CaptureFixture[str]) -> None:
    report = Report(Kubectl(), How())
    report.fail(Problem("late", 124))
    assert report.finish() == 124
    report.fail(Problem("refused"))
    assert report.finish() == 1
    assert capsys.readouterr().err == "error: late\nerror: refused\n"
