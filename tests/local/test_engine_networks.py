"""Engines of our own and Docker's bridge, in networks of their own, so that the machine's stays untouched."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.fakes.programs import write_program

from containerjob_local.engine.demo_image import static_busybox

# The session's engine comes first, so that the package is installed before there is no network.
pytestmark = [pytest.mark.real, pytest.mark.usefixtures("engine")]

# What each script starts with: it runs where `unshare` gave it a network without any interface but loopback.
IN_A_NETWORK_OF_ITS_OWN = """
import json, os, signal, sys, time
from pathlib import Path
import docker
from containerjob_local import processes
from containerjob_local.engine import DEMO_IMAGE, EngineError, bridge, ensure_image, find_engine, stop_engine
from containerjob_local.engine.layout import read_layout

bridge.in_use = lambda: False  # what it would see belongs to the machine's network
folder, seen, reports = Path(sys.argv[1]), {}, []

def start(name, **options):
    engine = find_engine(folder / name, reports.append, own=True, **options)
    ensure_image(engine.endpoint, DEMO_IMAGE, reports.append)
    return docker.DockerClient(base_url=engine.endpoint)

def networks(client):
    return sorted(network.name for network in client.networks.list())

def reaches(container, address):
    return container.exec_run(["ping", "-c", "1", "-W", "1", address]).exit_code == 0

def sleeper(client):
    container = client.containers.run(DEMO_IMAGE, ["sleep", "1000"], detach=True)
    container.reload()
    return container, container.attrs["NetworkSettings"]["Gateway"]
"""

ON_THE_BRIDGE = """
try:
    client = start("one")
    output = client.containers.run(DEMO_IMAGE, ["ip", "-4", "-o", "addr", "show", "eth0"], remove=True)
    seen |= {"output": output.decode(), "during": bridge.exists()}
finally:
    stop_engine(folder / "one")
seen["after"] = bridge.exists()
"""

WITHOUT_IPTABLES = """
try:
    container, gateway = sleeper(start("one"))
    seen["reached"] = reaches(container, gateway)
finally:
    stop_engine(folder / "one")
seen["after"] = bridge.exists()
"""

BESIDE_ANOTHER = """
ours = bridge.own_name(folder / "ours" / "engine")
try:
    container, gateway = sleeper(start("theirs"))
    seen["before"] = reaches(container, gateway)
    other, other_gateway = sleeper(start("ours", network=False))
    seen["beside"] = [reaches(container, gateway), bridge.exists(), bridge.exists(ours)]
    seen["way out"] = [reaches(other, address) for address in (gateway, other_gateway)]

    daemon = processes.recorded(read_layout(folder / "ours").process)
    os.kill(daemon.pid, signal.SIGKILL)
    while processes.is_alive(daemon):
        time.sleep(0.01)
    again, again_gateway = sleeper(start("ours"))
    seen["restarted"] = [reaches(container, gateway), reaches(again, gateway), reaches(again, again_gateway)]
    stop_engine(folder / "ours")
    seen["stopped"] = [reaches(container, gateway), bridge.exists(), bridge.exists(ours)]
finally:
    for name in ("ours", "theirs"):
        stop_engine(folder / name)
"""

WHERE_NO_BRIDGE_CAN_BE_MADE = """
bridge.own_name = lambda _: "no/name"  # which the kernel refuses
try:
    seen["networks"] = networks(start("none", network=False))
    stop_engine(folder / "none")
    start("theirs")
    start("ours", network=False)
except EngineError as error:
    seen["refusal"] = str(error)
    seen["theirs"] = bridge.exists()
finally:
    for name in ("none", "ours", "theirs"):
        stop_engine(folder / name)
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder with a short path, so that sockets stay in it, and a busybox: in there no package can be fetched."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        programs = Path(folder, "programs")
        programs.mkdir()
        (programs / "busybox").symlink_to(static_busybox(Path(folder)))
        yield Path(folder).resolve()


def seen_by(script: str, folder: Path) -> dict[str, Any]:
    ending = '\nprint(json.dumps(seen | {"reports": reports}))'
    done = subprocess.run(
        ["unshare", "--net", sys.executable, "-c", f"{IN_A_NETWORK_OF_ITS_OWN}{script}{ending}", str(folder)],
        env={**os.environ, "PATH": f"{folder / 'programs'}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout)
    assert isinstance(seen, dict)
    return seen


def test_containers_get_a_network_where_the_bridge_comes_up(folder: Path) -> None:
    seen = seen_by(ON_THE_BRIDGE, folder)

    assert "inet 172." in seen["output"]
    assert (seen["during"], seen["after"]) == (True, False)
    assert not any("without a network" in line for line in seen["reports"])


def test_where_the_network_cannot_be_set_up_containers_get_none(folder: Path) -> None:
    write_program(folder / "programs", "iptables", "echo iptables: no such table >&2; exit 3")

    seen = seen_by(WITHOUT_IPTABLES, folder)

    trouble = next(line for line in seen["reports"] if "starting again without a network" in line)
    assert "iptables: no such table" in trouble
    assert (seen["reached"], seen["after"]) == (False, False)


def test_an_engine_without_a_network_leaves_another_its_bridge(folder: Path) -> None:
    seen = seen_by(BESIDE_ANOTHER, folder)

    assert seen["before"]
    assert seen["beside"] == [True, True, True]
    assert seen["way out"] == [False, False]
    assert seen["restarted"] == [True, False, False]
    assert "containers get no network, as before the daemon crashed" in seen["reports"]
    assert seen["stopped"] == [True, True, False]


def test_without_any_bridge_an_engine_starts_only_where_nobody_loses_one(folder: Path) -> None:
    seen = seen_by(WHERE_NO_BRIDGE_CAN_BE_MADE, folder)

    assert seen["networks"] == ["host", "none"]
    assert seen["refusal"].startswith("the bridge no/name cannot be made: ")
    assert seen["theirs"]
