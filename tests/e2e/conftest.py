"""The operator as a process under its own ServiceAccount, driven through kubectl, against a real engine."""

import contextlib
import itertools
import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import docker
import pytest
from tests.conftest import TestPlane, running_plane

from containerjob_api.names import LABEL_JOB_UID, OPERATOR_NAME, OPERATOR_NAMESPACE
from containerjob_local.engine import Engine
from containerjob_local.operator_process import apply_api

WAIT_SECONDS = 90.0
OPTIONS = (
    "--resync-interval=2",
    "--termination-grace-seconds=2",
    "--shutdown-timeout=10",
    "--allow-fake-hosts",
    "--identity=e2e",
)


def wait_for(what: str, found: Callable[[], Any], seconds: float = WAIT_SECONDS) -> Any:
    """Return the first true answer; fail with what was waited for."""
    end = time.monotonic() + seconds
    while True:
        answer = found()
        if answer:
            return answer
        if time.monotonic() > end:
            pytest.fail(f"waited {seconds} s in vain: {what}")
        time.sleep(0.05)


@dataclass
class Operator:
    """The operator's process, to be started, stopped and killed."""

    kubeconfig: Path
    log: Path
    process: "subprocess.Popen[bytes] | None" = None
    options: tuple[str, ...] = OPTIONS

    def start(self, *more: str) -> None:
        """Start it; jobs are waited for, not the process."""
        command = [sys.executable, "-m", "containerjob_operator", f"--kubeconfig={self.kubeconfig}"]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen([*command, *self.options, *more], stdout=log, stderr=log)

    def end(self, how: signal.Signals = signal.SIGTERM) -> int:
        """Send the signal and wait for the end."""
        assert self.process is not None
        self.process.send_signal(how)
        code = self.process.wait(timeout=90)
        self.process = None
        return code


@dataclass
class Jobs:
    """One namespace, and what tests do with jobs there."""

    plane: TestPlane
    namespace: str
    oracle: docker.DockerClient
    names: Iterator[int] = field(default_factory=itertools.count)

    def manifest(self, script: str | list[str], *, name: str | None = None, **spec: Any) -> dict[str, Any]:
        """Build a job that runs a script, or the given command; a failure ends it unless `spec` says otherwise."""
        command = ["sh", "-c", script] if isinstance(script, str) else script
        container = {"name": "main", "image": spec.pop("image", "busybox:1.37"), "command": command}
        return {
            "apiVersion": "containerjobs.io/v1alpha1",
            "kind": "ContainerJob",
            "metadata": {"name": name or f"job-{next(self.names)}", "namespace": self.namespace},
            "spec": {"backoffLimit": 0, "template": {"spec": {"containers": [container]}}, **spec},
        }

    def apply(self, script: str | list[str], **spec: Any) -> str:
        """Create a job and return its name."""
        manifest = self.manifest(script, **spec)
        self.create(manifest)
        return str(manifest["metadata"]["name"])

    def create(self, manifest: dict[str, Any]) -> None:
        """Create an object."""
        self.plane.kubectl("create", "-f", "-", input=json.dumps(manifest))

    def get(self, name: str) -> dict[str, Any]:
        """Read a job."""
        body = self.plane.kubectl("-n", self.namespace, "get", "cjob", name, "-o", "json").stdout
        return dict(json.loads(body))

    def status(self, name: str) -> dict[str, Any]:
        """Read a job's status."""
        return dict(self.get(name).get("status", {}))

    def phase(self, name: str) -> str:
        """Read a job's phase."""
        return str(self.status(name).get("phase", ""))

    def reason(self, name: str, type_: str = "Ready") -> str:
        """Read the reason of one of a job's conditions."""
        conditions = self.status(name).get("conditions", [])
        return str(next((c["reason"] for c in conditions if c["type"] == type_), ""))

    def patch(self, name: str, patch: dict[str, Any]) -> None:
        """Merge-patch a job."""
        self.plane.kubectl("-n", self.namespace, "patch", "cjob", name, "--type=merge", "-p", json.dumps(patch))

    def finished(self, name: str) -> dict[str, Any]:
        """Wait for the end and return the status."""
        return dict(wait_for(f"{name} finishes", lambda: (s := self.status(name)).get("finished") and s))

    def reaches(self, name: str, phase: str) -> None:
        """Wait for a phase."""
        wait_for(f"{name} is {phase}", lambda: self.phase(name) == phase)

    def containers(self, name: str) -> list[Any]:
        """Ask the engine itself for a job's containers."""
        uid = self.get(name)["metadata"]["uid"]
        return self.containers_of(uid)

    def containers_of(self, uid: str) -> list[Any]:
        """Ask the engine itself for the containers of a job's uid."""
        label = {"label": f"{LABEL_JOB_UID}={uid}"}
        # Each is inspected after the listing; one that is removed in between is not there.
        return list(self.oracle.containers.list(all=True, ignore_removed=True, filters=label))


