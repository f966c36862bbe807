"""Many jobs that print one line and are gone: each line is read, at once and an hour later."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from tests.e2e import late_operator
from tests.e2e.conftest import wait_for
from tests.e2e.test_log_api import JOBS, NAMESPACE, Logs, logs
from tests.size import FULL

from containerjob_api.names import API_VERSION, LABEL_CLUSTER_UID
from containerjob_local import operator_process, processes

pytestmark = pytest.mark.real

COUNT = 1000 if FULL else 50
KEPT = 200 if FULL else 20
__all__ = ["logs"]


def one_line_jobs(count: int) -> str:
    """Describe jobs that print their number and end."""

    def body(number: int) -> dict[str, object]:
        container = {"name": "main", "image": "busybox:1.37", "command": ["echo", f"line {number:04}"]}
        placement = {"hostRef": {"kind": "DockerHost", "name": "real"}}
        spec = {"backoffLimit": 0, "placement": placement, "template": {"spec": {"containers": [container]}}}
        metadata = {"name": f"line-{number}", "namespace": NAMESPACE, "labels": {"set": "lines"}}
        return {"apiVersion": API_VERSION, "kind": "ContainerJob", "metadata": metadata, "spec": spec}

    return json.dumps({"apiVersion": "v1", "kind": "List", "items": [body(number) for number in range(count)]})


@contextmanager
def an_hour_later(logs: Logs) -> Iterator[None]:
    """Have an operator take over whose clock is an hour ahead."""
    state = logs.environment.state
    running = logs.operator()
    _, _, _, *options = processes.command_line(running)
    operator_process.stop_operator(state)
    with (state.folder / "late.log").open("wb") as log:
        late = subprocess.Popen([sys.executable, "-m", late_operator.__name__, *options], stdout=log, stderr=log)
        try:
            yield
        finally:
            late.terminate()
            late.wait(90)


@pytest.mark.timeout(1200 if FULL else 300)
def test_every_line_is_read_at_once_and_an_hour_later(logs: Logs) -> None:
    logs.kubectl("create", "-f", "-", stdin=one_line_jobs(COUNT))
    unfinished = ("get", "cjob", "-n", NAMESPACE, "-l", "set=lines", "--field-selector=status.finished!=true")
    wait_for("all have finished", lambda: not logs.kubectl(*unfinished, "-o", "name"), 900)
    written = [f"line {number:04}" for number in range(COUNT)]

    def read() -> list[str]:
        return sorted(logs.read(f"{JOBS}/-/log?labelSelector=set%3Dlines")[0].splitlines())

    def containers() -> int:
        ours = {"label": f"{LABEL_CLUSTER_UID}={logs.environment.plane.cluster_uid}"}
        return len(logs.oracle.api.containers(all=True, filters=ours))

    assert read() == written
    patch = json.dumps({"spec": {"maxRetainedContainers": KEPT}})
    logs.kubectl("patch", "dhost", "real", "--type=merge", "-p", patch)
    with an_hour_later(logs):
        wait_for("all but some containers are removed", lambda: containers() <= KEPT, 120)
        assert containers() > 0
        wait_for("the log API is served again", lambda: read() == written)
