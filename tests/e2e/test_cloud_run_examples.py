"""Every example manifest for Cloud Run does what its comment says, at the emulator.

Beside those for any host, which are played on a node as well: the image that is made there has no client of Google's.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.conftest import TestPlane
from tests.e2e.conftest import Jobs
from tests.e2e.test_examples import CLOUD

(CLOUD_HOST,) = (path for path in CLOUD if "\nkind: CloudRunHost" in path.read_text())


@pytest.fixture
def cloud_host(installed: TestPlane, emulator: str) -> Iterator[str]:
    """The example of a CloudRunHost, at the emulator instead of at Google; return its name."""
    host: dict[str, Any] = yaml.safe_load(CLOUD_HOST.read_text())
    host["spec"]["endpoint"] = emulator
    installed.kubectl("apply", "--validate=strict", "-f", "-", input=json.dumps(host))
    yield host["metadata"]["name"]
    installed.kubectl("delete", "-f", str(CLOUD_HOST), "--timeout=100s")


@pytest.mark.parametrize("path", [path for path in CLOUD if path != CLOUD_HOST], ids=lambda path: path.stem)
def test_an_example_for_cloud_run_runs_on_the_host_of_the_examples(
    path: Path, cloud_host: str, jobs: Jobs, installed: TestPlane
) -> None:
    installed.kubectl("wait", "--for=condition=Ready", f"cloudrunhost/{cloud_host}", "--timeout=100s")
    installed.kubectl("apply", "--validate=strict", "-n", jobs.namespace, "-f", str(path))
    job = yaml.safe_load(path.read_text())
    container = job["spec"]["template"]["spec"]["containers"][0]
    status = jobs.finished(job["metadata"]["name"])
    assert status["phase"] in path.read_text()
    assert status["host"] == {"kind": "CloudRunHost", "name": cloud_host}
    assert status["attempts"][-1]["logTail"]["stdout"] == " ".join(container["command"][1:]) + "\n"
    installed.kubectl("delete", "-n", jobs.namespace, "-f", str(path), "--timeout=100s")
