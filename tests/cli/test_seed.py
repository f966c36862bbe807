"""seed: everything once, nothing twice, nothing of somebody else."""

import json
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from tests.cli.conftest import Cluster, Shell

from kubectl_containerjob.setup.samples import LABEL

JOBS = ("sample-hello", "sample-retries", "sample-sum")


@pytest.fixture
def host(cluster: Cluster) -> Iterator[str]:
    """A name for a host of the test's own; its engine is never there."""
    name = f"seeded-{os.getpid()}"
    yield name
    cluster.kubectl("delete", "dhost", name, "--ignore-not-found", "--wait=false")


def seed(shell: Shell, host: str, *words: str) -> dict[str, str]:
    """Seed, and return what was said of each object."""
    options = (f"--host-name={host}", f"--endpoint=unix:///run/{host}.sock")
    lines = shell.ok("seed", *options, *words).splitlines()
    return {name.rpartition("/")[2]: told for name, _, told in (line.partition(" ") for line in lines)}


def everything(shell: Shell, host: str) -> dict[str, dict[str, Any]]:
    """Return every sample in the namespace, and the host."""
    kinds = "configmap,containerjobtemplate,containerjob"
    listed = shell.cluster.kubectl("get", kinds, "-n", shell.namespace, "-l", LABEL, "-o", "json")
    hosts = shell.cluster.kubectl("get", "dhost", "-l", f"{LABEL}={host}", "-o", "json")
    return {body["metadata"]["name"]: body for text in (listed, hosts) for body in json.loads(text)["items"]}


def test_seed_makes_everything_once_and_a_second_time_changes_nothing(shell: Shell, host: str) -> None:
    dry = seed(shell, host, "--dry-run=client")
    assert set(dry.values()) == {"created (dry run)"}
    assert set(seed(shell, host, "--dry-run=server").values()) == {"created (server dry run)"}
    assert everything(shell, host) == {}
    assert set(seed(shell, host).values()) == {"created"}
    first = everything(shell, host)
    assert set(first) == set(dry)
    assert all(first[name]["spec"]["suspend"] for name in JOBS)
    assert first[host]["spec"]["allowedNamespaces"]["selector"]["matchExpressions"][0]["values"] == [shell.namespace]
    assert set(seed(shell, host).values()) == {"unchanged"}
    assert set(seed(shell, host, "--dry-run=client").values()) == {"unchanged (dry run)"}
    unwatched = set(first) - {host, *JOBS}  # the operator writes what it sees of jobs and hosts
    again = everything(shell, host)
    assert {name: again[name] for name in unwatched} == {name: first[name] for name in unwatched}
    assert all(again[name]["metadata"]["generation"] == 1 for name in (host, *JOBS))
    assert set(seed(shell, host, "--delete").values()) == {"deleted"}
    assert not set(everything(shell, host)) - {host}  # a host goes once the operator has let it go


def test_a_demo_runs_the_jobs_and_what_has_run_is_left_alone(shell: Shell, host: str) -> None:
    assert set(seed(shell, host, "--skip-host", "-o", "name")) & set(JOBS) == set(JOBS)
    told = seed(shell, host, "--skip-host", "--demo")
    assert {name: told[name] for name in JOBS} == dict.fromkeys(JOBS, "configured")
    shell.reaches("sample-hello", "Succeeded")
    shell.reaches("sample-sum", "Succeeded")
    shell.reaches("sample-retries", "Failed")
    before = everything(shell, host)
    assert set(seed(shell, host, "--skip-host").values()) == {"unchanged"}
    assert (
        seed(shell, host, "--skip-host", "--demo")["sample-sum"] == "unchanged (finished: delete it to run it again)"
    )
    assert everything(shell, host) == before


def test_what_somebody_else_made_or_changed_is_not_overwritten(shell: Shell, host: str) -> None:
    shell.cluster.kubectl("create", "configmap", "sample-env", "-n", shell.namespace)
    line = shell.refused("seed", "--skip-host")
    assert line.startswith("configmap/sample-env: not from seed, and left alone")
    assert everything(shell, host) == {}
    shell.cluster.kubectl("delete", "configmap", "sample-env", "-n", shell.namespace)
    seed(shell, host, "--skip-host")
    patch = '--patch={"data":{"GREETING":"Hi"}}'
    shell.cluster.kubectl("patch", "configmap", "sample-env", "-n", shell.namespace, "--type=merge", patch)
    assert "--force-conflicts overwrites that" in shell.refused("seed", "--skip-host")
    assert seed(shell, host, "--skip-host", "--force-conflicts")["sample-env"] == "configured"
    assert shell.refused("seed", "--skip-host", "--namespace=nobody") == (
        "there is no namespace nobody: `kubectl create namespace nobody` makes it"
    )


def test_two_namespaces_share_a_host_until_the_last_one_is_deleted(shell: Shell, host: str) -> None:
    other = f"{shell.namespace}-b"
    shell.cluster.kubectl("create", "namespace", other)
    try:
        seed(shell, host)
        assert seed(shell, host, "-n", other)[host] == "configured"
        assert seed(shell, host, "--delete")[host] == f"configured (other namespaces use it: {other})"
        assert seed(shell, host, "-n", other, "--delete", "--dry-run=server")[host] == "deleted (server dry run)"
        assert seed(shell, host, "-n", other, "--delete")[host] == "deleted"
        assert seed(shell, host, "-n", other, "--delete") == {}
    finally:
        shell.cluster.kubectl("delete", "namespace", other, "--wait=false")


def test_a_host_that_is_there_already_is_left_as_it_is(shell: Shell, host: str) -> None:
    assert seed(shell, "fake")["fake"] == "unchanged (not from seed)"
    line = shell.ok("seed", f"--host-name={host}", "--endpoint=fake://fake?cpus=64").splitlines()[0]
    assert line.startswith("dockerhost.containerjobs.io/fake unchanged (it has the endpoint")


def test_many_seeds_at_once_make_everything_once(shell: Shell, host: str) -> None:
    with ThreadPoolExecutor(6) as people:
        done = list(people.map(lambda _: shell("seed", "--skip-host"), range(6)))
    assert [each.stderr for each in done if each.returncode] == []
    assert set(JOBS) <= set(everything(shell, host))
    manifests = json.loads(shell.ok("seed", "--skip-host", "--dry-run=client", "-o", "json"))["items"]
    assert {body["kind"] for body in manifests} == {"ConfigMap", "ContainerJob", "ContainerJobTemplate"}
    assert "kind: ContainerJobTemplate" in shell.ok("seed", "--skip-host", "--dry-run=client", "-o", "yaml")
