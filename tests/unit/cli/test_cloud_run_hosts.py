"""Hosts on Cloud Run beside DockerHosts: how they are named, shown, cordoned, listed and placed upon."""

import json
import shlex
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from tests.unit.cli.stand_in import StandIn, install, listed

from kubectl_containerjob import hosts
from kubectl_containerjob.creating.job_options import JobOptions
from kubectl_containerjob.creating.manifests import manifests
from kubectl_containerjob.hosts import Named, named
from kubectl_containerjob.main import PROGRAM, cli
from kubectl_containerjob.problems import Problem
from kubectl_containerjob.records import Host, Job
from kubectl_containerjob.screens.census import rows_of
from kubectl_containerjob.setup.remedies import nobody_admitted, remedy

TIME = "2026-01-01T00:00:00Z"
DOCKER: dict[str, Any] = {
    "kind": "DockerHost",
    "metadata": {"name": "eu", "creationTimestamp": TIME},
    "spec": {"endpoint": "unix:///x"},
}


def told(type_: str, status: str, reason: str = "PermissionDenied") -> dict[str, str]:
    message = "run.jobs.create is missing"
    return {"type": type_, "status": status, "reason": reason, "message": message, "lastTransitionTime": TIME}


CLOUD: dict[str, Any] = {
    "kind": "CloudRunHost",
    "metadata": {"name": "eu", "creationTimestamp": TIME},
    "spec": {"project": "demo-project", "location": "europe-west1"},
    "status": {
        "maxConcurrentJobs": 100,
        "runningJobs": 1,
        "conditions": [told("PermissionsOK", "False"), told("QuotaOK", "Unknown"), told("Ready", "False")],
    },
}


@pytest.fixture
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StandIn:
    return install(tmp_path / "bin", monkeypatch)


def run(*words: str) -> Result:
    return CliRunner().invoke(cli, words, prog_name=PROGRAM)


@pytest.mark.parametrize(
    ("text", "kind", "name"),
    [
        ("eu", "DockerHost", "eu"),
        ("dockerhost/eu", "DockerHost", "eu"),
        ("dockerhost.containerjobs.io/eu", "DockerHost", "eu"),
        ("cloudrunhost/eu", "CloudRunHost", "eu"),
        ("crhost/eu", "CloudRunHost", "eu"),
        ("cloudrunhosts.containerjobs.io/eu", "CloudRunHost", "eu"),
    ],
)
def test_a_host_is_named_alone_or_with_its_kind_as_kubectl_writes_it(text: str, kind: str, name: str) -> None:
    assert named(text) == Named(kind, name)


def test_what_is_no_kind_of_host_is_refused_with_the_kinds_there_are(stand_in: StandIn) -> None:
    with pytest.raises(Problem, match="'node' is no kind of host: write NAME, dockerhost/NAME or cloudrunhost/NAME"):
        named("node/eu")
    refused = run("create", "--image", "x", "--host", "node/eu", "--dry-run=client")
    assert (refused.exit_code, "is no kind of host" in refused.output) == (2, True)


def test_a_job_is_placed_on_the_host_that_is_named() -> None:
    def host(text: str) -> Any:
        return manifests(JobOptions(image="x", host=text))[0]["spec"]["placement"]["hostRef"]

    assert host("eu") == {"kind": "DockerHost", "name": "eu"}
    assert host("cloudrunhost/eu") == {"kind": "CloudRunHost", "name": "eu"}


def test_a_record_tells_hosts_of_one_name_apart() -> None:
    reference = {"kind": "CloudRunHost", "name": "eu"}
    job = Job({"spec": {"placement": {"hostRef": reference}}, "status": {"host": reference}})
    assert (job.host, job.pinned) == ("cloudrunhost/eu", "cloudrunhost/eu")
    assert (Host(CLOUD).name, Host(DOCKER).name) == ("cloudrunhost/eu", "eu")
    assert (Host(CLOUD).engine, Host(DOCKER).engine) == ("demo-project/europe-west1", "")
    assert (Host(CLOUD).place, Host(DOCKER).place) == ("demo-project/europe-west1", "unix:///x")


def test_a_host_on_cloud_run_is_shown_with_its_place_and_what_is_not_known(stand_in: StandIn) -> None:
    cloud, jobs = json.dumps(CLOUD), listed()
    stand_in.runs(f"""case "$*" in *cloudrunhosts*) printf %s '{cloud}';; *) printf %s '{jobs}';; esac""")
    result = run("host", "show", "cloudrunhost/eu", "--color=never")
    assert result.exit_code == 0, result.output
    lines = result.output.splitlines()
    assert lines[:2] == ["Name:         cloudrunhost/eu", "Place:        demo-project/europe-west1"]
    assert not any(line.startswith("Engine") for line in lines)
    assert [line.split()[0] for line in lines if "run.jobs.create" in line] == ["✘", "?", "✘"]
    assert "  → grant the operator's identity the IAM permission that the message names" in lines
    assert any("kubectl patch cloudrunhost eu" in line for line in lines)


