"""A CloudRunHost is one region of one project for as long as it exists."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.conftest import TestPlane

NAME = "for-ever"
HOST = {
    "apiVersion": "containerjobs.io/v1alpha1",
    "kind": "CloudRunHost",
    "metadata": {"name": NAME},
    "spec": {"project": "demo-project", "location": "europe-west1"},
}


@pytest.fixture
def stored(schemas: TestPlane) -> Iterator[TestPlane]:
    schemas.kubectl("create", "-f", "-", input=json.dumps(HOST))
    yield schemas
    schemas.kubectl("delete", "crhost", NAME)


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("project", "other-project", "another project is another host, so create one"),
        ("location", "us-central1", "another region is another host, so create one"),
    ],
)
def test_another_place_is_another_host(stored: TestPlane, field: str, value: str, words: str) -> None:
    patch = json.dumps({"spec": {field: value}})
    refused = stored.kubectl("patch", "crhost", NAME, "--type=merge", "-p", patch, check=False)
    assert refused.returncode != 0
    assert f"spec.{field}: " in refused.stderr
    assert words in refused.stderr


def test_everything_else_may_change_and_a_fresh_host_has_its_defaults(stored: TestPlane) -> None:
    body = json.loads(stored.kubectl("get", "crhost", NAME, "-o", "json").stdout)
    spec = body["spec"]
    assert (spec["maxConcurrentJobs"], spec["executionEnvironment"], spec["logReadsPerMinute"]) == (100, "Gen2", 60)
    assert body["status"]["observedGeneration"] == -1
    patch = json.dumps({"spec": {"maxConcurrentJobs": 3, "labels": {"team": "data"}}})
    assert stored.kubectl("patch", "crhost", NAME, "--type=merge", "-p", patch).returncode == 0
