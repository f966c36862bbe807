"""Where a fault is played: an operator between two proxies, a namespace, and the truth as server and engine have it.

The same faults are played for every operator, so nothing here knows how one names or labels its containers: a job's
containers are those whose command holds the job's mark, and each execution of it prints one line.
"""

import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import docker
import docker.errors
from kubernetes.client import ApiException, CustomObjectsApi
from tests.conftest import IMAGE
from tests.fakes.engine_proxy import EngineFaults
from tests.fakes.fault_script import NotPlayedError
from tests.fakes.kube_proxy import KubeProxy
from tests.faults.daemons import Daemon
from tests.faults.subjects import Subject

from containerjob_api.names import API_VERSION, CONTAINERJOBS, GROUP, VERSION

Json = dict[str, Any]
PATIENCE = 90.0
"""Seconds from the last fault until everything has to be right, on a machine that has other things to do."""
OUTPUT_SECONDS = 15.0
RAN = "ran"
CREATE, START = "POST /containers/create*", "POST /containers/*/start"


@dataclass
class Stage:
    """Everything that one fault is played with."""

    namespace: str
    objects: CustomObjectsApi
    subject: Subject
    kube: KubeProxy
    engine: EngineFaults
    docker: docker.DockerClient
    daemon: Daemon | None = None
    """Where the fault is one of the daemon's; nobody else's containers are there."""
    placement: Json = field(default_factory=dict)
    patience: float = PATIENCE
    names: Iterator[int] = field(default_factory=count)
    started_before: int = 0

    def job(self, script: str, *, name: str | None = None, **spec: Any) -> "Job":
        """Create a job that runs a script."""
        name = name or f"job-{next(self.names)}"
        mark = f"{self.namespace}/{name}/{next(self.names)}"
        command = ["sh", "-c", f": {mark}; echo {RAN}; {script}"]
        template = {"spec": {"containers": [{"name": "main", "image": IMAGE, "command": command}]}}
        never_again = {"backoffLimit": 0, "retryPolicy": {"launchRetryLimit": 0}}
        body = {
            "apiVersion": API_VERSION,
            "kind": "ContainerJob",
            "metadata": {"name": name, "namespace": self.namespace},
            "spec": {"template": template, **never_again, **self.placement, **spec},
        }
        made = self.objects.create_namespaced_custom_object(GROUP, VERSION, self.namespace, CONTAINERJOBS, body)
        return Job(self, name, made["metadata"]["uid"], mark)

    def running(self, script: str = "sleep 600", **spec: Any) -> "Job":
        """Create a job and wait until it is known to run."""
        return self.all_running(1, script, **spec)[0]

    def all_running(self, number: int, script: str = "sleep 600", **spec: Any) -> "list[Job]":
        """Create jobs and wait until all are known to run."""
        jobs = [self.job(script, **spec) for _ in range(number)]
        end = time.monotonic() + self.patience
        for job in jobs:
            while (status := job.status()).get("phase") != "Running":
                if status.get("finished") or time.monotonic() > end:
                    raise NotPlayedError(f"{job.name} was not seen running: {status}")
                self.subject.keep_up()
                time.sleep(0.05)
        return jobs

    def wait(self, what: str, found: Callable[[], Any], seconds: float | None = None) -> Any:
        """Return the first true answer; fail with what was waited for."""
        seconds = self.patience if seconds is None else seconds
        end = time.monotonic() + seconds
        while True:
            answer = found()
            if answer:
                return answer
            assert time.monotonic() < end, f"not within {seconds:g} s: {what}"
            self.subject.keep_up()
            time.sleep(0.1)

    def holds_for(self, seconds: float, what: str, found: Callable[[], Any]) -> None:
        """Check that something stays true for a while."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            assert found(), f"no longer: {what}"
            time.sleep(0.1)

    def patch_line(self, job: "Job") -> str:
        """Return the pattern of any write to a job."""
        return f"patch containerjobs* {self.namespace}/{job.name}"

    @property
    def executions(self) -> int:
        """How many starts took effect on this stage, whatever became of the containers."""
        return self.engine.succeeded(START) - self.started_before

    def executed(self, times: int) -> None:
        """Check that so many starts took effect; an engine may answer one after the container's end is known."""
        self.wait(f"{times} starts took effect", lambda: self.executions >= times)
        assert self.executions == times


@dataclass
class Job:
    """One job, and what is true of it."""

    stage: Stage
    name: str
    uid: str
    mark: str

    def body(self) -> Json | None:
        """Read it; None where it is gone."""
        try:
            body: Json = self.stage.objects.get_namespaced_custom_object(
                GROUP, VERSION, self.stage.namespace, CONTAINERJOBS, self.name
            )
        except ApiException as refused:
            if refused.status == 404:
                return None
            raise
        return body if body["metadata"]["uid"] == self.uid else None

    def status(self) -> Json:
        """Read its status."""
        return dict((self.body() or {}).get("status", {}))

    def reason(self) -> str:
        """Read why it ended."""
        conditions = self.status().get("conditions", [])
        return str(next((each["reason"] for each in conditions if each["type"] == "Finished"), ""))

    def patch(self, patch: Json) -> None:
        """Merge-patch it as its user."""
        self.stage.objects.patch_namespaced_custom_object(
            GROUP, VERSION, self.stage.namespace, CONTAINERJOBS, self.name, patch
        )

    def delete(self) -> None:
        """Ask for its deletion."""
        self.stage.objects.delete_namespaced_custom_object(
            GROUP, VERSION, self.stage.namespace, CONTAINERJOBS, self.name
        )

    def containers(self) -> list[Json]:
        """List its containers, in whatever state."""
        return [c for c in self.stage.docker.api.containers(all=True) if self.mark in c["Command"]]

    def exited(self) -> bool:
        """Say whether its container has come to its end."""
        return any(container["State"] == "exited" for container in self.containers())

    def runs(self) -> int:
        """Count the executions that its containers tell of."""
        lines: list[str] = []
        for container in self.containers():
            with contextlib.suppress(docker.errors.NotFound):
                lines += self.stage.docker.api.logs(container["Id"]).decode().splitlines()
        return lines.count(RAN)

    def ends(self, phase: str, exit_code: int | None, seconds: float | None = None) -> None:
        """Check that it comes to this end, and that it ran once."""
        try:
            self.stage.wait(f"{self.name} finishes", lambda: self.status().get("finished"), seconds)
        except AssertionError as late:
            raise AssertionError(f"{late}; its status is {self.status()}, it ran {self.runs()} times") from late
        # An engine may say that a container has exited before its last output can be read.
        self.stage.wait(f"{self.name} has printed", self.runs, OUTPUT_SECONDS)
        status = self.status()
        assert (status["phase"], status.get("exitCode")) == (phase, exit_code), status
        containers, runs = self.containers(), self.runs()
        assert (len(containers), runs) == (1, 1), f"{self.name} ran {runs} times, in {containers}"

    def leaves_nothing(self, seconds: float | None = None) -> None:
        """Check that neither the object nor a container stays."""
        self.stage.wait(f"{self.name} is gone", lambda: self.body() is None, seconds)
        self.stage.wait(f"no container of {self.name} is left", lambda: not self.containers(), seconds)
