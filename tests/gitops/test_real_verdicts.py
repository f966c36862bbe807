"""The verdicts over jobs that really ran, and over hosts that really answer or do not."""

import json
from typing import Any

import pytest
from tests.conftest import TestPlane
from tests.e2e.conftest import Jobs, apply_host, wait_for
from tests.gitops.waiting import returned
from tests.unit.gitops import kstatus, lua_machine
from tests.unit.gitops.verdict_table import Verdict, verdicts

LONG = "trap 'exit 0' TERM; sleep 300 & wait"
PAUSE = {"initialDelaySeconds": 600}
RUNS: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
    "Pending": ("exit 0", {"placement": {"hostRef": {"name": "nowhere"}}}, {}),
    "Running": (LONG, {}, {}),
    "Retrying": ("exit 3", {"backoffLimit": 3, "retryPolicy": PAUSE}, {}),
    "Suspended": (LONG, {}, {"suspend": True}),
    "Succeeded": ("exit 0", {}, {}),
    "Failed": ("exit 3", {}, {}),
    "Cancelled": (LONG, {}, {"cancel": True}),
    "TimedOut": (LONG, {"activeDeadlineSeconds": 1}, {}),
}
"""Script, spec, and what a person changes once it runs."""


def said_of(plane: TestPlane, kind: str, name: str, *namespace: str) -> Verdict:
    body = json.loads(plane.kubectl("get", kind, name, *namespace, "-o", "json").stdout)
    argo = lua_machine.health(body)["status"]
    return Verdict(kstatus.compute(body), argo, returned(plane, f"{kind}/{name}", *namespace))


@pytest.mark.parametrize("phase", RUNS)
def test_a_real_job_gets_the_verdict_of_its_phase(phase: str, jobs: Jobs) -> None:
    script, spec, wish = RUNS[phase]
    name = jobs.apply(script, **spec)
    if wish:
        jobs.reaches(name, "Running")
        jobs.patch(name, {"spec": wish})
    jobs.reaches(name, phase)
    said = said_of(jobs.plane, "cjob", name, f"--namespace={jobs.namespace}")
    assert said == verdicts("ContainerJob")[phase]


@pytest.mark.parametrize(
    ("state", "reason", "endpoint", "spec"),
    [
        ("cordoned", "Unschedulable", "fake://cordoned", {"unschedulable": True}),
        ("unreachable", "Unreachable", "unix:///nowhere/docker.sock", {}),
        ("ready", "EngineReady", "fake://ready", {}),
    ],
)
def test_a_real_host_gets_its_verdict(
    state: str, reason: str, endpoint: str, spec: dict[str, Any], jobs: Jobs
) -> None:
    name = f"host-{state}"
    apply_host(jobs.plane, name, endpoint, **spec)
    template = "jsonpath={.status.conditions[?(@.type=='Ready')].reason}"
    wait_for(f"{name} is {reason}", lambda: jobs.plane.kubectl("get", "dhost", name, "-o", template).stdout == reason)
    assert said_of(jobs.plane, "dhost", name) == verdicts("DockerHost")[state]
    jobs.plane.kubectl("delete", "dhost", name, "--timeout=100s")
