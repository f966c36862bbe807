"""The link between the machine and the node's network: two ends, one route."""

import json
import socket
import subprocess
import time
from pathlib import Path

from containerjob_local.addresses import LINK_PREFIX, Addresses
from containerjob_local.engine import packages
from containerjob_local.errors import NodeError
from containerjob_local.node.namespaces import Namespaces, run

INSIDE = "eth0"
_GONE_SECONDS = 10.0


def destinations(ip: Path) -> list[str]:
    """List where the machine's routes lead, those of its own addresses included."""
    shown = run([str(ip), "-json", "-4", "route", "show", "table", "all"])
    return [str(route["dst"]) for route in json.loads(shown) if route.get("type") not in ("broadcast", "multicast")]


def make(name: str, addresses: Addresses, ip: Path, namespaces: Namespaces) -> None:
    """Make the link, and lead the whole block through it: services are answered in the node's network too."""
    outside, inside = [str(ip)], namespaces.command(str(ip))
    peer = ["peer", "name", INSIDE, "netns", str(namespaces.pid)]
    for command in (
        [*outside, "link", "add", name, "type", "veth", *peer],
        [*outside, "address", "add", f"{addresses.host}/{LINK_PREFIX}", "dev", name],
        [*outside, "link", "set", name, "up"],
        [*inside, "link", "set", "lo", "up"],
        [*inside, "address", "add", f"{addresses.node}/{LINK_PREFIX}", "dev", INSIDE],
        [*inside, "link", "set", INSIDE, "up"],
        [*inside, "route", "add", "default", "via", addresses.host],
        [*outside, "route", "add", addresses.block, "via", addresses.node, "src", addresses.host],
    ):
        run(command)
    namespaces.run("sh", "-c", "echo 1 >/proc/sys/net/ipv4/ip_forward")


def exists(name: str) -> bool:
    """Tell whether there is an interface of this name."""
    return name in (found for _, found in socket.if_nameindex())


def remove(name: str) -> None:
    """Wait until the link is gone with the node's network, of which the kernel disposes in its own time."""
    deadline = time.monotonic() + _GONE_SECONDS
    while exists(name):
        if time.monotonic() > deadline:
            raise NodeError(f"the interface {name} does not go: ip link delete {name}")
        if (ip := packages.find_program("ip")) is not None:
            subprocess.run([ip, "link", "delete", name], capture_output=True, check=False)
        time.sleep(0.05)
