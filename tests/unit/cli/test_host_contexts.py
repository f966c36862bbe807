"""Contexts of docker become endpoints, or a line that says what is wrong with them."""

import json
from pathlib import Path

import click
import pytest

from kubectl_containerjob.commands.host_add import Given, checked, manifest
from kubectl_containerjob.problems import Problem
from kubectl_containerjob.setup.docker_contexts import DEFAULT_ENDPOINT, endpoint

OPTIONS = ("endpoint", "from_docker_context", "project", "location", "service_account", "secret", "impersonate")
NOTHING: Given = dict.fromkeys((*OPTIONS, "max_concurrent", "all_namespaces", "allow_namespaces"))


def context(folder: Path, name: str, text: str) -> dict[str, str]:
    """Write a context, and return the environment that finds it."""
    (folder / ".docker/contexts/meta" / name).mkdir(parents=True)
    (folder / ".docker/contexts/meta" / name / "meta.json").write_text(text)
    return {"HOME": str(folder)}


def test_a_context_has_the_endpoint_that_docker_uses(tmp_path: Path) -> None:
    meta = {"Name": "far", "Endpoints": {"docker": {"Host": "ssh://root@far"}}}
    environment = context(tmp_path, "a1", json.dumps(meta))
    assert endpoint("far", environment) == "ssh://root@far"
    assert endpoint("far", {"HOME": "/nowhere", "DOCKER_CONFIG": str(tmp_path / ".docker")}) == "ssh://root@far"


def test_the_default_context_is_the_socket_or_what_the_environment_says() -> None:
    assert endpoint("default", {}) == DEFAULT_ENDPOINT
    assert endpoint("default", {"DOCKER_HOST": "unix:///x"}) == "unix:///x"


def test_a_missing_context_names_the_ones_there_are(tmp_path: Path) -> None:
    environment = context(tmp_path, "a1", json.dumps({"Name": "far"}))
    with pytest.raises(Problem, match="there is no docker context 'near'; there are: default, far"):
        endpoint("near", environment)
    with pytest.raises(Problem, match="has no docker endpoint: give --endpoint"):
        endpoint("far", environment)


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"Name": "x", "Endpoints": "none"}'])
def test_a_file_that_is_no_context_is_named(tmp_path: Path, text: str) -> None:
    with pytest.raises(Problem, match=r"a1/meta\.json is no context of docker"):
        endpoint("far", context(tmp_path, "a1", text))


@pytest.mark.parametrize("given", ["tcp://b1:2376", "ssh://root@b1", "http://b1"])
def test_an_endpoint_of_another_machine_is_refused_with_the_way_round(given: str) -> None:
    with pytest.raises(Problem, match=r"sockets of its own machine only .*host bootstrap"):
        checked(given)


def test_an_endpoint_is_a_socket() -> None:
    assert checked("unix:///x") == "unix:///x"
    with pytest.raises(Problem, match="name a socket"):
        checked("/var/run/docker.sock")


def test_namespaces_are_named_or_all_or_none() -> None:
    none = {**NOTHING, "endpoint": "unix:///x"}
    assert manifest("h", none)["spec"] == {"endpoint": "unix:///x"}
    everything = manifest("h", {**none, "all_namespaces": True, "max_concurrent": 3})["spec"]
    assert (everything["allowedNamespaces"], everything["maxConcurrentJobs"]) == ({"from": "All"}, 3)
    with pytest.raises(click.UsageError, match="not both"):
        manifest("h", {**none, "all_namespaces": True, "allow_namespaces": "a"})


def test_a_region_of_a_project_becomes_a_cloud_run_host() -> None:
    place: Given = {**NOTHING, "project": "demo-project", "location": "europe-west1"}
    told = manifest("cloudrunhost/eu", place)
    assert (told["kind"], told["metadata"]["name"]) == ("CloudRunHost", "eu")
    assert told["spec"] == {"project": "demo-project", "location": "europe-west1"}
    keyed = manifest("eu", {**place, "secret": "key", "service_account": "tasks@x.y"})["spec"]
    assert keyed["credentials"] == {"secretRef": {"name": "key"}}
    assert keyed["serviceAccount"] == "tasks@x.y"
    acting = manifest("eu", {**place, "impersonate": "other@x.y"})["spec"]
    assert acting["credentials"] == {"impersonateServiceAccount": "other@x.y"}


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"project": "demo-project"}, "give --project and --location"),
        ({"secret": "key"}, "give --project and --location"),
        ({"project": "p", "location": "l", "endpoint": "unix:///x"}, "not both"),
        ({"project": "p", "location": "l", "secret": "a", "impersonate": "b"}, "--secret or --impersonate"),
        ({}, "or --project and --location of Cloud Run"),
    ],
)
def test_a_host_that_is_half_told_is_refused_with_the_options(given: Given, words: str) -> None:
    with pytest.raises(click.UsageError, match=words):
        manifest("h", {**NOTHING, **given})
