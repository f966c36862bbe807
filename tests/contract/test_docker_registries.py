"""Pulls by a real engine: from a real registry, and from ones that refuse."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from docker import DockerClient
from tests.contract.subjects import Subject

from containerjob_api.phases import Reason
from containerjob_local.engine.registry import Registry, start_registry, stop_registry
from containerjob_operator.errors import LaunchDelayed, LaunchRejected

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    folder = tmp_path_factory.mktemp("registry")
    yield start_registry(folder, print)
    stop_registry(folder)


@contextmanager
def refusing_registry(status: int, code: str) -> Iterator[str]:
    """A registry that answers everything in the same way; its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = b'{"errors":[{"code":"%s","message":"said so"}]}' % code.encode()
            self.send_response(status)
            self.send_header("WWW-Authenticate", 'Basic realm="jobs"')
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_HEAD = do_GET  # noqa: N815 (the standard library's name)

        def log_message(self, *_: object) -> None:
            """Keep quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


async def test_an_absent_image_is_pulled(docker_subject: Subject, registry: Registry, oracle: DockerClient) -> None:
    name = f"{registry.address}/jobs/busybox"
    image = oracle.images.get(docker_subject.image)
    image.tag(name, "latest")
    oracle.images.push(name, "latest")
    oracle.images.remove(f"{name}:latest")
    _, seen = await docker_subject.finished("true", image=name)
    assert seen.exit_code == 0
    for left in docker_subject.names:
        await docker_subject.executor.remove(left)
    oracle.images.remove(f"{name}:latest")


@pytest.mark.parametrize("name", ["jobs/absent:1", "jobs/absent@sha256:" + "0" * 64])
async def test_an_image_that_the_registry_does_not_know_is_rejected(
    docker_subject: Subject, registry: Registry, name: str
) -> None:
    with pytest.raises(LaunchRejected, match="manifest unknown") as refused:
        await docker_subject.executor.create(docker_subject.run("true", image=f"{registry.address}/{name}"))
    assert refused.value.reason is Reason.IMAGE_NOT_FOUND


@pytest.mark.parametrize(("status", "code"), [(401, "UNAUTHORIZED"), (403, "DENIED"), (404, "NAME_UNKNOWN")])
async def test_an_image_that_may_not_be_read_is_rejected(docker_subject: Subject, status: int, code: str) -> None:
    with refusing_registry(status, code) as address, pytest.raises(LaunchRejected) as refused:
        await docker_subject.executor.create(docker_subject.run("true", image=f"{address}/jobs/secret:1"))
    assert refused.value.reason is Reason.IMAGE_NOT_FOUND


@pytest.mark.parametrize(("status", "code"), [(429, "TOOMANYREQUESTS"), (500, "UNKNOWN"), (503, "UNAVAILABLE")])
async def test_a_registry_in_trouble_delays_the_launch(docker_subject: Subject, status: int, code: str) -> None:
    with refusing_registry(status, code) as address, pytest.raises(LaunchDelayed) as delayed:
        await docker_subject.executor.create(docker_subject.run("true", image=f"{address}/jobs/busy:1"))
    assert delayed.value.reason is Reason.IMAGE_PULL_BACK_OFF
