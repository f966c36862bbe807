"""Bridges, real ones: Docker's under another name, so that the machine's stays untouched, and our own."""

import os
import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from containerjob_local.engine import EngineError, bridge, leftovers

pytestmark = pytest.mark.real


def ip(*arguments: str) -> None:
    subprocess.run(["ip", "link", *arguments], check=True, capture_output=True)


@pytest.fixture
def own_bridge(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A bridge that is not Docker's, taken for it."""
    name = f"cjob{os.getpid()}"
    monkeypatch.setattr(bridge, "BRIDGE", name)
    monkeypatch.setattr(leftovers, "arguments_of", lambda _: [])
    ip("add", name, "type", "bridge")
    ip("set", name, "up")
    yield name
    if bridge.exists():
        ip("delete", name)


def test_a_bridge_nobody_uses_is_removed(own_bridge: str) -> None:
    assert bridge.exists()
    assert not bridge.in_use()

    bridge.remove()
    assert own_bridge not in (name for _, name in socket.if_nameindex())
    bridge.remove()


def test_a_bridge_with_members_stays(own_bridge: str) -> None:
    member = f"m{own_bridge}"
    ip("add", member, "type", "veth", "peer", "name", f"p{own_bridge}")
    try:
        ip("set", member, "master", own_bridge)
        assert bridge.in_use()
        bridge.remove()
        assert bridge.exists()
    finally:
        ip("delete", member)


def test_a_bridge_that_cannot_be_removed_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leftovers, "arguments_of", lambda _: [])
    name = f"cjob{os.getpid()}d"
    monkeypatch.setattr(bridge, "BRIDGE", name)
    ip("add", name, "type", "veth", "peer", "name", f"p{name}")
    try:
        with pytest.raises(EngineError, match=f"the bridge {name} cannot be removed"):
            bridge.remove()
    finally:
        ip("delete", name)


@pytest.mark.parametrize(
    ("arguments", "uses"),
    [
        ([b"dockerd"], True),
        ([b"dockerd", b"--bridge=none"], False),
        ([b"dockerd", b"-b", b"none"], False),
        ([b"dockerd", b"--bridge", b"mine"], False),
        ([b"dockerd", b"-b=mine", b"-D"], False),
        ([b"dockerd", b"-bmine"], False),
        ([b"dockerd", b"--bip=10.0.0.1/24"], True),
        ([b"dockerd", b"--bridge=mine", b"-b", b"cjob-absent"], True),
    ],
)
def test_another_daemon_uses_the_bridge_unless_it_names_its_own(
    monkeypatch: pytest.MonkeyPatch, arguments: list[bytes], uses: bool
) -> None:
    monkeypatch.setattr(bridge, "BRIDGE", "cjob-absent")
    monkeypatch.setattr(leftovers, "arguments_of", lambda _: [arguments])

    assert bridge.in_use() == uses


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A folder as an engine's, with no bridge of its own left behind."""
    yield tmp_path
    if bridge.exists(name := bridge.own_name(tmp_path)):
        ip("delete", name)


def addresses(name: str) -> str:
    shown = subprocess.run(["ip", "-4", "-o", "addr", "show", name], check=True, capture_output=True, text=True)
    return shown.stdout


def test_an_engines_own_bridge_is_made_once_and_removed(folder: Path) -> None:
    name = bridge.own_name(folder)
    assert len(name) <= 15
    assert bridge.own_name(folder / "other") != name

    bridge.make(name)
    bridge.make(name)
    assert bridge.exists(name)

    bridge.remove_own(folder)
    assert not bridge.exists(name)
    bridge.remove_own(folder)


def test_a_bridge_that_is_cut_off_has_no_address_of_the_machine(folder: Path) -> None:
    name = bridge.own_name(folder)
    bridge.make(name)
    subprocess.run(["ip", "addr", "add", "192.0.2.1/30", "dev", name], check=True)
    assert "192.0.2.1" in addresses(name)

    bridge.isolate(name)
    bridge.isolate(name)
    assert addresses(name) == ""


@pytest.mark.parametrize(("use", "trouble"), [(bridge.make, "made"), (bridge.isolate, "cut off")])
def test_a_name_the_kernel_refuses_is_an_error(use: Callable[[str], None], trouble: str) -> None:
    with pytest.raises(EngineError, match=f"the bridge no/name cannot be {trouble}: "):
        use("no/name")
