"""What people may and may not write, one file each, judged by the real API server under strict validation."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from containerjob_api.hosts import DockerHost
from containerjob_api.jobs import ContainerJob

if TYPE_CHECKING:
    from tests.kube.throwaway_plane import ThrowawayPlane

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
        for plural in ("containerjobs", "dockerhosts")
    }


@pytest.mark.parametrize("file", ACCEPTED, ids=lambda file: file.stem)
def test_an_accepted_object_is_stored_and_read_by_the_models(schemas: ThrowawayPlane, file: Path) -> None:
    done = schemas.kubectl(*CREATE, str(file))

    body = json.loads(done.stdout)
    read = {"ContainerJob": ContainerJob.from_body, "DockerHost": DockerHost.from_body}[body["kind"]]
    assert done.stderr == ""
    assert read(read(body).to_json()) == read(body)


@pytest.mark.parametrize("file", REFUSED, ids=lambda file: file.stem)
def test_a_refused_object_gets_a_message_that_names_the_field(schemas: ThrowawayPlane, file: Path) -> None:
    expectation = EXPECTATION.match(file.read_text())
    assert expectation, f"{file} does not begin with '# field:' and '# message:'"

    done = schemas.kubectl(*CREATE, str(file), check=False)

    assert done.returncode != 0
    assert any(
        expectation["field"] in line and expectation["message"] in line for line in done.stderr.splitlines()
    ), done.stderr
