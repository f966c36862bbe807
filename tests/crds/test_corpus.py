"""What people may and may not write, one file each, judged by the real API server under strict validation."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from containerjob_api.cloudrunhosts import CloudRunHost
from containerjob_api.hosts import DockerHost
from containerjob_api.jobs import ContainerJob
from containerjob_api.resources import Value
from containerjob_api.templates import ContainerJobTemplate

if TYPE_CHECKING:
    from tests.conftest import TestPlane

READ: dict[str, Callable[[dict[str, Any]], Value]] = {
    "ContainerJob": ContainerJob.from_body,
    "DockerHost": DockerHost.from_body,
    "CloudRunHost": CloudRunHost.from_body,
    "ContainerJobTemplate": ContainerJobTemplate.from_body,
}
CORPUS = Path(__file__).parent / "corpus"
ACCEPTED = sorted((CORPUS / "accepted").glob("*.yaml"))
REFUSED = sorted((CORPUS / "refused").glob("*.yaml"))
CREATE = ("create", "--dry-run=server", "--validate=strict", "-o", "json", "-f")
EXPECTATION = re.compile(r"# field: (?P<field>.+)\n# message: (?P<message>.+)\n")


def test_the_definitions_apply_strictly_without_a_warning(strict_apply: tuple[int, str, str]) -> None:
    code, output, warnings = strict_apply

    assert (code, warnings) == (0, "")
    assert {line.split()[0] for line in output.splitlines()} == {
        f"customresourcedefinition.apiextensions.k8s.io/{plural}.containerjobs.io"
        for plural in ("cloudrunhosts", "containerjobs", "containerjobtemplates", "dockerhosts")
    }


def test_strict_apply_would_have_named_a_keyword_that_the_server_does_not_know(
    schemas: TestPlane, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.yaml"
    text = (CORPUS.parents[2] / "crds" / "dockerhosts.yaml").read_text()
    broken.write_text(text.replace("maxLength: 512", "maxLength: 512\n                examples: [a]"))

    strictly = ("apply", "--validate=strict", "--dry-run=server", "--server-side", "--force-conflicts")
    done = schemas.kubectl(*strictly, "-f", str(broken), check=False)

    assert done.returncode != 0
    assert "examples" in done.stderr


@pytest.mark.parametrize("file", ACCEPTED, ids=lambda file: file.stem)
def test_an_accepted_object_is_stored_and_read_by_the_models(schemas: TestPlane, file: Path) -> None:
    done = schemas.kubectl(*CREATE, str(file))

    body = json.loads(done.stdout)
    read = READ[body["kind"]]
    assert done.stderr == ""
    assert read(read(body).to_json()) == read(body)


@pytest.mark.parametrize("file", REFUSED, ids=lambda file: file.stem)
def test_a_refused_object_gets_a_message_that_names_the_field(schemas: TestPlane, file: Path) -> None:
    expectation = EXPECTATION.match(file.read_text())
    assert expectation, f"{file} does not begin with '# field:' and '# message:'"

    done = schemas.kubectl(*CREATE, str(file), check=False)

    assert done.returncode != 0
    assert any(
        expectation["field"] in line and expectation["message"] in line for line in done.stderr.splitlines()
    ), done.stderr
