"""Cloud Run emulated beside the engine: up, used, killed, up again, and down without a trace."""

import os
import signal
import sys
from pathlib import Path
from typing import Any

import docker
import pytest
from click.testing import CliRunner

from containerjob_local import cloud_run, processes
from containerjob_local.cloud_run import OWNER_LABEL
from containerjob_local.environment import Component, Options, down, status, up
from containerjob_local.errors import ProcessError, ReadinessError
from containerjob_local.kubectl import Kubectl
from containerjob_local.readiness import wait_until
from containerjob_local.state import State
from kubectl_containerjob.main import cli

pytestmark = [pytest.mark.real, pytest.mark.timeout(600)]

SLEEPER: dict[str, Any] = {
    "apiVersion": "containerjobs.io/v1alpha1",
    "kind": "ContainerJob",
    "metadata": {"name": "sleeper", "namespace": "default"},
    "spec": {
        "placement": {"hostRef": {"kind": "CloudRunHost", "name": cloud_run.HOST_NAME}},
        "template": {
            "spec": {"containers": [{"name": "main", "image": "busybox:1.37", "command": ["sleep", "600"]}]}
        },
    },
}


def plugin(*words: str) -> str:
    shown = CliRunner().invoke(cli, ["local", *words])
    assert shown.exit_code == 0, shown.output
    return shown.output


def wait_ready(kubectl: Kubectl) -> None:
    kubectl.run("wait", "--for=condition=Ready", f"cloudrunhost/{cloud_run.HOST_NAME}", "--timeout=100s")


def test_the_demo_runs_on_cloud_run_and_a_killed_emulator_comes_back_where_it_was(
    folder: Path, containers: docker.DockerClient
) -> None:
    shown = plugin("demo", "--cloud-run", "--state-dir", str(folder))
    assert "$ kubectl containerjob logs hello-cloud --follow\n  Hello from Cloud Run.\n" in shown
    assert "$ kubectl containerjob show hello-cloud\n" in shown
    assert "✔ containerjob/hello-cloud: Succeeded" in shown
    assert "✔ cloud run: emulator of demo-project/europe-west1 at 127.0.0.1:" in plugin(
        "status", "--state-dir", str(folder)
    )

    said: list[str] = []
    environment = up(Options(folder), said.append)  # it stays without being asked for again, and so does the operator
    kubectl, emulator = environment.plane.kubectl, environment.emulator
    assert emulator is not None
    assert any(line.startswith("✔ Cloud Run emulator already running at ") for line in said)
    assert any(line.startswith("✔ operator already running") for line in said)

    wait_ready(kubectl)
    kubectl.apply(SLEEPER)
    tasks = {"label": f"{OWNER_LABEL}={environment.plane.cluster_uid}"}
    wait_until(lambda: bool(containers.containers.list(filters=tasks)), what="the task", seconds=120)
    (task,) = containers.containers.list(filters=tasks)
    record = State(folder).cloud_run()
    os.kill(emulator.pid, signal.SIGKILL)
    wait_until(lambda: not processes.is_alive(emulator), what="the kill", seconds=60)
    assert [part.detail for part in status(folder) if part.name == "cloud run"] == ["not running"]

    again = up(Options(folder), said.append).emulator
    assert again is not None
    assert again.pid != emulator.pid
    assert State(folder).cloud_run() == record
    assert task.id not in {each.id for each in containers.containers.list(all=True, filters=tasks)}
    wait_ready(kubectl)

    os.kill(again.pid, signal.SIGKILL)
    down(folder, said.append)
    assert not containers.containers.list(all=True, filters=tasks)
    assert not folder.exists()


@pytest.mark.usefixtures("on_engine")
def test_it_joins_an_environment_that_is_up_and_goes_with_it(folder: Path) -> None:
    said: list[str] = []
    up(Options(folder), said.append)
    shown = plugin("up", "--cloud-run", "--state-dir", str(folder))
    assert "✔ Cloud Run emulator registered as cloudrunhost/cloud-run\n" in shown
    assert "• the operator runs with other options: starting it again\n" in shown
    environment = up(Options(folder), said.append)
    assert environment.operator is not None
    assert environment.emulator is not None
    assert "--allow-fake-hosts" in processes.command_line(environment.operator)
    wait_ready(environment.plane.kubectl)
    down(folder, said.append)
    assert "✔ Cloud Run emulator stopped with its tasks" in said
    assert not processes.is_alive(environment.emulator)


@pytest.mark.usefixtures("on_engine")
def test_it_is_there_for_an_operator_and_custom_resources_that_come_by_hand(folder: Path) -> None:
    shown = plugin("up", "--cloud-run", "--no-operator", "--state-dir", str(folder))
    assert "• the operator that you run takes it as a host with --allow-fake-hosts only\n" in shown
    kubectl = up(Options(folder, components=frozenset({Component.PLANE})), print).plane.kubectl
    host = kubectl.json("get", "cloudrunhost", cloud_run.HOST_NAME)
    record = State(folder).cloud_run()
    assert record is not None
    assert host["spec"]["endpoint"] == f"127.0.0.1:{record.port}"

    down(folder, print)
    shown = plugin("up", "--cloud-run", "--no-api", "--state-dir", str(folder))
    assert "✔ Cloud Run emulator: demo-project/europe-west1 at 127.0.0.1:" in shown
    assert "registered" not in shown


def test_an_emulator_that_ends_or_hangs_is_an_error_and_is_not_left_running(
    folder: Path, tmp_path: Path, on_engine: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = Options(folder, components=frozenset({Component.PLANE, Component.ENGINE}), cloud_run=True)
    python = tmp_path / "python"
    monkeypatch.setattr(sys, "executable", str(python))

    python.write_text("#!/bin/sh\necho that port is taken; exit 1\n")
    python.chmod(0o755)
    with pytest.raises(ProcessError, match=r"cloud-run ended while it started: that port is taken \(log: .*\)"):
        up(options, print)

    python.write_text("#!/bin/sh\nexec sleep 300\n")
    monkeypatch.setattr(cloud_run, "READY_SECONDS", 0.5)
    with pytest.raises(ReadinessError, match=r"the Cloud Run emulator is not ready after 0\.5 s"):
        up(options, print)
    assert processes.recorded(State(folder).record(cloud_run.NAME)) is None


@pytest.mark.usefixtures("on_engine")
def test_an_emulator_of_other_options_is_started_again(folder: Path) -> None:
    options = Options(folder, components=frozenset({Component.PLANE, Component.ENGINE}), cloud_run=True)
    first = up(options, print).emulator
    record = State(folder).record(cloud_run.NAME)
    assert first is not None
    processes.stop(first)
    other = processes.start(cloud_run.NAME, ["/bin/sleep", "300"], log=folder / "log", record=record)
    said: list[str] = []
    second = up(options, said.append).emulator
    assert "• the Cloud Run emulator runs with other options: starting it again" in said
    assert second not in {first, other}
    assert not processes.is_alive(other)
