"""The samples are what the API takes, and seed writes to its own objects only."""

import copy
from typing import Any

import pytest
from tests.unit.house.test_examples import unknown_fields

from containerjob_api.hosts import DockerHost
from containerjob_api.jobs import ContainerJob
from containerjob_api.templates import ContainerJobTemplate
from kubectl_containerjob.setup import samples
from kubectl_containerjob.setup.samples import LABEL, Wanted, identity, manifests, plan, verb

WANTED = Wanted("team")
MODELS = {"ContainerJob": ContainerJob, "DockerHost": DockerHost, "ContainerJobTemplate": ContainerJobTemplate}
Body = dict[str, Any]


def stored(**changes: Any) -> list[Body]:
    """Return the samples as the API server has them after a first seed."""
    bodies = [copy.deepcopy(body) for body in manifests(WANTED)]
    for number, body in enumerate(bodies):
        body["metadata"] |= {"uid": f"uid-{number}", "resourceVersion": str(number)}
        body.update(changes if body["kind"] == "ContainerJob" else {})
    return bodies


def split(bodies: list[Body]) -> tuple[list[Body], list[Body]]:
    hosts = [body for body in bodies if body["kind"] == "DockerHost"]
    return [body for body in bodies if body not in hosts], hosts


def names(bodies: list[Body]) -> set[str]:
    return {body["metadata"]["name"] for body in bodies}


@pytest.mark.parametrize("body", [each for each in manifests(WANTED) if each["kind"] in MODELS], ids=identity)
def test_a_sample_says_only_what_is_honoured(body: Body) -> None:
    model = MODELS[body["kind"]].model_validate({**body, "metadata": {"name": "x"}})
    known = model.model_dump(mode="json", by_alias=True)["spec"]
    assert unknown_fields(body["spec"], known) == []


def test_seed_runs_nothing_and_a_demo_runs_everything() -> None:
    jobs = [body for body in manifests(WANTED) if body["kind"] == "ContainerJob"]
    assert len(jobs) == 3
    assert all(job["spec"]["suspend"] for job in jobs)
    demo = manifests(Wanted("team", demo=True))
    assert not any(body["spec"].get("suspend") for body in demo if body["kind"] == "ContainerJob")


def test_the_host_admits_the_namespace_that_is_seeded_and_can_be_left_out() -> None:
    (host,) = (body for body in manifests(Wanted("team", "h", "unix:///x")) if body["kind"] == "DockerHost")
    assert (host["metadata"]["name"], host["spec"]["endpoint"]) == ("h", "unix:///x")
    assert samples.admitted(host) == ["team"]
    assert "DockerHost" not in {body["kind"] for body in manifests(Wanted("team", None))}


def test_on_an_empty_cluster_everything_is_written() -> None:
    made = plan(WANTED, [], [])
    assert len(made.apply) == len(list(manifests(WANTED)))
    assert made.kept == made.taken == []


def test_what_seed_made_is_aimed_at_by_its_uid() -> None:
    made = plan(WANTED, *split(stored()))
    assert all(body["metadata"]["uid"].startswith("uid-") for body in made.apply)
    assert not any("resourceVersion" in body["metadata"] for body in made.apply)


def test_somebody_elses_object_is_never_written_to() -> None:
    bodies = stored()
    for body in bodies:
        body["metadata"]["labels"] = {LABEL: "a-copy"}
    present, hosts = split(bodies)
    made = plan(WANTED, present, hosts)
    assert names(made.taken) == names(present)
    assert made.apply == []
    assert made.kept == [(hosts[0], "not from seed")]


def test_another_host_with_the_endpoint_is_enough() -> None:
    other = {"apiVersion": "containerjobs.io/v1alpha1", "kind": "DockerHost", "metadata": {"name": "mine"}}
    made = plan(WANTED, [], [other | {"spec": {"endpoint": samples.ENDPOINT}}])
    assert "DockerHost" not in {body["kind"] for body in made.apply}
    assert "has the endpoint" in made.kept[0][1]


def test_a_second_namespace_joins_the_host_and_only_at_the_version_that_was_read() -> None:
    made = plan(Wanted("other"), [], split(stored())[1])
    (host,) = (body for body in made.apply if body["kind"] == "DockerHost")
    assert samples.admitted(host) == ["other", "team"]
    assert "resourceVersion" in host["metadata"]


@pytest.mark.parametrize(
    ("changes", "demo", "reason"),
    [
        ({"status": {"finished": True}}, False, ""),
        ({"status": {"finished": True}}, True, "finished: delete it to run it again"),
        ({"status": {"attempts": [{}]}}, True, ""),
        ({"spec": {"suspend": False}}, False, ""),
    ],
)
def test_a_job_that_was_let_run_is_left_alone(changes: Body, demo: bool, reason: str) -> None:
    made = plan(Wanted("team", demo=demo), *split(stored(**changes)))
    assert {why for body, why in made.kept if body["kind"] == "ContainerJob"} == {reason}
    assert "ContainerJob" not in {body["kind"] for body in made.apply}


def test_what_became_of_an_object_is_told_by_what_a_person_wrote() -> None:
    old = stored()[0]
    bookkeeping = {**old, "metadata": old["metadata"] | {"resourceVersion": "9", "managedFields": []}, "status": {}}
    assert verb(None, old) == "created"
    assert verb(old, bookkeeping) == "unchanged"
    assert verb(old, {**old, "data": {"other": "x"}}) == "configured"
