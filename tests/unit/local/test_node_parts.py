"""What a node is made of, without one: mount points, control groups, archives, and words where it cannot run."""

import json
import os
import tarfile
from pathlib import Path

import pytest
from tests.fakes.programs import write_program

from containerjob_local.addresses import Addresses
from containerjob_local.engine import packages
from containerjob_local.errors import NodeError
from containerjob_local.node import cgroups, configuration, images, link, mount_points, namespaces, system
from containerjob_local.node.cgroups import Hierarchy
from containerjob_local.node.layout import Layout
from containerjob_local.pki import Pki
from containerjob_local.state import State

BLOCK = Addresses("10.200.0.0/16")


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return Layout(State(tmp_path / "state"))


def test_two_nodes_share_no_name(tmp_path: Path, layout: Layout) -> None:
    other = Layout(State(tmp_path / "other"))
    assert len(layout.link) <= 15
    assert {layout.link, layout.cgroup} & {other.link, other.cgroup} == set()
    assert Layout(State(tmp_path / "state")).link == layout.link


def test_missing_mount_points_are_made_and_removed_and_others_stay(tmp_path: Path) -> None:
    there, record = tmp_path / "there", tmp_path / "points.json"
    there.mkdir()
    points = [there, tmp_path / "new" / "deep", there / "new"]
    mount_points.make(points, record)
    mount_points.make(points, record)  # of one that crashed in between
    assert all(point.is_dir() for point in points)

    mount_points.remove(record)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["there"]
    assert list(there.iterdir()) == []
    mount_points.remove(record)


def test_a_mount_point_that_somebody_uses_by_now_stays(tmp_path: Path) -> None:
    record = tmp_path / "points.json"
    mount_points.make([tmp_path / "new"], record)
    (tmp_path / "new" / "theirs").touch()
    mount_points.remove(record)
    assert (tmp_path / "new" / "theirs").exists()

    record.write_text(json.dumps(["/proc"]))
    mount_points.remove(record)
    assert Path("/proc/self").exists()


@pytest.mark.parametrize("content", ["", "[1", "7"])
def test_a_list_of_mount_points_that_is_not_whole_counts_as_none(tmp_path: Path, content: str) -> None:
    record = tmp_path / "points.json"
    record.write_text(content)
    mount_points.remove(record)
    assert not record.exists()


def test_the_hierarchies_of_control_groups_are_read_off_the_mounts(tmp_path: Path) -> None:
    mounts = tmp_path / "mountinfo"
    mounts.write_text(
        "25 30 0:23 / /sys rw,nosuid shared:7 - sysfs sysfs rw\n"
        "31 25 0:27 / /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids\n"
        "32 25 0:28 / /sys/fs/cgroup/unified rw shared:9 - cgroup2 cgroup2 rw\n"
    )
    assert cgroups.hierarchies(mounts) == [
        Hierarchy(Path("/sys/fs/cgroup/pids"), unified=False),
        Hierarchy(Path("/sys/fs/cgroup/unified"), unified=True),
    ]


def test_in_the_second_version_the_root_hands_down_the_controllers_it_has(tmp_path: Path) -> None:
    (tmp_path / "cgroup.controllers").write_text("cpu memory rdma pids\n")
    cgroups.make("ours", [Hierarchy(tmp_path, unified=True)])
    assert (tmp_path / "cgroup.subtree_control").read_text() == "+cpu +memory +pids"
    assert (tmp_path / "ours").is_dir()


def test_a_control_group_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    with pytest.raises(NodeError, match=r"the control group ours cannot be made: .*none/ours: No such file"):
        cgroups.make("ours", [Hierarchy(tmp_path / "none", unified=False)])


def test_a_control_group_goes_with_all_below_it(tmp_path: Path) -> None:
    trees = [Hierarchy(tmp_path / name, unified=False) for name in ("cpu", "pids")]
    for tree in trees:
        (tree.root / "ours" / "pod" / "container").mkdir(parents=True)
    cgroups.remove("ours", trees)
    cgroups.remove("ours", trees)
    assert not any((tree.root / "ours").exists() for tree in trees)


