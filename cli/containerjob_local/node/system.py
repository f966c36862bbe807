"""What the node takes from the machine: programs and network plugins of the system's packages, and root's rights."""

import os
import platform
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from containerjob_local.engine import packages
from containerjob_local.errors import NodeError

CNI_PLUGINS = Path("/usr/lib/cni")
_PLUGINS = ("ptp", "host-local", "portmap", "loopback")
# Debian's packages; every Debian has util-linux, which brings nsenter and unshare.
_PACKAGES = {
    "containerd": "containerd",
    "ctr": "containerd",
    "runc": "runc",
    "ip": "iproute2",
    "iptables": "iptables",
}
_UNITS = ("containerd.service",)
_CNI_PACKAGE = "containernetworking-plugins"

Report = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class System:
    """The machine's programs that the node is started with."""

    containerd: Path
    ctr: Path
    ip: Path
    nsenter: Path
    unshare: Path


def find_system(log: Path, report: Report) -> System:
    """Find the programs, installing the packages of those that are missing; raise NodeError with the remedy."""
    if (obstacle := obstacle_to_node(is_root=os.geteuid() == 0)) is not None:
        raise NodeError(f"a node cannot be started here: {obstacle}")
    for package in dict.fromkeys(_PACKAGES[name] for name in _PACKAGES if packages.find_program(name) is None):
        _install(package, _UNITS if package == "containerd" else (), log, report)
    if not all((CNI_PLUGINS / name).is_file() for name in _PLUGINS):
        _install(_CNI_PACKAGE, (), log, report)
    return System(*(_program(name) for name in ("containerd", "ctr", "ip", "nsenter", "unshare")))


def obstacle_to_node(*, is_root: bool) -> str | None:
    """Say why no node can run on this machine, or None."""
    if platform.system() != "Linux":
        return f"it needs Linux, this is {platform.system()}"
    if not is_root:
        return "it needs root: run the command with sudo, or leave --node out"
    missing = [name for name in _PACKAGES if packages.find_program(name) is None]
    if missing and packages.find_program("apt-get") is None:
        return f"{', '.join(missing)} cannot be installed, this is no Debian: install them and try again"
    return None


def _install(package: str, units: tuple[str, ...], log: Path, report: Report) -> None:
    report(f"• installing the system package {package} (log: {log})")
    packages.install(package, units, log)


def _program(name: str) -> Path:
    found = packages.find_program(name)
    if found is None:
        raise NodeError(f"{name} is missing: install the package {_PACKAGES.get(name, 'util-linux')} and try again")
    return Path(found)
