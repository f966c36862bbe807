"""Bringing planes up and down: again, after crashes, on ports that are taken."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from containerjob_local import processes
from containerjob_local.controlplane import PROGRAMS
from containerjob_local.environment import Component, Environment, Options, down, running, status, up
from containerjob_local.errors import LocalError, PortInUseError, ProcessError, StateError
from containerjob_local.ports import free_ports
from containerjob_local.processes import StartedProcess
from containerjob_local.readiness import wait_until
from containerjob_local.state import State

pytestmark = pytest.mark.real

PLANE = frozenset({Component.PLANE})


class Said(list[str]):
    """What was reported, with a question people would ask of it."""

    def mentions(self, text: str) -> bool:
        return any(text in line for line in self)


@pytest.fixture
def said() -> Said:
    return Said()


def bring_up(folder: Path, said: Said, port: int | None = None) -> Environment:
    return up(Options(folder, port, PLANE), said.append)


def children(folder: Path) -> dict[str, StartedProcess]:
    found = {name: processes.recorded(State(folder).record(name)) for name in PROGRAMS}
    return {name: process for name, process in found.items() if process is not None}


def kill(process: StartedProcess) -> None:
    os.kill(process.pid, signal.SIGKILL)
    wait_until(lambda: not processes.is_alive(process), what=process.name, seconds=120)


def test_a_plane_comes_up_stays_and_leaves_nothing(folder: Path, said: Said) -> None:
    first = bring_up(folder, said)
    started = children(folder)
    assert said.mentions("✔ control plane ready at https://127.0.0.1:")
    assert folder.stat().st_mode & 0o777 == 0o700
    assert [part.running for part in status(folder)] == [True, False]

    again = bring_up(folder, said)
    assert said.mentions(f"✔ control plane already running at {first.plane.server}")
    assert (again.plane, children(folder)) == (first.plane, started)
    assert running(folder) == first.plane

    with pytest.raises(PortInUseError, match="take it down before using another --port"):
        bring_up(folder, said, port=free_ports(1)[0])

    down(folder, said.append)
    assert not folder.exists()
    assert not any(processes.is_alive(process) for process in started.values())
    down(folder, said.append)
    assert said[-1] == f"• nothing to take down: no local environment in {folder}"
    with pytest.raises(LocalError, match="no local environment is up"):
        running(folder)


@pytest.mark.parametrize("victims", [["etcd"], ["kube-apiserver"], list(PROGRAMS)], ids="+".join)
def test_a_killed_plane_comes_back_with_its_data_at_the_same_address(
    folder: Path, said: Said, victims: list[str]
) -> None:
    before = bring_up(folder, said).plane
    before.kubectl.run("create", "configmap", "kept")
    survivors = children(folder)
    for victim in victims:
        kill(survivors.pop(victim))
    assert not status(folder)[0].running

    after = bring_up(folder, said).plane
    assert (after.server, after.cluster_uid) == (before.server, before.cluster_uid)
    assert after.kubectl.run("get", "configmap", "kept", "-o", "name").strip() == "configmap/kept"
    assert not any(processes.is_alive(process) for process in survivors.values())
    assert said.mentions("had crashed") == bool(survivors)


def test_a_plane_whose_port_was_taken_meanwhile_comes_back_elsewhere(folder: Path, said: Said) -> None:
    before = bring_up(folder, said).plane
    for process in children(folder).values():
        kill(process)
    port = int(before.server.rpartition(":")[2])
    with socket.create_server(("127.0.0.1", port)):
        after = bring_up(folder, said).plane
        assert after.server != before.server
        assert after.cluster_uid == before.cluster_uid


def test_a_wanted_port_is_used_and_one_that_is_taken_is_refused(folder: Path, said: Said) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        taken = server.getsockname()[1]
        with pytest.raises(PortInUseError, match=f"port {taken} .* is in use: choose another one with --port"):
            bring_up(folder, said, port=taken)
    assert children(folder) == {}
    wanted = free_ports(1)[0]
    assert bring_up(folder, said, port=wanted).plane.server == f"https://127.0.0.1:{wanted}"


def test_a_program_that_ends_at_once_is_an_error_that_leaves_no_process(
    folder: Path, said: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONTAINERJOB_ETCD", "/bin/false")
    with pytest.raises(ProcessError, match=r"etcd ended .*log: .*etcd\.log"):
        bring_up(folder, said)
    assert children(folder) == {}


def test_a_plane_survives_the_cache_being_emptied(folder: Path, said: Said) -> None:
    plane = bring_up(folder, said).plane
    plane.kubectl.program.unlink()
    assert bring_up(folder, said).plane.kubectl.run("get", "--raw", "/readyz") == "ok"


def test_a_folder_of_somebody_elses_is_refused(tmp_path: Path, said: Said) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(StateError, match="--state-dir"):
        bring_up(tmp_path, said)
    down(tmp_path, said.append)
    assert (tmp_path / "thesis.txt").exists()


def plugin(*arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "kubectl_containerjob", "local", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=200)


@pytest.fixture
def plane_folder(folder: Path, said: Said) -> Path:
    bring_up(folder, said)
    return folder


def test_two_who_bring_it_up_at_once_start_one_plane(folder: Path) -> None:
    script = "from pathlib import Path; from containerjob_local.environment import *; import sys; "
    script += "up(Options(Path(sys.argv[1]), components=frozenset({Component.PLANE})), print)"
    command = [sys.executable, "-c", script, str(folder)]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    said = "".join(process.communicate(timeout=200)[0] for process in both)
    assert [process.returncode for process in both] == [0, 0]
    assert said.count("✔ control plane ready") == 1
    assert said.count("✔ control plane already running") == 1


def test_a_shell_with_the_printed_lines_has_kubectl_and_the_plugin(plane_folder: Path) -> None:
    shown = plugin("env", "--state-dir", str(plane_folder))
    assert shown.returncode == 0
    question = f"{shown.stdout}\ncd /\nkubectl get --raw /readyz\n"
    question += f"kubectl containerjob local status --state-dir {plane_folder}"
    answer = subprocess.run(["/bin/sh", "-c", question], capture_output=True, text=True, check=False, timeout=100)
    assert answer.stdout.startswith("ok✔ control plane: https://127.0.0.1:")
    assert "✘ operator: not running" in answer.stdout
    assert answer.returncode == 1
    assert plugin("down", "--state-dir", str(plane_folder)).returncode == 0
    assert not plane_folder.exists()


def test_the_shell_lines_of_no_environment_are_one_line_of_error(folder: Path) -> None:
    shown = plugin("env", "--state-dir", str(folder))
    assert (shown.returncode, shown.stdout) == (1, "")
    assert shown.stderr == f"error: no local environment is up in {folder}: kubectl containerjob local up\n"
