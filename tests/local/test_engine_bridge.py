"""Docker's bridge, real ones under other names or in a network of their own, so the machine's stays untouched."""

import json
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from containerjob_local.engine import EngineError, bridge, leftovers
from containerjob_local.engine.demo_image import static_busybox

pytestmark = pytest.mark.real

# Runs where `unshare` gave it a network without any interface but loopback.
RUN_ON_THE_BRIDGE = """
import json, sys
from pathlib import Path
import docker
from containerjob_local.engine import DEMO_IMAGE, bridge, ensure_image, find_engine, stop_engine

bridge.in_use = lambda: False  # what it would see belongs to the machine's network
state, reports = Path(sys.argv[1]), []
try:
    engine = find_engine(state, reports.append, own=True)
    ensure_image(engine.endpoint, DEMO_IMAGE, reports.append)
    client = docker.DockerClient(base_url=engine.endpoint)
    output = client.containers.run(DEMO_IMAGE, ["ip", "-4", "-o", "addr", "show", "eth0"], remove=True)
    client.close()
    during = bridge.exists()
finally:
    stop_engine(state)
print(json.dumps({"output": output.decode(), "during": during, "after": bridge.exists(), "reports": reports}))
"""


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
        ([b"dockerd", b"--bridge", b"mine"], True),
    ],
)
def test_another_daemon_uses_the_bridge_unless_it_says_not_to(
    monkeypatch: pytest.MonkeyPatch, arguments: list[bytes], uses: bool
) -> None:
    monkeypatch.setattr(bridge, "BRIDGE", "cjob-absent")
    monkeypatch.setattr(leftovers, "arguments_of", lambda _: [arguments])

    assert bridge.in_use() == uses


@pytest.mark.usefixtures("engine")  # so that the package is installed before there is no network
def test_containers_get_a_network_where_the_bridge_comes_up() -> None:
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        busybox = static_busybox(Path(folder))  # out here: in there no package can be fetched
        done = subprocess.run(
            ["unshare", "--net", sys.executable, "-c", RUN_ON_THE_BRIDGE, f"{folder}/state"],
            env={**os.environ, "PATH": f"{busybox.parent}:{os.environ['PATH']}"},
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout)
    assert "inet 172." in seen["output"]
    assert (seen["during"], seen["after"]) == (True, False)
    assert not any("without a network" in line for line in seen["reports"])
