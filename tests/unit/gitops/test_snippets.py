"""What one installs into Argo CD and Flux is fresh, and names things that exist."""

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.unit.gitops.lua_machine import CUSTOMIZATIONS

from containerjob_api.names import API_VERSION
from containerjob_api.phases import ConditionType, HostConditionType, HostReason

ROOT = Path(__file__).parents[3]
SNIPPET = ROOT / "gitops" / "argo-cd" / "argocd-cm.yaml"
TOOL = ROOT / "tools" / "argocd_config.py"
ENTRIES: dict[str, str] = yaml.safe_load(SNIPPET.read_text())["data"]


def run(*arguments: str, tool: Path = TOOL) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, tool, *arguments], capture_output=True, text=True, check=False)


def test_the_snippet_is_fresh() -> None:
    check = run("--check")
    assert check.returncode == 0, check.stderr


def test_a_stale_snippet_is_told_and_mended_on_request(tmp_path: Path) -> None:
    shutil.copytree(TOOL.parent, tmp_path / "tools")
    shutil.copytree(ROOT / "gitops", tmp_path / "gitops")
    tool, snippet = tmp_path / "tools" / TOOL.name, tmp_path / "gitops" / "argo-cd" / SNIPPET.name
    snippet.write_text("data: {}\n")
    stale = run("--check", tool=tool)
    assert (stale.returncode, stale.stderr) == (1, "gitops/argo-cd/argocd-cm.yaml is stale: run `make crds`\n")
    assert run(tool=tool).returncode == 0
    assert snippet.read_text() == SNIPPET.read_text()


@pytest.mark.parametrize("kind", ["ContainerJob", "DockerHost", "CloudRunHost"])
def test_the_snippet_brings_each_kinds_health(kind: str) -> None:
    script = CUSTOMIZATIONS / "containerjobs.io" / kind / "health.lua"
    assert ENTRIES[f"resource.customizations.health.containerjobs.io_{kind}"] == script.read_text()


def test_the_snippet_brings_every_action() -> None:
    actions = yaml.safe_load(ENTRIES["resource.customizations.actions.containerjobs.io_ContainerJob"])
    folder = CUSTOMIZATIONS / "containerjobs.io" / "ContainerJob" / "actions"
    assert actions["discovery.lua"] == (folder / "discovery.lua").read_text()
    scripts = {each["name"]: each["action.lua"] for each in actions["definitions"]}
    assert scripts == {path.parent.name: path.read_text() for path in folder.glob("*/action.lua")}
    assert len(ENTRIES) == 4


def test_the_expressions_for_flux_name_kinds_conditions_and_reasons_that_exist() -> None:
    path = ROOT / "gitops" / "flux" / "health-check-exprs.yaml"
    checks: list[dict[str, Any]] = yaml.safe_load(path.read_text())["healthCheckExprs"]
    assert [check["kind"] for check in checks] == ["ContainerJob", "DockerHost", "CloudRunHost"]
    known = {*ConditionType, *HostConditionType, *HostReason, "True", "False"}
    for check in checks:
        assert check["apiVersion"] == API_VERSION
        assert {"current", "failed"} <= set(check) <= {"apiVersion", "kind", "current", "failed", "inProgress"}
        quoted = {word for text in (check["current"], check["failed"]) for word in text.split("'")[1::2]}
        assert quoted <= known
