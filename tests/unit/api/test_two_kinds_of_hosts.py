"""Hosts of two kinds: how each is named, read and told apart."""

import pytest
from pydantic import ValidationError

from containerjob_api.cloudrunhosts import CloudRunHost
from containerjob_api.hostkinds import MODELS, host_of, reference_from, reference_of
from containerjob_api.hostrefs import HostReference
from containerjob_api.hosts import DockerHost
from containerjob_api.names import HOST_PLURALS, read_host

DOCKER, CLOUD = HostReference(name="eu"), HostReference(kind="CloudRunHost", name="eu")
PLACE = {"project": "demo-project", "location": "europe-west1"}


def test_two_hosts_of_one_name_are_two_keys() -> None:
    assert {DOCKER: 1, CLOUD: 2}[HostReference(kind="DockerHost", name="eu")] == 1
    assert DOCKER != CLOUD


def test_a_dockerhost_is_called_by_its_name_alone_and_the_others_with_their_kind() -> None:
    assert (str(DOCKER), DOCKER.short, DOCKER.called, DOCKER.full) == ("eu", "eu", "host eu", "DockerHost eu")
    assert (str(CLOUD), CLOUD.short) == ("cloudrunhost/eu", "CloudRunHost eu")
    assert (CLOUD.called, CLOUD.full) == ("CloudRunHost eu", "CloudRunHost eu")


@pytest.mark.parametrize("reference", [DOCKER, CLOUD])
def test_what_is_written_of_a_host_can_be_read_again(reference: HostReference) -> None:
    assert reference_from(str(reference)) == reference


@pytest.mark.parametrize("text", ["eu", "dockerhost/eu", "DockerHosts/eu", "dhost/eu"])
def test_a_name_alone_is_a_dockerhosts(text: str) -> None:
    assert read_host(text) == ("DockerHost", "eu")


def test_another_kind_and_no_name_are_refused() -> None:
    with pytest.raises(ValueError, match="'node' is no kind of host"):
        reference_from("node/eu")
    with pytest.raises(ValidationError):
        reference_from("cloudrunhost/")


def test_an_object_is_read_by_its_kind() -> None:
    docker = {"kind": "DockerHost", "metadata": {"name": "eu"}, "spec": {"endpoint": "unix:///x"}}
    cloud = {"kind": "CloudRunHost", "metadata": {"name": "eu"}, "spec": PLACE}
    assert (type(host_of(docker)), type(host_of(cloud))) == (DockerHost, CloudRunHost)
    assert [host_of(body).reference for body in (docker, cloud)] == [DOCKER, CLOUD]
    assert reference_of({**cloud, "spec": None}) == CLOUD
    assert MODELS.keys() == HOST_PLURALS.keys()


def test_a_new_executor_is_needed_where_the_place_or_the_identity_changes_and_for_nothing_else() -> None:
    def target(**spec: object) -> str:
        return CloudRunHost.from_body({"metadata": {"name": "eu"}, "spec": {**PLACE, **spec}}).spec.target

    same = target()
    assert target(maxConcurrentJobs=3, unschedulable=True, orphanPolicy={"dryRun": True}) == same
    changes = ({"serviceAccount": "a@b.c"}, {"labels": {"a": "b"}}, {"credentials": {"secretRef": {"name": "x"}}})
    assert len({same, *(target(**change) for change in changes)}) == 4
