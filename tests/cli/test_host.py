"""Hosts as administrators handle them, through real kubectl."""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.cli.conftest import Cluster, Shell, wait_for

NOT_THERE = "unix:///run/there-is-no-engine.sock"


@pytest.fixture
def host(cluster: Cluster) -> Iterator[str]:
    """A name for a host of the test's own."""
    name = f"host-{os.getpid()}"
    yield name
    cluster.kubectl("delete", "dhost", name, "--ignore-not-found", "--wait=false")


def ok(shell: Shell, *words: str) -> str:
    done = call(shell, *words)
    assert done[0] == 0, done
    return done[1]


def call(shell: Shell, *words: str, variables: dict[str, str] | None = None) -> tuple[int, str, str]:
    environment = shell.cluster.environment | (variables or {})
    command = ["kubectl", "containerjob", "host", *words]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=120)
    return done.returncode, done.stdout, done.stderr


def test_a_host_is_added_shown_tested_and_cordoned(shell: Shell, host: str) -> None:
    fake = f"fake://{host}?cpus=2"
    made = json.loads(
        ok(shell, "add", host, "--endpoint", fake, "--max-concurrent=3", "--dry-run=client", "-o", "json")
    )
    assert made["spec"] == {"endpoint": fake, "maxConcurrentJobs": 3}
    _, added, advice = call(shell, "add", host, "--endpoint", fake, "--max-concurrent=3")
    assert added == f"dockerhost.containerjobs.io/{host} created\n"
    assert advice.startswith("no namespace may use it; to let them in: ")
    assert call(shell, "add", host, "--endpoint", fake)[2].endswith(
        "already exists: choose another name, or delete it first\n"
    )
    shell.cluster.kubectl("wait", "--for=condition=Ready", f"dhost/{host}", "--timeout=100s")
    shown = ok(shell, "show", host)
    assert "Slots:        0 of 3 in use" in shown
    assert "Namespaces:   <none>\n  → no namespace may use it" in shown
    assert "✔ Ready for " in shown
    assert shown.endswith("Jobs:\n  <none>\n")
    assert f"✔ {host}: reachable" in ok(shell, "test", host)
    assert json.loads(ok(shell, "test", f"dhost/{host}", "-o", "json"))["reachable"] is True
    assert ok(shell, "cordon", host, "--dry-run=server") == (
        f"dockerhost.containerjobs.io/{host} cordoned (server dry run)\n"
    )
    for dry_run in ("client", "server"):
        told = ok(shell, "cordon", host, host, f"--dry-run={dry_run}", "-o", "yaml").split("---\n")
        assert ["unschedulable: true" in each for each in told] == [True, True], dry_run
    assert json.loads(ok(shell, "cordon", host, "--dry-run=client", "-o", "json"))["spec"]["unschedulable"] is True
    assert call(shell, "uncordon", host, "-o", "json", "--error-unchanged")[0] == 3
    assert ok(shell, "cordon", host) == f"dockerhost.containerjobs.io/{host} cordoned\n"
    assert call(shell, "cordon", host, "--error-unchanged")[:2] == (
        3,
        f"dockerhost.containerjobs.io/{host} unchanged\n",
    )
    wait_for(
        "the operator has seen it",
        lambda: "cordoned" in ok(shell, "show", host) and "→ to let" in ok(shell, "show", host),
    )
    assert ok(shell, "uncordon", host, "-o", "name").strip() == f"dockerhost.containerjobs.io/{host}"
    code, out, err = call(shell, "uncordon", "nobody", host)
    assert (code, out) == (1, f"dockerhost.containerjobs.io/{host} unchanged\n")
    assert err == "error: there is no DockerHost nobody: see `kubectl containerjob host list`\n"


def test_lists_are_those_of_kubectl(shell: Shell) -> None:
    mine, kubectls = (
        ok(shell, "list", "fake", "local", "--no-headers"),
        shell.cluster.kubectl("get", "dhost", "fake", "local", "--no-headers"),
    )
    assert [line.split()[:2] for line in mine.splitlines()] == [line.split()[:2] for line in kubectls.splitlines()]
    assert "endpoint: fake://" in ok(shell, "show", "fake", "-o", "yaml")


def test_a_host_shows_the_jobs_that_are_on_it(shell: Shell) -> None:
    shell.create("long", "sleep 600")
    shell.reaches("long", "Running")
    assert f"{shell.namespace}/long  Running" in ok(shell, "show", "fake")


def test_an_engine_that_is_not_there_is_told_with_the_remedy(shell: Shell, host: str) -> None:
    added = ok(shell, "add", host, "--endpoint", NOT_THERE, f"--allow-namespaces={shell.namespace},default")
    assert added == f"dockerhost.containerjobs.io/{host} created\n"
    shell.cluster.kubectl("wait", "--for=condition=Reachable=False", f"dhost/{host}", "--timeout=100s")
    code, out, _ = call(shell, "test", host, "fake")
    assert code == 1
    assert f"✘ {host}: not reachable: " in out
    assert "✔ fake: reachable" in out
    shown = ok(shell, "show", host)
    assert "✘ Ready for " in shown
    assert "→ see on the operator's machine that the engine runs" in shown
    assert f"kubernetes.io/metadata.name In ({shell.namespace}, default)" in shown


def test_a_context_of_docker_becomes_a_host_or_says_why_not(shell: Shell, host: str, tmp_path: Path) -> None:
    for name, where in (("near", "unix:///run/near.sock"), ("far", "ssh://root@far")):
        folder = tmp_path / "contexts" / "meta" / name
        folder.mkdir(parents=True)
        (folder / "meta.json").write_text(json.dumps({"Name": name, "Endpoints": {"docker": {"Host": where}}}))
    variables = {"DOCKER_CONFIG": str(tmp_path)}
    words = ("add", host, "--dry-run=server", "--all-namespaces", "-o", "json", "--from-docker-context")
    code, out, _ = call(shell, *words, "near", variables=variables)
    assert (code, json.loads(out)["spec"]["endpoint"]) == (0, "unix:///run/near.sock")
    code, _, err = call(shell, *words, "far", variables=variables)
    assert (code, err.count("\n")) == (1, 1)
    assert "endpoint ssh://root@far: this version of the operator reaches sockets of its own machine only" in err
    assert "there are: default, far, near" in call(shell, *words, "lost", variables=variables)[2]
    assert call(shell, "add", host)[0] == 2


def test_a_host_that_does_not_exist_is_one_line(shell: Shell) -> None:
    for verb in ("show", "test"):
        assert call(shell, verb, "nobody") == (
            1,
            "",
            "error: there is no DockerHost nobody: see `kubectl containerjob host list`\n",
        )