def test_a_host_that_is_not_there_is_told_with_its_kind(stand_in: StandIn) -> None:
    result = run("host", "show", "cloudrunhost/eu")
    assert "there is no CloudRunHost eu: see `kubectl containerjob host list`" in result.output


def test_a_host_of_the_other_kind_is_asked_and_cordoned_under_its_own_resource(stand_in: StandIn) -> None:
    stand_in.answers(json.dumps({"reachable": True, "reason": "EngineReady", "latencyMilliseconds": 2.5}))
    assert run("host", "test", "cloudrunhost/eu").output == "✔ cloudrunhost/eu: reachable, 2.5 ms\n"
    assert stand_in.calls[-1][2].endswith("/cloudrunhosts/eu/probe")
    stand_in.answers("cloudrunhost.containerjobs.io/eu patched\n")
    assert run("host", "cordon", "cloudrunhost/eu").output == "cloudrunhost.containerjobs.io/eu cordoned\n"
    assert stand_in.calls[-1][:3] == ["patch", "cloudrunhosts.containerjobs.io", "eu"]


def test_tables_have_one_kind_each_and_documents_have_both(stand_in: StandIn) -> None:
    stand_in.runs('case "$*" in *cloudrunhosts*) echo CLOUD;; *) echo DOCKER;; esac')
    assert run("host", "list").output.endswith("\nCLOUD\n")
    run("host", "list", "-o", "name")
    assert stand_in.calls[-1][:2] == ["get", "dockerhosts.containerjobs.io,cloudrunhosts.containerjobs.io"]
    run("host", "list", "a", "cloudrunhost/eu")
    assert stand_in.calls[-1][1:3] == ["dockerhosts.containerjobs.io/a", "cloudrunhosts.containerjobs.io/eu"]
    run("host", "list", "cloudrunhost/eu", "-w")
    assert stand_in.calls[-1][:3] == ["get", "cloudrunhosts.containerjobs.io", "eu"]
    refused = run("host", "list", "a", "cloudrunhost/eu", "-w")
    assert (refused.exit_code, "one kind of hosts can be watched at a time" in refused.output) == (2, True)


@pytest.mark.parametrize(
    ("refusal", "code"),
    [
        ('error: the server doesn\'t have a resource type "cloudrunhosts"', 0),
        ("Error from server (Forbidden): no", 0),
        ("Error from server (InternalError): no", 1),
    ],
)
def test_a_cluster_with_one_kind_of_hosts_is_listed_all_the_same(stand_in: StandIn, refusal: str, code: int) -> None:
    stand_in.runs(f'case "$*" in *cloudrunhosts*) echo {shlex.quote(refusal)} >&2; exit 1;; esac')
    assert run("host", "list").exit_code == code


def test_where_one_kind_may_not_be_listed_the_other_one_is(stand_in: StandIn) -> None:
    only = listed(DOCKER)
    stand_in.runs(f"""case "$*" in *cloudrunhosts*) echo 'Error from server: x' >&2; exit 1;; esac; echo '{only}'""")
    from kubectl_containerjob.kubectl import Kubectl

    assert [body["kind"] for body in hosts.items(Kubectl())] == ["DockerHost"]
    stand_in.answers(stderr="The connection to the server x was refused", code=1)
    with pytest.raises(Problem, match="the cluster does not answer"):
        hosts.items(Kubectl())
    assert len(stand_in.calls) == 3


def test_a_table_of_jobs_tells_hosts_of_one_name_apart() -> None:
    table = "NAMESPACE   NAME   PHASE     HOST   UID   HOST-KIND\n"
    table += "it          a      Running   eu     u1    CloudRunHost\n"
    table += "it          b      Running   eu     u2    DockerHost\nit          c      Pending          u3\n"
    assert [row.host for row in rows_of(table, None)] == ["cloudrunhost/eu", "eu", ""]


def test_remedies_speak_of_the_kind_that_is_meant() -> None:
    assert "docker -H unix:///x version" in remedy("Unreachable", "eu", "unix:///x")
    assert "run.googleapis.com" in remedy("Unreachable", "cloudrunhost/eu", None)
    assert "kubectl patch dockerhost eu " in nobody_admitted("eu")
    assert "kubectl patch cloudrunhost eu " in nobody_admitted("cloudrunhost/eu")
