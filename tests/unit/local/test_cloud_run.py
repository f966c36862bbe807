"""The emulator of Cloud Run without an engine: its libraries, its port, its host, and what is told of it."""

import json
import socket
import subprocess
from pathlib import Path

import pytest

from containerjob_local import cloud_run, processes
from containerjob_local.controlplane import Plane
from containerjob_local.environment import Options, status, up
from containerjob_local.errors import LocalError
from containerjob_local.kubectl import Kubectl
from containerjob_local.state import CloudRunRecord, State

ROOT = Path(__file__).parents[3]
MISSING = "no_such_client"


@pytest.fixture
def plane(tmp_path: Path) -> Plane:
    kubectl = tmp_path / "kubectl"
    kubectl.write_text(f"#!/bin/sh\ncat > {tmp_path}/applied\n")
    kubectl.chmod(0o755)
    state = State(tmp_path / "state")
    state.folder.mkdir()
    state.create()
    return Plane(state, "https://127.0.0.1:1", "v1", "uid", Kubectl(kubectl, tmp_path / "kubeconfig"))


@pytest.mark.parametrize("name", [MISSING, f"{MISSING}.part"])
def test_a_library_that_is_missing_is_named_before_anything_is_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(cloud_run, "_LIBRARIES", ("json", name))
    said: list[str] = []
    with pytest.raises(LocalError, match=rf"needs {name}, which is missing: install containerjob\[local,cloudrun\]"):
        up(Options(tmp_path / "state", cloud_run=True), said.append)
    assert said == []


def test_what_the_emulator_needs_is_what_this_project_installs() -> None:
    cloud_run.require_libraries()


def test_the_host_names_the_address_and_lets_every_namespace_in(plane: Plane) -> None:
    plane.state.remember_cloud_run(CloudRunRecord(8085))
    said: list[str] = []
    cloud_run.register(plane, said.append)
    applied = json.loads((plane.kubectl.program.parent / "applied").read_text())
    assert (applied["kind"], applied["metadata"]["name"]) == ("CloudRunHost", "cloud-run")
    assert applied["spec"] == {
        "project": "demo-project",
        "location": "europe-west1",
        "endpoint": "127.0.0.1:8085",
        "allowedNamespaces": {"from": "All"},
    }
    assert said == ["✔ Cloud Run emulator registered as cloudrunhost/cloud-run"]


def test_without_an_address_there_is_nothing_to_register(plane: Plane) -> None:
    with pytest.raises(LocalError, match="take the environment down and up again"):
        cloud_run.register(plane, print)


def test_the_port_stays_unless_it_is_taken() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert cloud_run.choose_port(CloudRunRecord(port)) != port
    assert cloud_run.choose_port(CloudRunRecord(port)) == port
    assert cloud_run.choose_port(None) > 0


def test_status_tells_of_it_only_where_it_was_brought_up(plane: Plane) -> None:
    state = plane.state
    assert "cloud run" not in {part.name for part in status(state.folder)}
    state.remember_cloud_run(CloudRunRecord(8085))
    assert [(part.running, part.detail) for part in status(state.folder) if part.name == "cloud run"] == [
        (False, "not running")
    ]
    process = processes.start(
        cloud_run.NAME, ["/bin/sleep", "300"], log=state.log("x"), record=state.record(cloud_run.NAME)
    )
    (part,) = [part for part in status(state.folder) if part.name == "cloud run"]
    assert part.running
    assert part.detail == f"emulator of demo-project/europe-west1 at 127.0.0.1:8085 (pid {process.pid})"
    assert cloud_run.stop_emulator(state) == process
    assert not processes.is_alive(process)


def test_the_emulator_is_found_by_python_beside_what_it_finds_already(
    plane: Plane, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", "/elsewhere")
    folder, other = cloud_run.environment()["PYTHONPATH"].split(":")
    assert (Path(folder) / "cloudrun" / "__main__.py").is_file()
    assert other == "/elsewhere"
    monkeypatch.delenv("PYTHONPATH")
    assert cloud_run.environment()["PYTHONPATH"] == folder


@pytest.mark.parametrize("target", ["up", "demo"])
@pytest.mark.parametrize(("given", "passed_on"), [(["CLOUD_RUN=1"], True), ([], False)])
def test_make_asks_for_it_where_it_is_told_to(target: str, given: list[str], passed_on: bool) -> None:
    command = ["make", "--dry-run", target, *given]
    shown = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert (f"local {target} --cloud-run" in shown) is passed_on
