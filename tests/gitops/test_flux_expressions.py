"""The health check expressions for Flux, evaluated by the API server's own CEL over objects in every state."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.conftest import TestPlane
from tests.e2e.conftest import wait_for
from tests.gitops.test_waiting import created
from tests.unit.gitops import objects

Body = dict[str, Any]
SNIPPET = Path(__file__).parents[2] / "gitops" / "flux" / "health-check-exprs.yaml"
CHECKS: dict[str, Body] = {check["kind"]: check for check in yaml.safe_load(SNIPPET.read_text())["healthCheckExprs"]}
VERDICTS = {
    "ContainerJob": {
        "Current": {"succeeded", "suspended"},
        "Failed": {"failed", "cancelled", "cancelled-hook", "cancelled-while-suspended", "timed-out", "unreadable"},
    },
    "DockerHost": {
        "Current": {"ready", "cordoned", "changed"},
        "Failed": {"engine-changed", "engine-unsupported", "fake-not-allowed"},
    },
    "CloudRunHost": {
        "Current": {"ready", "cordoned", "changed"},
        "Failed": {
            *("credentials-invalid", "permission-denied", "api-disabled"),
            *("project-not-found", "location-not-found", "client-missing"),
        },
    },
}
OBJECTS = {"ContainerJob": objects.jobs, "DockerHost": objects.hosts, "CloudRunHost": objects.cloud_hosts}
"""Of objects whose present generation was observed: Flux says InProgress of all others before it asks."""
GENERATION = {"changed", "suspend-asked", "suspended-and-changed", "resume-asked", "deleted"}
CASES = [("ContainerJob", name) for name, _ in objects.jobs() if name not in GENERATION]
CASES += [(kind, name) for kind in ("DockerHost", "CloudRunHost") for name, _ in OBJECTS[kind]()]
LABEL = {"flux": "asked"}


def policy(kind: str) -> list[Body]:
    """Return a policy that warns of every expression that is not true; Flux' `status` is `object.status` here."""
    rule = {"apiGroups": ["containerjobs.io"], "apiVersions": ["*"], "operations": ["UPDATE"]}
    asked = [
        {
            "expression": re.sub(r"\b(status|spec)\.(?=\w)", r"object.\1.", CHECKS[kind][verdict]),
            "message": f"not {verdict}",
        }
        for verdict in ("current", "failed")
    ]
    constraints = {
        "resourceRules": [{**rule, "resources": [f"{kind.lower()}s/status"]}],
        "objectSelector": {"matchLabels": LABEL},
    }
    head = {"apiVersion": "admissionregistration.k8s.io/v1", "metadata": {"name": f"flux-{kind.lower()}"}}
    binding = {"policyName": f"flux-{kind.lower()}", "validationActions": ["Warn"]}
    return [
        {
            **head,
            "kind": "ValidatingAdmissionPolicy",
            "spec": {"matchConstraints": constraints, "validations": asked},
        },
        {**head, "kind": "ValidatingAdmissionPolicyBinding", "spec": binding},
    ]


def asked(plane: TestPlane, kind: str, name: str) -> str:
    """Return what the expressions say of a stored object."""
    plane.kubectl("label", kind, name, *(f"{key}={value}" for key, value in LABEL.items()), "--overwrite")
    same = '{"status":{"observedGeneration":1}}'
    words = ("patch", kind, name, "--subresource=status", "--type=merge", "-p", same, "--dry-run=server")
    warned = plane.kubectl(*words).stderr
    if "not failed" not in warned:  # asked first
        return "Failed"
    return "Current" if "not current" not in warned else "InProgress"


@pytest.fixture(scope="module")
def evaluator(installed: TestPlane) -> Iterator[TestPlane]:
    """An API server that evaluates the expressions whenever a status is written."""
    policies = [each for kind in OBJECTS for each in policy(kind)]
    bodies = json.dumps({"apiVersion": "v1", "kind": "List", "items": policies})
    installed.kubectl("create", "-f", "-", input=bodies)
    for kind, all_cases in OBJECTS.items():
        target = created(installed, dict(all_cases())["new"], f"flux-probe-{kind.lower()}")
        wait_for(
            f"the policy for {kind} is in force", lambda target=target: asked(installed, *target) == "InProgress"
        )
        installed.kubectl("delete", *target)
    yield installed
    installed.kubectl("delete", "-f", "-", input=bodies)


@pytest.mark.parametrize(("kind", "name"), CASES)
def test_an_object_is_judged_rightly(kind: str, name: str, evaluator: TestPlane) -> None:
    body = dict(OBJECTS[kind]())[name]
    target = created(evaluator, body, f"flux-{name}")
    verdicts = VERDICTS[kind]
    expected = next((verdict for verdict, names in verdicts.items() if name in names), "InProgress")
    assert asked(evaluator, *target) == expected
    evaluator.kubectl("delete", *target)
