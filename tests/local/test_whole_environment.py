"""Everything up on a real engine, as `make demo` does it, and down again without a trace."""

import json
import sys
from pathlib import Path

import docker
import pytest
from click.testing import CliRunner

from containerjob_api.names import LABEL_CLUSTER_UID
from containerjob_local import operator_process, processes
from containerjob_local.demo import demo
from containerjob_local.environment import Component, Options, down, running, status, up
from containerjob_local.errors import ProcessError, ReadinessError
from containerjob_local.operator_process import OperatorOptions
from containerjob_local.state import State
from kubectl_containerjob.main import cli

pytestmark = pytest.mark.real


def test_the_demo_runs_again_with_other_options_and_goes_without_a_trace(
    folder: Path, containers: docker.DockerClient
) -> None:
    shown = CliRunner().invoke(cli, ["local", "demo", "--state-dir", str(folder)])
    assert shown.exit_code == 0
    assert "  Hello from a container outside the cluster.\n" in shown.output
    assert "✔ containerjob/hello: Succeeded" in shown.output
    assert all(part.running for part in status(folder))

    said: list[str] = []
    assert demo(Options(folder), said.append)  # a second time: all is up, the job is made anew
    assert any(line.startswith("✔ operator already running") for line in said)

    said.clear()
    before = State(folder).record("operator").read_text()
    fake = Options(folder, operator=OperatorOptions(allow_fake_hosts=True))
    operator = up(fake, said.append).operator
    assert operator is not None
    assert "• the operator runs with other options: starting it again" in said
    assert operator.pid != json.loads(before)["pid"]
    assert "--allow-fake-hosts" in processes.command_line(operator)

    label = f"{LABEL_CLUSTER_UID}={running(folder).cluster_uid}"
    assert containers.containers.list(all=True, filters={"label": label})
    down(folder, said.append)
    assert not containers.containers.list(all=True, filters={"label": label})
    assert not processes.is_alive(operator)
    assert not folder.exists()


@pytest.mark.usefixtures("on_engine")
def test_the_host_is_there_without_the_operator(folder: Path) -> None:
    environment = up(Options(folder, components=frozenset(Component) - {Component.OPERATOR}), print)
    host = environment.plane.kubectl.json("get", "dockerhost", "local")
    assert environment.engine is not None
    assert host["spec"]["endpoint"] == environment.engine.endpoint
    assert host["spec"]["allowedNamespaces"] == {"from": "All"}
    assert environment.operator is None


def test_an_operator_that_ends_or_hangs_is_an_error_and_is_not_left_running(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = Options(folder, components=frozenset({Component.PLANE, Component.API, Component.OPERATOR}))
    python = tmp_path / "python"
    monkeypatch.setattr(sys, "executable", str(python))

    python.write_text("#!/bin/sh\necho no module of that name; exit 1\n")
    python.chmod(0o755)
    with pytest.raises(ProcessError, match=r"operator ended while it started: no module of that name \(log: .*\)"):
        up(options, print)

    python.write_text("#!/bin/sh\nexec sleep 300\n")
    monkeypatch.setattr(operator_process, "READY_SECONDS", 0.5)
    with pytest.raises(ReadinessError, match=r"the operator is not ready after 0\.5 s"):
        up(options, print)
    assert processes.recorded(State(folder).record("operator")) is None
