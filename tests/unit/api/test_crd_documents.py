"""The committed definitions are what the models say."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from containerjob_api.crd.__main__ import main
from containerjob_api.crd.documents import HEADER, differences, documents, write

CRDS = Path(__file__).parents[3] / "crds"


def committed(plural: str) -> Any:
    """Return one committed definition."""
    return yaml.safe_load((CRDS / f"{plural}.yaml").read_text())


def test_the_committed_definitions_are_fresh() -> None:
    assert "".join(differences(CRDS)) == ""


def test_generating_twice_gives_the_same_bytes() -> None:
    assert documents() == documents()
    assert all(text.startswith(HEADER) for text in documents().values())


def test_check_is_silent_on_what_was_just_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "made" / "on" / "the" / "way"

    assert main(["--directory", str(folder)]) == 0
    assert main(["--check", "--directory", str(folder)]) == 0
    assert capsys.readouterr() == ("", "")


def test_check_shows_what_is_stale_missing_or_left_over(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path)
    (tmp_path / "containerjobs.yaml").write_text("stale: true\n")
    (tmp_path / "dockerhosts.yaml").unlink()
    (tmp_path / "gone.yaml").write_text("left: over\n")

    assert main(["--check", "--directory", str(tmp_path)]) == 1

    out, err = capsys.readouterr()
    assert "-stale: true\n" in out
    assert "+  name: dockerhosts.containerjobs.io\n" in out
    assert "-left: over\n" in out
    assert f"run `python -m containerjob_api.crd --directory {tmp_path}`" in err
    assert (tmp_path / "containerjobs.yaml").read_text() == "stale: true\n"


def test_the_check_runs_as_a_module() -> None:
    command = [sys.executable, "-m", "containerjob_api.crd", "--check", "--directory", str(CRDS)]

    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize(
    ("plural", "scope", "names"),
    [
        (
            "containerjobs",
            "Namespaced",
            {"kind": "ContainerJob", "singular": "containerjob", "shortNames": ["cjob"], "categories": ["all"]},
        ),
        ("dockerhosts", "Cluster", {"kind": "DockerHost", "singular": "dockerhost", "shortNames": ["dhost"]}),
        (
            "containerjobtemplates",
            "Namespaced",
            {"kind": "ContainerJobTemplate", "singular": "containerjobtemplate", "shortNames": ["cjt"]},
        ),
    ],
)
def test_a_definition_carries_its_names(plural: str, scope: str, names: dict[str, Any]) -> None:
    definition = committed(plural)

    assert definition["metadata"]["name"] == f"{plural}.containerjobs.io"
    assert definition["spec"]["group"] == "containerjobs.io"
    assert definition["spec"]["scope"] == scope
    assert definition["spec"]["names"] == {**names, "plural": plural, "listKind": f"{names['kind']}List"}


@pytest.mark.parametrize(
    ("plural", "more"), [("containerjobs", {"phase": "Pending"}), ("dockerhosts", {})], ids=["job", "host"]
)
def test_a_version_has_a_status_that_says_unseen(plural: str, more: dict[str, str]) -> None:
    version = committed(plural)["spec"]["versions"][0]

    assert version["name"] == "v1alpha1"
    assert version["subresources"] == {"status": {}}
    status = version["schema"]["openAPIV3Schema"]["properties"]["status"]
    assert status["default"] == {"observedGeneration": -1, **more}


def test_a_template_has_no_status() -> None:
    version = committed("containerjobtemplates")["spec"]["versions"][0]

    assert "subresources" not in version
    assert set(version["schema"]["openAPIV3Schema"]["properties"]) == {"apiVersion", "kind", "metadata", "spec"}


def test_jobs_are_selectable_by_their_end_their_expiry_and_their_phase() -> None:
    selectable = committed("containerjobs")["spec"]["versions"][0]["selectableFields"]

    assert [field["jsonPath"] for field in selectable] == [".status.finished", ".status.expireTime", ".status.phase"]


@pytest.mark.parametrize("plural", ["containerjobs", "dockerhosts", "containerjobtemplates"])
def test_every_rule_over_an_object_blames_a_field_that_exists(plural: str) -> None:
    schema = committed(plural)["spec"]["versions"][0]["schema"]["openAPIV3Schema"]

    for node in nodes(schema):
        for rule in node.get("x-kubernetes-validations", []):
            assert rule["message"]
            if "properties" in node:
                assert field_at(node, rule["fieldPath"])


def nodes(schema: dict[str, Any]) -> list[dict[str, Any]]:
    """Return a schema node and all below it."""
    below = [*schema.get("properties", {}).values()]
    below += [schema[part] for part in ("items", "additionalProperties") if part in schema]
    return [schema, *(inner for node in below for inner in nodes(node))]


def field_at(schema: dict[str, Any], path: str) -> dict[str, Any]:
    """Return the schema of the field that a rule blames."""
    assert path.startswith(".")
    for part in path[1:].split("."):
        schema = schema["properties"][part]
    return schema
