"""The plugin as people run it: `kubectl containerjob …`, against a control plane with the operator and its hosts."""

import itertools
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import report

from containerjob_local.engine import Engine
from containerjob_local.environment import Component, Options, down, running, up
from containerjob_local.operator_process import OperatorOptions
from containerjob_local.state import State

RUNNING_ENVIRONMENT = "CONTAINERJOB_TEST_ENVIRONMENT"
"""State folder of a local environment that is up already, with fake hosts allowed: saves starting one."""
SECONDS = 60.0


def wait_for(what: str, found: Callable[[], Any], seconds: float = SECONDS) -> Any:
    """Return the first true answer; fail with what was waited for."""
    end = time.monotonic() + seconds
    while not (answer := found()):
        assert time.monotonic() < end, f"waited {seconds} s in vain: {what}"
        time.sleep(0.05)
    return answer


@dataclass(frozen=True)
class Cluster:
    """A local environment, and kubectl for it with the plugin in PATH."""

    state: State

    @property
    def environment(self) -> dict[str, str]:
        """What a person's shell would have set."""
        own = {
            "KUBECONFIG": str(self.state.admin_kubeconfig),
            "PATH": os.pathsep.join((str(self.state.programs), str(Path(sys.executable).parent), os.environ["PATH"])),
            "KUBECACHEDIR": str(self.state.folder / "kubectl-cache"),
            "KUBERC": "off",
            "TERM": "dumb",
        }
        return {key: value for key, value in os.environ.items() if not key.endswith("COLOR")} | own

    def kubectl(self, *arguments: str, stdin: str | None = None, check: bool = True) -> str:
        """Run kubectl as the administrator and return what it printed."""
        done = subprocess.run(
            ["kubectl", *arguments],
            input=stdin or "",
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0 or not check, done.stderr
        return done.stdout


@dataclass
class Shell:
    """A person in a namespace of their own."""

    cluster: Cluster
    namespace: str
    variables: dict[str, str] = field(default_factory=dict)

    def __call__(
        self, *arguments: str, stdin: str | None = None, variables: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run `kubectl containerjob` with these arguments in the namespace, whatever its exit code."""
        return subprocess.run(
            self.command(*arguments),
            input=stdin if stdin is not None else "",
            env=self.cluster.environment | self.variables | dict(variables or {}),
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    def command(self, *arguments: str) -> list[str]:
        """Return the command line, for tests that hold the process in their own hands."""
        verb, *rest = arguments
        return ["kubectl", "containerjob", verb, f"--namespace={self.namespace}", *rest]

    def ok(self, *arguments: str, stdin: str | None = None) -> str:
        """Run what must succeed, and return what it printed."""
        done = self(*arguments, stdin=stdin)
        assert done.returncode == 0, f"{arguments}: {done.returncode}: {done.stderr}"
        return done.stdout

    def refused(self, *arguments: str, code: int = 1, stdin: str | None = None) -> str:
        """Run what must fail with one line on stderr, and return that line without its `error: `."""
        done = self(*arguments, stdin=stdin)
        assert (done.returncode, done.stderr.count("\n")) == (code, 1), (
            f"{arguments}: {done.returncode}: {done.stderr}"
        )
        assert done.stderr.startswith("error: "), done.stderr
        return done.stderr.removeprefix("error: ").strip()

    def job(self, name: str) -> dict[str, Any]:
        """Read a job."""
        return dict(json.loads(self.cluster.kubectl("get", "cjob", name, "-n", self.namespace, "-o", "json")))

    def reaches(self, name: str, phase: str) -> dict[str, Any]:
        """Wait until a job is in this phase, and return it."""
        return dict(
            wait_for(f"{name} is {phase}", lambda: (job := self.job(name))["status"].get("phase") == phase and job)
        )

    def create(
        self, name: str, script: str = "exit 0", *, labels: Mapping[str, str] | None = None, **spec: Any
    ) -> str:
        """Create a job on the fake host (or where `spec` says), not through the plugin."""
        container = {"name": "main", "image": "busybox:1.37", "command": ["sh", "-c", script]}
        body = {
            "apiVersion": "containerjobs.io/v1alpha1",
            "kind": "ContainerJob",
            "metadata": {"name": name, "namespace": self.namespace, "labels": dict(labels or {})},
            "spec": {
                "backoffLimit": 0,
                "placement": {"hostRef": {"kind": "DockerHost", "name": "fake"}},
                "template": {"spec": {"containers": [container]}},
                **spec,
            },
        }
        self.cluster.kubectl("create", "-f", "-", stdin=json.dumps(body))
        return name


@pytest.fixture(scope="session")
def cluster(request: pytest.FixtureRequest, short_folder: Path) -> Iterator[Cluster]:
    """A plane with the operator, a fake host `fake`, and a real one, `local`; one that is up already if named."""
    there = os.environ.get(RUNNING_ENVIRONMENT)
    if there:
        running(Path(there))
        yield Cluster(State(Path(there).absolute()))
        return
    engine: Engine = request.getfixturevalue("engine")
    folder = short_folder / "cli"
    parts = frozenset({Component.PLANE, Component.API, Component.OPERATOR})
    environment = up(Options(folder, components=parts, operator=OperatorOptions(allow_fake_hosts=True)), report)
    made = Cluster(environment.state)
    try:
        add_hosts(made, engine.endpoint)
        yield made
    finally:
        down(folder, report)


def add_hosts(cluster: Cluster, endpoint: str) -> None:
    """Register both hosts, open to every namespace."""
    for name, where in (("fake", "fake://fake?cpus=64"), ("local", endpoint)):
        body = {
            "apiVersion": "containerjobs.io/v1alpha1",
            "kind": "DockerHost",
            "metadata": {"name": name},
            "spec": {"endpoint": where, "allowedNamespaces": {"from": "All"}, "maxConcurrentJobs": 64},
        }
        cluster.kubectl("apply", "-f", "-", stdin=json.dumps(body))
    cluster.kubectl("wait", "--for=condition=Ready", "dhost/fake", "dhost/local", "--timeout=100s")


_numbers = itertools.count()


@pytest.fixture
def shell(cluster: Cluster) -> Iterator[Shell]:
    """A fresh namespace, and a person who works in it."""
    namespace = f"cli-{os.getpid()}-{next(_numbers)}"
    cluster.kubectl("create", "namespace", namespace)
    yield Shell(cluster, namespace)
    cluster.kubectl("delete", "namespace", namespace, "--wait=false")
