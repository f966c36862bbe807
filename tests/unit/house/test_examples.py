"""The examples are manifests that the API server takes, each with a word on what one sees."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from containerjob_api.cloudrunhosts import CloudRunHost
from containerjob_api.hosts import DockerHost
from containerjob_api.jobs import ContainerJob
from containerjob_api.names import API_VERSION
from containerjob_api.templates import ContainerJobTemplate

ROOT = Path(__file__).parents[3]
EXAMPLES = sorted((ROOT / "examples").glob("*.yaml"))
KINDS = {
    "ContainerJob": ContainerJob,
    "DockerHost": DockerHost,
    "CloudRunHost": CloudRunHost,
    "ContainerJobTemplate": ContainerJobTemplate,
}


def manifests(path: Path) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all(path.read_text()))


@pytest.fixture(params=EXAMPLES, ids=lambda path: path.name)
def example(request: pytest.FixtureRequest) -> Path:
    path: Path = request.param
    return path


def test_an_example_holds_objects_of_known_kinds(example: Path) -> None:
    for manifest in manifests(example):
        assert manifest["apiVersion"] == API_VERSION
        KINDS[manifest["kind"]].from_body(manifest)


def test_an_example_says_nothing_that_is_not_honoured(example: Path) -> None:
    for manifest in manifests(example):
        spec = KINDS[manifest["kind"]].from_body(manifest).spec.model_dump(mode="json", by_alias=True)
        assert list(unknown_fields(manifest["spec"], spec)) == []


def test_an_example_tells_what_one_sees(example: Path) -> None:
    assert "# One sees: " in example.read_text()


def test_the_examples_are_numbered_without_a_gap() -> None:
    assert [path.name[:2] for path in EXAMPLES] == [f"{number:02}" for number in range(1, len(EXAMPLES) + 1)]


def unknown_fields(written: Any, known: Any, path: str = "spec") -> list[str]:
    """List the fields of a manifest that the model did not keep."""
    if isinstance(written, dict):
        missing = [f"{path}.{key}" for key in written if not isinstance(known, dict) or key not in known]
        kept = [key for key in written if f"{path}.{key}" not in missing]
        return missing + [
            field for key in kept for field in unknown_fields(written[key], known[key], f"{path}.{key}")
        ]
    if isinstance(written, list):
        pairs = enumerate(zip(written, known, strict=True))
        return [field for i, (mine, kept) in pairs for field in unknown_fields(mine, kept, f"{path}[{i}]")]
    return []
