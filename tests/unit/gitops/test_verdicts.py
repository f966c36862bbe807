"""Every job and host gets the verdict of docs/gitops.md: from kstatus' rules, from the Lua, from `kubectl wait`."""

from typing import Any

import pytest
from tests.unit.decide.builders import after, stored
from tests.unit.decide.cases import Case, cases
from tests.unit.gitops import kstatus, lua_machine, objects
from tests.unit.gitops.verdict_table import WAITED_FOR, Verdict, verdicts

from containerjob_api.phases import TERMINAL, HostReason, Phase
from containerjob_operator.decide.actions import Conclude, Write
from containerjob_operator.decide.endings import Remains, concluded
from containerjob_operator.decide.jobs import decide

JOBS = verdicts("ContainerJob")
HOSTS = verdicts("DockerHost")
CLOUD_HOSTS = verdicts("CloudRunHost")
ALL_HOSTS = [*objects.hosts(), *objects.cloud_hosts()]
ROWS = {
    "unreachable": "Running",
    "reachable-again": "Running",
    "suspend-asked": "changed",
    "suspending": "Running",
    "resume-asked": "changed",
    "resumed": "Pending",
    "cancelled-while-suspended": "Cancelled",
    "cancelling-out-of-sight": "Cancelling",
    "cancelled-hook": "Cancelled",
}
"""Which row of the table a case belongs to that has no row of its own."""
APART = {"deleted", "suspended-and-changed"}
PHASES = {"timed-out": "TimedOut"} | {phase.lower(): str(phase) for phase in Phase}


def said_of(body: dict[str, Any]) -> Verdict:
    waits = frozenset(kstatus.fulfilled(body)) & frozenset(WAITED_FOR)
    return Verdict(kstatus.compute(body), lua_machine.health(body)["status"], waits)


@pytest.mark.parametrize(
    ("row", "body"),
    [
        pytest.param(JOBS[ROWS.get(name) or PHASES.get(name) or name], body, id=name)
        for name, body in objects.jobs()
        if name not in APART
    ],
)
def test_a_job_gets_its_verdict(row: Verdict, body: dict[str, Any]) -> None:
    assert said_of(body) == row


@pytest.mark.parametrize(
    ("row", "body"),
    [
        *(pytest.param(HOSTS[name], body, id=name) for name, body in objects.hosts()),
        *(pytest.param(CLOUD_HOSTS[name], body, id=f"cloud-{name}") for name, body in objects.cloud_hosts()),
    ],
)
def test_a_host_gets_its_verdict(row: Verdict, body: dict[str, Any]) -> None:
    assert said_of(body) == row


def test_the_tables_have_a_row_for_every_phase_and_every_state_of_a_host() -> None:
    assert set(JOBS) == {*Phase, "new", "changed", "unreadable"}
    reasons = {condition["reason"] for _, body in ALL_HOSTS for condition in body["status"].get("conditions", ())}
    assert reasons == set(HostReason)
    assert set(HOSTS) == {name for name, _ in objects.hosts()}
    assert set(CLOUD_HOSTS) == {name for name, _ in objects.cloud_hosts()}


@pytest.mark.parametrize("case", [pytest.param(case, id=str(case)) for case in cases()])
def test_whatever_the_operator_writes_about_a_job_gives_the_verdict_of_the_phase_it_leads_to(case: Case) -> None:
    job = case.facts.job
    action = decide(case.facts)
    if isinstance(action, Write):
        job = stored(job, action.status)
    if isinstance(action, Conclude):
        job = stored(job, concluded(job, action.verdict, Remains(), after(60)))
    seen = job.status.observed_generation == job.metadata.generation
    assert seen or job.status.phase not in TERMINAL
    row = "new" if job.status.observed_generation < 0 else str(job.status.phase) if seen else "changed"
    said = said_of(objects.body_of(job))
    assert (said.kstatus, said.argo) == (JOBS[row].kstatus, JOBS[row].argo)


def test_a_suspended_job_whose_spec_is_changed_stays_suspended_in_argo_cd() -> None:
    body = dict(objects.jobs())["suspended-and-changed"]
    assert lua_machine.health(body)["status"] == "Suspended"


def test_a_deleted_object_is_terminating() -> None:
    assert kstatus.compute(dict(objects.jobs())["deleted"]) == "Terminating"


def test_the_message_is_the_reason_and_what_the_operator_says_of_it() -> None:
    bodies = dict(objects.jobs())
    assert lua_machine.health(bodies["failed"])["message"] == "NonZeroExitCode: the container exited with code 3"
    unreachable = lua_machine.health(bodies["unreachable"])["message"]
    assert unreachable == "HostUnreachable: host builder-1 does not answer: no answer"


def test_health_needs_nothing_of_an_object_but_what_everyone_has() -> None:
    for kind in ("ContainerJob", "CloudRunHost", "DockerHost"):
        bare = {"apiVersion": "containerjobs.io/v1alpha1", "kind": kind, "metadata": {"name": "x", "generation": 1}}
        assert lua_machine.health(bare)["status"] == "Progressing"
        silent = bare | {"status": {"observedGeneration": 1}}
        assert lua_machine.health(silent)["status"] == "Progressing"
    unsaid = {"type": "Ready", "status": "True", "reason": "EngineReady"}
    host = bare | {"status": {"observedGeneration": 1, "conditions": [unsaid]}}
    assert lua_machine.health(host) == {"status": "Healthy", "message": "EngineReady: "}
