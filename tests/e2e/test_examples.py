"""Every example manifest does what its comment says."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.conftest import TestPlane
from tests.e2e.conftest import Jobs

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.yaml"))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_applies_and_ends_as_it_says(path: Path, jobs: Jobs, installed: TestPlane) -> None:
    text = path.read_text()
    documents: list[dict[str, Any]] = list(yaml.safe_load_all(text))
    installed.kubectl("apply", "--validate=strict", "-n", jobs.namespace, "-f", str(path))
    for document in documents:
        name = document["metadata"]["name"]
        if document["kind"] == "ContainerJob":
            phase = jobs.finished(name)["phase"]
            assert phase in text, f"the comment of {path.name} does not speak of {phase}"
        else:
            installed.kubectl("delete", "-f", str(path), "--timeout=20s")
