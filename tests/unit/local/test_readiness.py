"""Waiting for what was started, and asking a plane who it is."""

import itertools
import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from containerjob_local import processes
from containerjob_local.errors import ProcessError, ReadinessError
from containerjob_local.pki import Pki, ensure_pki
from containerjob_local.ports import free_ports
from containerjob_local.readiness import PlaneProbe, wait_until

SERVED = {
    "/readyz": "ok",
    "/api/v1/namespaces/kube-system": json.dumps({"metadata": {"uid": "u-1"}}),
    "/api/v1/namespaces/default/serviceaccounts/default": "{}",
    "/version": json.dumps({"gitVersion": "v9.9.9"}),
}


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Pki:
    return ensure_pki(tmp_path_factory.mktemp("plane") / "pki")


@contextmanager
def api_server(pki: Pki, served: dict[str, str]) -> Iterator[PlaneProbe]:
    """Serve these paths, and refuse the rest, as an API server that is not ready does."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = served.get(self.path, "").encode()
            self.send_response(200 if body else 500)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Keep the test's output clean."""

    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=pki.pair("ca").certificate)
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_cert_chain(pki.pair("kube-apiserver").certificate, pki.pair("kube-apiserver").key)
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield PlaneProbe(server.server_port, pki)
        finally:
            server.shutdown()
            thread.join()


def test_a_plane_that_serves_everything_is_ready_and_says_who_it_is(pki: Pki) -> None:
    with api_server(pki, SERVED) as probe:
        assert probe.is_ready()
        assert (probe.cluster_uid(), probe.version()) == ("u-1", "v9.9.9")


@pytest.mark.parametrize("missing", list(SERVED)[:3])
def test_a_plane_that_lacks_anything_is_not_ready(pki: Pki, missing: str) -> None:
    with api_server(pki, {path: body for path, body in SERVED.items() if path != missing}) as probe:
        assert not probe.is_ready()


def test_a_plane_that_does_not_listen_is_not_ready_and_says_nothing(pki: Pki) -> None:
    probe = PlaneProbe(free_ports(1)[0], pki)
    assert not probe.is_ready()
    with pytest.raises(ReadinessError, match="does not answer to /version"):
        probe.version()


def test_waiting_ends_when_it_is_ready() -> None:
    answers = itertools.chain([False, False], itertools.repeat(True))
    wait_until(lambda: next(answers), what="it", seconds=10)
    assert next(answers)


def test_waiting_ends_with_an_error_after_its_time() -> None:
    with pytest.raises(ReadinessError, match=r"the thing is not ready after 0\.05 s"):
        wait_until(lambda: False, what="the thing", seconds=0.05)


def test_waiting_ends_at_once_when_a_process_it_needs_has_ended(tmp_path: Path) -> None:
    log = tmp_path / "log"
    process = processes.start("etcd", ["/bin/sleep", "300"], log=log, record=tmp_path / "etcd.json")
    processes.stop(process)
    log.write_text("no space left\n")
    with pytest.raises(ProcessError, match=r"etcd ended while it started: no space left \(log: .*\)"):
        wait_until(lambda: False, what="the plane", seconds=60, needs=[(process, log)])
