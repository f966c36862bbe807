"""The scripts for Argo CD, tested by the data that lies beside them, as Argo CD's own tests do it."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from lupa.lua51 import LuaError
from tests.unit.gitops import lua_machine, objects
from tests.unit.gitops.lua_machine import CUSTOMIZATIONS

Body = dict[str, Any]
KINDS = sorted(path.parent for path in CUSTOMIZATIONS.glob("*/*/health.lua"))
JOB = CUSTOMIZATIONS / "containerjobs.io" / "ContainerJob"
OBJECTS = {"ContainerJob": objects.jobs, "DockerHost": objects.hosts, "CloudRunHost": objects.cloud_hosts}


def data(path: Path) -> Any:
    return yaml.safe_load(path.read_text())


def entries(name: str, part: str) -> Iterator[Any]:
    for path in sorted(CUSTOMIZATIONS.rglob(name)):
        for entry in data(path)[part]:
            action = entry.get("action", "")
            words = (path.relative_to(CUSTOMIZATIONS).parts[1], action, Path(entry["inputPath"]).stem)
            yield pytest.param(path.parent, entry, id="-".join(word for word in words if word))


@pytest.mark.parametrize(("folder", "entry"), list(entries("health_test.yaml", "tests")))
def test_health(folder: Path, entry: Body) -> None:
    assert lua_machine.health(data(folder / entry["inputPath"])) == entry["healthStatus"]


@pytest.mark.parametrize(("folder", "entry"), list(entries("action_test.yaml", "discoveryTests")))
def test_discovery(folder: Path, entry: Body) -> None:
    assert lua_machine.actions(data(folder / entry["inputPath"])) == entry["result"]


@pytest.mark.parametrize(("folder", "entry"), list(entries("action_test.yaml", "actionTests")))
def test_action(folder: Path, entry: Body) -> None:
    source = data(folder / entry["inputPath"])
    if "expectedErrorMessage" in entry:
        with pytest.raises(LuaError) as refused:
            lua_machine.act(entry["action"], source)
        assert str(refused.value) == entry["expectedErrorMessage"]
        return
    expected = data(folder / entry["expectedOutputPath"])
    if isinstance(expected, dict):
        expected = [{"k8sOperation": "patch", "unstructuredObj": expected}]
    done = lua_machine.act(entry["action"], source)
    assert [(each["operation"], each["resource"]) for each in done] == [
        (each["k8sOperation"], each["unstructuredObj"]) for each in expected
    ]


@pytest.mark.parametrize("kind", OBJECTS)
def test_the_data_is_what_the_operator_writes(kind: str) -> None:
    folder = CUSTOMIZATIONS / "containerjobs.io" / kind
    for name, body in OBJECTS[kind]():
        path = folder / "testdata" / f"{name}.yaml"
        if os.environ.get("UPDATE_GOLDEN"):
            path.write_text(yaml.safe_dump(body, sort_keys=False, width=118))
        assert data(path) == body, f"{path.name} differs: UPDATE_GOLDEN=1 writes it anew, then read the change"


@pytest.mark.parametrize("folder", KINDS, ids=lambda path: path.name)
def test_every_case_is_judged(folder: Path) -> None:
    judged = {Path(entry["inputPath"]).name for entry in data(folder / "health_test.yaml")["tests"]}
    assert judged == {path.name for path in (folder / "testdata").iterdir()}


def test_every_action_can_be_found_and_is_tested() -> None:
    there = {path.parent.name for path in JOB.glob("actions/*/action.lua")}
    tests = data(JOB / "actions" / "action_test.yaml")
    assert {action["name"] for each in tests["discoveryTests"] for action in each["result"]} == there
    assert {each["action"] for each in tests["actionTests"]} == there


def test_the_folder_has_nothing_but_what_argo_cd_knows() -> None:
    files = {path.relative_to(CUSTOMIZATIONS).parts[2:] for path in CUSTOMIZATIONS.rglob("*") if path.is_file()}
    others = {parts for parts in files if parts[-2:-1] != ("testdata",)}
    actions = {("actions", path.parent.name, "action.lua") for path in JOB.glob("actions/*/action.lua")}
    known = {("health.lua",), ("health_test.yaml",), ("actions", "discovery.lua"), ("actions", "action_test.yaml")}
    assert others == known | actions
