"""Private files and free ports."""

import socket
import stat
from pathlib import Path

import pytest

from containerjob_local.controlplane import choose_ports
from containerjob_local.errors import PortInUseError
from containerjob_local.files import private_folder, write_private
from containerjob_local.ports import LOOPBACK, free_ports, is_free, wanted_port
from containerjob_local.state import PlaneRecord


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_private_file_is_its_owners_alone_and_so_is_its_new_folder(tmp_path: Path) -> None:
    write_private(tmp_path / "new" / "key", b"secret")
    assert mode(tmp_path / "new") == 0o700
    assert mode(tmp_path / "new" / "key") == 0o600


def test_writing_again_replaces_the_whole_file(tmp_path: Path) -> None:
    write_private(tmp_path / "file", "a long first content")
    write_private(tmp_path / "file", "short", mode=0o700)
    assert (tmp_path / "file").read_text() == "short"
    assert mode(tmp_path / "file") == 0o700


def test_a_write_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    private_folder(tmp_path / "taken")
    with pytest.raises(IsADirectoryError):
        write_private(tmp_path / "taken", "content")
    assert [path.name for path in tmp_path.iterdir()] == ["taken"]


def test_free_ports_are_different_and_free() -> None:
    ports = free_ports(5)
    assert len(set(ports)) == 5
    assert all(is_free(port) for port in ports)


def test_a_port_in_use_is_refused_by_its_number_and_option() -> None:
    with socket.create_server((LOOPBACK, 0)) as server:
        port = server.getsockname()[1]
        with pytest.raises(PortInUseError, match=rf"port {port} .* --port"):
            wanted_port(port)
    assert wanted_port(port) == port


def test_a_plane_keeps_its_ports_if_they_are_free() -> None:
    port, etcd_port, other = free_ports(3)
    assert choose_ports(PlaneRecord(port, etcd_port), None) == PlaneRecord(port, etcd_port)
    assert choose_ports(PlaneRecord(port, etcd_port), other) == PlaneRecord(other, etcd_port)


def test_a_wanted_port_that_was_etcds_goes_to_the_api_server() -> None:
    port, etcd_port = free_ports(2)
    chosen = choose_ports(PlaneRecord(port, etcd_port), etcd_port)
    assert chosen.port == etcd_port
    assert chosen.etcd_port != etcd_port