@pytest.fixture(scope="session")
def installed(short_folder: Path) -> Iterator[TestPlane]:
    """A control plane for the operator alone, with our CRDs and its permissions."""
    with running_plane(short_folder / "e2e") as running:
        apply_api(running.plane)
        yield running


@pytest.fixture(scope="session")
def oracle(engine: Engine) -> Iterator[docker.DockerClient]:
    """The engine through Docker's own client library."""
    client = docker.DockerClient(base_url=engine.endpoint)
    yield client
    client.close()


def apply_host(plane: TestPlane, name: str, endpoint: str, **spec: Any) -> None:
    """Create or change a DockerHost, open to all namespaces unless told otherwise."""
    body = {
        "apiVersion": "containerjobs.io/v1alpha1",
        "kind": "DockerHost",
        "metadata": {"name": name},
        "spec": {"endpoint": endpoint, "allowedNamespaces": {"from": "All"}, **spec},
    }
    plane.kubectl("apply", "-f", "-", input=json.dumps(body))


def ready_host(plane: TestPlane, engine: Engine) -> str:
    """Make a DockerHost for an engine, with room for everybody, and wait until it takes jobs."""
    apply_host(plane, "local", engine.endpoint, maxConcurrentJobs=16)
    plane.kubectl("wait", "--for=condition=Ready", "dhost/local", "--timeout=100s")
    return "local"


@contextlib.contextmanager
def fresh_namespace(plane: TestPlane, namespace: str, oracle: docker.DockerClient) -> Iterator[Jobs]:
    """Make a namespace for one test's jobs, which are deleted with the block."""
    plane.kubectl("create", "namespace", namespace)
    yield Jobs(plane, namespace, oracle)
    plane.kubectl("delete", "cjob", "--all", "-n", namespace, "--wait=false")


@pytest.fixture(scope="session")
def operator(
    installed: TestPlane, short_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Operator]:
    """The running operator; a test that stops it starts it again."""
    kubeconfig = installed.plane.service_account_kubeconfig(
        OPERATOR_NAMESPACE, OPERATOR_NAME, short_folder / "operator.kubeconfig"
    )
    operator = Operator(kubeconfig, tmp_path_factory.mktemp("operator") / "operator.log")
    operator.start()
    yield operator
    if operator.process is not None:
        assert operator.end() == 0


@pytest.fixture(scope="session")
def host(operator: Operator, installed: TestPlane, engine: Engine) -> str:
    """A DockerHost for the session's engine, with room for everybody."""
    return ready_host(installed, engine)


@pytest.fixture(scope="module")
def emulator(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The emulator of Cloud Run as a process; return its address."""
    log = tmp_path_factory.mktemp("emulator") / "log"
    command = [sys.executable, "-m", "tests.emulators.cloudrun", "--engine", engine.endpoint, "--port", "0"]
    with log.open("wb") as errors, subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors) as process:
        assert process.stdout is not None
        line = process.stdout.readline().decode()
        assert "127.0.0.1:" in line, log.read_text()
        yield "127.0.0.1:" + line.partition("127.0.0.1:")[2].split()[0]
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0, log.read_text()


@pytest.fixture(scope="session")
def _namespaces() -> Iterator[int]:
    return itertools.count()


@pytest.fixture
def jobs(installed: TestPlane, host: str, oracle: docker.DockerClient, _namespaces: Iterator[int]) -> Iterator[Jobs]:
    """A fresh namespace on a cluster with a ready host."""
    with fresh_namespace(installed, f"e2e-{next(_namespaces)}", oracle) as made:
        yield made
