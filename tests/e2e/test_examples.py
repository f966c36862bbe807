"""Every example manifest for any host does what its comment says; those for Cloud Run are beside this file."""

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.conftest import TestPlane
from tests.e2e.conftest import Jobs

from kubectl_containerjob.templates.rendering import given, render

RENDERED = re.compile(r"template render (?P<template>\S+) (?P<values>.*) --name (?P<name>\S+) \| kubectl apply -f -")
EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.yaml"))
CLOUD = [path for path in EXAMPLES if "kind: CloudRunHost" in path.read_text()]


@pytest.mark.parametrize("path", [path for path in EXAMPLES if path not in CLOUD], ids=lambda path: path.stem)
def test_an_example_applies_and_ends_as_it_says(path: Path, jobs: Jobs, installed: TestPlane) -> None:
    text = path.read_text()
    documents: list[dict[str, Any]] = list(yaml.safe_load_all(text))
    installed.kubectl("apply", "--validate=strict", "-n", jobs.namespace, "-f", str(path))
    for document in documents:
        name = document["metadata"]["name"]
        if document["kind"] == "ContainerJobTemplate":
            name = apply_a_job(document, text, jobs)
        if document["kind"] != "DockerHost":
            phase = jobs.finished(name)["phase"]
            assert phase in text, f"the comment of {path.name} does not speak of {phase}"
        else:
            installed.kubectl("delete", "-f", str(path), "--timeout=100s")


def apply_a_job(template: dict[str, Any], text: str, jobs: Jobs) -> str:
    """Make the job that the template's comment makes, and return its name."""
    command = RENDERED.search(text)
    assert command, "the comment does not say how the template is rendered"
    assert command["template"] == template["metadata"]["name"]
    job = render(template, given([word for word in shlex.split(command["values"]) if word != "-p"]))
    del job["metadata"]["generateName"]
    jobs.create({**job, "metadata": {**job["metadata"], "name": command["name"], "namespace": jobs.namespace}})
    return command["name"]
