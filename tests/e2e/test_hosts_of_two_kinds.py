"""A CloudRunHost beside a DockerHost of the same name, under the real operator: watched, judged and let go of."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from tests.conftest import TestPlane
from tests.e2e.conftest import Jobs, apply_host, wait_for

from containerjob_local.ports import free_ports

NAME = "twins"
CLOUD = {"hostRef": {"kind": "CloudRunHost", "name": NAME}}


@pytest.fixture
def twins(installed: TestPlane) -> Iterator[TestPlane]:
    """Two hosts of one name are gone after the test, and their finalizers with them."""
    yield installed
    for kind in ("dhost", "crhost"):
        installed.kubectl("delete", kind, NAME, "--ignore-not-found", "--timeout=100s")


def create(plane: TestPlane, **spec: Any) -> None:
    place = {"project": "demo-project", "location": "europe-west1", "allowedNamespaces": {"from": "All"}}
    host = {"apiVersion": "containerjobs.io/v1alpha1", "kind": "CloudRunHost", "metadata": {"name": NAME}}
    plane.kubectl("create", "-f", "-", input=json.dumps(host | {"spec": place | spec}))


def conditions(plane: TestPlane) -> dict[str, tuple[str, str, str]]:
    body = json.loads(plane.kubectl("get", "crhost", NAME, "-o", "json").stdout)
    found = body["status"].get("conditions", [])
    return {each["type"]: (each["status"], each["reason"], each["message"]) for each in found}


def test_a_region_that_does_not_answer_holds_up_its_own_jobs_only(twins: TestPlane, jobs: Jobs, engine) -> None:
    apply_host(twins, NAME, engine.endpoint)
    create(twins, endpoint=f"127.0.0.1:{free_ports(1)[0]}")
    wait_for("it is told", lambda: conditions(twins).get("Ready", ("",))[0] == "False")
    told = conditions(twins)
    assert (told["Reachable"][:2], told["QuotaOK"][0]) == (("False", "Unreachable"), "Unknown")
    waiting = jobs.apply("true", placement=CLOUD)
    here = jobs.apply("true", placement={"hostRef": {"name": NAME}})
    assert jobs.finished(here)["host"] == {"kind": "DockerHost", "name": NAME}
    wait_for("it is told why", lambda: jobs.reason(waiting, "HostAssigned") == "HostNotReady")
    jobs.patch(waiting, {"spec": {"cancel": True}})
    assert jobs.finished(waiting)["phase"] == "Cancelled"


def test_a_secret_that_nobody_let_the_operator_read_is_a_condition_with_the_remedy(twins: TestPlane) -> None:
    create(twins, credentials={"secretRef": {"name": "key"}})
    wait_for("it is told", lambda: conditions(twins).get("CredentialsValid", ("",))[0] == "False")
    status, reason, message = conditions(twins)["CredentialsValid"]
    assert (status, reason) == ("False", "CredentialsInvalid")
    assert "name it in cloudRun.secrets of the chart" in message
    assert conditions(twins)["Stalled"][0] == "True"
