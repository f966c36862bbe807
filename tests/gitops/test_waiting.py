"""The API server's own defaults, and `kubectl wait` on jobs and hosts in every state; no operator is needed."""

import json
from typing import Any

import pytest
from tests.conftest import TestPlane
from tests.gitops.waiting import returned
from tests.unit.gitops import kstatus, lua_machine, objects
from tests.unit.gitops.verdict_table import Verdict, verdicts

from containerjob_api.phases import Phase

Body = dict[str, Any]
JOBS, HOSTS = verdicts("ContainerJob"), verdicts("DockerHost")
PHASES = {"timed-out" if phase is Phase.TIMED_OUT else phase.lower(): str(phase) for phase in Phase}


def created(plane: TestPlane, body: Body, name: str) -> tuple[str, str]:
    """Store an object as its owner creates it and as the operator tells of it, in its first generation."""
    kind = {"ContainerJob": "cjob", "DockerHost": "dhost", "CloudRunHost": "crhost"}[body["kind"]]
    manifest = {
        "apiVersion": body["apiVersion"],
        "kind": body["kind"],
        "metadata": {"name": name},
        "spec": body["spec"],
    }
    plane.kubectl("create", "-f", "-", input=json.dumps(manifest))
    if body["status"]["observedGeneration"] > 0:
        status = json.loads(json.dumps(body["status"]).replace('"observedGeneration": 2', '"observedGeneration": 1'))
        patch = json.dumps({"status": status})
        plane.kubectl("patch", kind, name, "--subresource=status", "--type=merge", "-p", patch)
    return kind, name


def read(plane: TestPlane, kind: str, name: str) -> Body:
    body: Body = json.loads(plane.kubectl("get", kind, name, "-o", "json").stdout)
    return body


def said_of(plane: TestPlane, kind: str, name: str) -> Verdict:
    body = read(plane, kind, name)
    return Verdict(kstatus.compute(body), lua_machine.health(body)["status"], returned(plane, f"{kind}/{name}"))


@pytest.mark.parametrize("name", ["new", *PHASES])
def test_a_stored_job_gets_its_verdict(name: str, installed: TestPlane) -> None:
    kind, stored = created(installed, dict(objects.jobs())[name], f"verdict-{name}")
    assert said_of(installed, kind, stored) == JOBS[PHASES.get(name, name)]
    installed.kubectl("delete", kind, stored)


STORED = {
    f"{kind}-{name}": (body, table[name])
    for kind, cases, table in (
        ("docker", objects.hosts(), HOSTS),
        ("cloud-run", objects.cloud_hosts(), verdicts("CloudRunHost")),
    )
    for name, body in cases
    if name != "changed"
}


@pytest.mark.parametrize("name", STORED)
def test_a_stored_host_gets_its_verdict(name: str, installed: TestPlane) -> None:
    body, verdict = STORED[name]
    kind, stored = created(installed, body, f"verdict-{name}")
    assert said_of(installed, kind, stored) == verdict
    installed.kubectl("delete", kind, stored)


def test_a_change_takes_the_verdict_back(installed: TestPlane) -> None:
    kind, name = created(installed, dict(objects.hosts())["ready"], "verdict-changing")
    assert said_of(installed, kind, name) == HOSTS["ready"]
    installed.kubectl("patch", kind, name, "--type=merge", "-p", '{"spec":{"maxConcurrentJobs":7}}')
    assert said_of(installed, kind, name) == HOSTS["changed"]
    installed.kubectl("delete", kind, name)
