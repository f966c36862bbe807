"""What people are told of a node where there is none, or only half of one."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from containerjob_local import processes
from containerjob_local.binaries.releases import KUBERNETES_VERSION, LOWEST_KUBERNETES_VERSION
from containerjob_local.controlplane import Plane
from containerjob_local.environment import Options, down, status, up
from containerjob_local.errors import NodeError
from containerjob_local.kubectl import Kubectl
from containerjob_local.node import describe, start_node
from containerjob_local.node.layout import PROGRAMS
from containerjob_local.state import PlaneRecord, State
from kubectl_containerjob.main import cli


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    state = State(tmp_path / "state")
    state.folder.mkdir()
    state.create()
    yield state
    down(state.folder, print)


@pytest.fixture
def plane(state: State) -> Plane:
    state.remember_plane(PlaneRecord(1, 2, "v1", "uid"))
    return Plane(state, "https://127.0.0.1:1", "v1", "uid", Kubectl(Path("/no/such/kubectl"), state.admin_kubeconfig))


def test_only_root_is_given_a_node(state: State, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    shown = CliRunner().invoke(cli, ["local", "up", "--node", "--no-api", "--state-dir", str(state.folder)])
    assert shown.exit_code == 1
    assert shown.output.splitlines() == [
        "error: a node cannot be started here: it needs root: run the command with sudo, or leave --node out"
    ]


def test_an_archive_needs_a_node_to_be_loaded_into(state: State) -> None:
    shown = CliRunner().invoke(cli, ["local", "load", "app.tar", "--state-dir", str(state.folder)])
    assert shown.exit_code == 1
    assert shown.output == f"error: no node is up in {state.folder}: kubectl containerjob local up --node\n"


def test_a_plane_that_was_brought_up_without_a_node_is_not_given_one(state: State, plane: Plane) -> None:
    with pytest.raises(NodeError, match="take it down, then up again with --node"):
        up(Options(state.folder, node=True), print)
    with pytest.raises(NodeError, match="take it down and up again with --node"):
        start_node(plane, None, print)


def test_a_node_is_nothing_without_its_plane(state: State) -> None:
    state.remember_plane(PlaneRecord(1, 2, "v1", "uid", block="10.200.0.0/16"))
    parts = {part.name: part for part in status(state.folder)}
    assert (parts["node"].running, parts["node"].detail) == (False, "it cannot work without the control plane")


def test_the_parts_of_a_node_that_do_not_run_are_named(plane: Plane) -> None:
    assert describe(plane) == (False, "not running: node, containerd, kubelet, kube-proxy, kube-scheduler")


def test_a_node_of_which_the_api_server_says_nothing_does_not_count_as_running(plane: Plane, state: State) -> None:
    started = [
        processes.start(name, ["/bin/sleep", "300"], log=state.log(name), record=state.record(name))
        for name in ("node", *PROGRAMS)
    ]
    try:
        running, detail = describe(plane)
        assert not running
        assert detail.startswith("kubectl get: ")
    finally:
        for process in started:
            processes.stop(process)


def test_a_plane_keeps_its_version_and_another_one_is_refused(state: State) -> None:
    state.remember_plane(PlaneRecord(1, 2, LOWEST_KUBERNETES_VERSION, "uid"))
    shown = CliRunner().invoke(
        cli, ["local", "up", "--kubernetes-version", KUBERNETES_VERSION, "--state-dir", str(state.folder)]
    )
    assert shown.exit_code == 1
    assert shown.output == (
        f"error: this environment has Kubernetes {LOWEST_KUBERNETES_VERSION}: "
        "take it down before using another version\n"
    )