def test_a_control_group_that_stays_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cgroups, "_GONE_SECONDS", 0.1)
    (tmp_path / "ours" / "pod").mkdir(parents=True)
    (tmp_path / "ours" / "pod" / "cgroup.procs").write_text(f"{2**22 + 1}\n")  # greater than any pid
    with pytest.raises(NodeError, match="ours cannot be removed: processes in it do not end"):
        cgroups.remove("ours", [Hierarchy(tmp_path, unified=False)])


def test_an_archive_holds_an_image_of_one_layer(tmp_path: Path) -> None:
    archive = tmp_path / "image.tar"
    images.write_archive(archive, b"layer", "app:1", ["run"])
    with tarfile.open(archive) as packed:
        packed.extractall(tmp_path, filter="data")
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    config = json.loads((tmp_path / manifest[0]["Config"]).read_text())
    assert manifest[0]["RepoTags"] == ["app:1"]
    assert config["config"]["Cmd"] == ["run"]
    assert config["rootfs"]["diff_ids"][0].startswith("sha256:")


def test_a_network_configuration_gives_pods_addresses_of_the_block() -> None:
    plugins = configuration.network(BLOCK)["plugins"]
    assert plugins[0]["ipam"]["subnet"] == BLOCK.pods


def test_a_kubelet_lets_nobody_in_whom_the_api_server_does_not_know(layout: Layout, tmp_path: Path) -> None:
    config = configuration.kubelet(layout, BLOCK, Pki(tmp_path))
    assert config["authentication"]["anonymous"] == {"enabled": False}
    assert config["authorization"] == {"mode": "Webhook"}
    assert config["address"] == BLOCK.node
    assert config["cgroupRoot"] == f"/{layout.cgroup}"


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (["/no/such/program"], "/no/such/program: .*No such file"),
        (["/bin/sh", "-c", "echo first; echo cannot >&2; exit 1"], "cannot$"),
        (["/bin/sh", "-c", "exit 7"], "exit code 7"),
    ],
)
def test_a_command_that_fails_speaks_in_one_line(command: list[str], words: str) -> None:
    with pytest.raises(NodeError, match=words):
        namespaces.run(command)


def test_a_command_that_hangs_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(namespaces, "_COMMAND_SECONDS", 0.1)
    with pytest.raises(NodeError, match="timed out"):
        namespaces.run(["/bin/sleep", "60"])


def test_a_holder_that_is_gone_holds_nothing() -> None:
    assert namespaces.first_process(2**22 + 1) is None


def test_an_interface_that_stays_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_program(tmp_path, "ip", "exit 1")
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setattr(link, "_GONE_SECONDS", 0.1)
    with pytest.raises(NodeError, match="the interface lo does not go: ip link delete lo"):
        link.remove("lo")


def only_these_programs(folder: Path, monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    folder.mkdir(exist_ok=True)
    for name in names:
        write_program(folder, name, "exit 0")
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setattr(packages, "SYSTEM_FOLDERS", ())


def test_without_root_it_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    with pytest.raises(NodeError, match="a node cannot be started here: it needs root: run the command with sudo"):
        system.find_system(tmp_path / "log", print)


def test_another_system_than_linux_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.system", lambda: "Darwin")
    assert system.obstacle_to_node(is_root=True) == "it needs Linux, this is Darwin"


def test_what_cannot_be_installed_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    only_these_programs(tmp_path / "bin", monkeypatch, "containerd", "ctr", "ip")
    obstacle = system.obstacle_to_node(is_root=True)
    assert obstacle == "runc, iptables cannot be installed, this is no Debian: install them and try again"


def test_missing_packages_are_installed_once_each(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 0)
    monkeypatch.setattr(system, "CNI_PLUGINS", tmp_path / "none")
    only_these_programs(tmp_path / "bin", monkeypatch, "apt-get", "ip")
    said: list[str] = []
    with pytest.raises(NodeError, match="containerd is missing: install the package containerd and try again"):
        system.find_system(tmp_path / "log", said.append)
    installed = [line.split()[5] for line in said]
    assert installed == ["containerd", "runc", "iptables", "containernetworking-plugins"]


def test_images_need_a_node(tmp_path: Path) -> None:
    with pytest.raises(NodeError, match=r"no node is up in .*: kubectl containerjob local up --node"):
        images.import_archive(tmp_path, tmp_path / "image.tar")
