"""The examples for GitOps tools: our kinds are honoured to the last field, and those of others are well-formed."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.unit.house.test_examples import unknown_fields

from containerjob_api.jobs import ContainerJob
from containerjob_api.names import API_VERSION, GROUP
from containerjob_api.recreators import ARGO_HOOK

Body = dict[str, Any]
ROOT = Path(__file__).parents[3]
EXAMPLES = ROOT / "examples" / "gitops"
FILES = sorted(EXAMPLES.rglob("*.yaml"))
FLUX = "kustomize.toolkit.fluxcd.io"
FOREIGN = {
    ("argoproj.io/v1alpha1", "Application"): {"project", "source", "destination", "syncPolicy"},
    (f"{FLUX}/v1", "Kustomization"): {
        *("interval", "timeout", "prune", "wait", "sourceRef", "path", "targetNamespace", "dependsOn"),
        *("healthChecks", "healthCheckExprs"),
    },
    ("kustomize.config.k8s.io/v1beta1", "Kustomization"): set(),
    ("v1", "ServiceAccount"): set(),
    ("rbac.authorization.k8s.io/v1", "Role"): set(),
    ("rbac.authorization.k8s.io/v1", "RoleBinding"): set(),
    ("batch/v1", "CronJob"): {
        *("schedule", "timeZone", "concurrencyPolicy", "startingDeadlineSeconds", "jobTemplate"),
        *("successfulJobsHistoryLimit", "failedJobsHistoryLimit"),
    },
}
"""Kinds of others, and the fields of their spec that the examples use."""


def manifests(path: Path) -> list[Body]:
    return list(yaml.safe_load_all(path.read_text()))


def named(path: str, kind: str, name: str | None = None) -> Body:
    found = [body for body in manifests(EXAMPLES / path) if body["kind"] == kind]
    return next(body for body in found if name is None or body["metadata"]["name"] == name)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(EXAMPLES)))
def test_an_example_holds_known_kinds_with_known_fields(path: Path) -> None:
    for body in manifests(path):
        if body["apiVersion"] == API_VERSION:
            known = ContainerJob.from_body(body).spec.model_dump(mode="json", by_alias=True)
            assert list(unknown_fields(body["spec"], known)) == []
            assert "# One sees: " in path.read_text()
        else:
            assert set(body.get("spec", {})) <= FOREIGN[body["apiVersion"], body["kind"]]


def test_the_hook_is_a_hook_for_us_as_well() -> None:
    hook = named("argo-cd/presync-hook.yaml", "ContainerJob")["metadata"]["annotations"]
    assert hook == {ARGO_HOOK: "PreSync", f"{ARGO_HOOK}-delete-policy": "BeforeHookCreation"}


def test_the_marks_that_ask_for_another_run_are_spelt_as_their_tools_read_them() -> None:
    argo = named("argo-cd/run-again.yaml", "ContainerJob")["metadata"]["annotations"]
    assert argo == {"argocd.argoproj.io/sync-options": "Replace=true,Force=true"}
    force = named("flux/run-again.yaml", "ContainerJob")["metadata"]["annotations"]
    assert force == {f"{FLUX}/force": "enabled"}
    once = named("flux/run-once.yaml", "ContainerJob")["metadata"]["annotations"]
    assert once == {f"{FLUX}/ssa": "IfNotPresent"}


def test_no_example_that_git_keeps_has_a_ttl() -> None:
    jobs = [body for path in FILES for body in manifests(path) if body["apiVersion"].startswith(GROUP)]
    assert jobs
    assert not [body for body in jobs if any(key.startswith("ttl") for key in body["spec"])]


def test_flux_waits_by_the_expressions_that_are_to_be_installed() -> None:
    snippet = yaml.safe_load((ROOT / "gitops" / "flux" / "health-check-exprs.yaml").read_text())["healthCheckExprs"]
    used = named("flux/kustomization.yaml", "Kustomization", "shop-jobs")["spec"]["healthCheckExprs"]
    assert used == [check for check in snippet if check["kind"] == "ContainerJob"]


def test_flux_waits_for_a_job_by_its_kind() -> None:
    [check] = named("flux/kustomization.yaml", "Kustomization", "shop")["spec"]["healthChecks"]
    assert (check["apiVersion"], check["kind"]) == (API_VERSION, "ContainerJob")


def test_the_cronjobs_command_is_one_that_the_plugin_takes() -> None:
    from kubectl_containerjob.commands.run import command

    spec = named("cronjob/cronjob.yaml", "CronJob")["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    [container] = spec["containers"]
    assert container["command"] == ["kubectl", "containerjob", "run"]
    options = {option for parameter in command.params for option in parameter.opts}
    ours = container["args"][: container["args"].index("--")]
    assert {word.partition("=")[0] for word in ours if word.startswith("--")} <= options


def test_the_cronjobs_role_is_what_run_needs() -> None:
    role = named("cronjob/cronjob.yaml", "Role")
    assert role["rules"] == [
        {"apiGroups": [GROUP], "resources": ["containerjobs"], "verbs": ["create", "get", "list", "watch"]},
        {"apiGroups": [f"subresources.{GROUP}"], "resources": ["containerjobs/log"], "verbs": ["get"]},
    ]
