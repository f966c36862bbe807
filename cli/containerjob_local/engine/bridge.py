"""Docker's default bridge, one per machine and so not ours to touch while others use it, and bridges of our own."""

import fcntl
import hashlib
import re
import socket
import struct
from pathlib import Path

from containerjob_local.engine import leftovers
from containerjob_local.engine.errors import EngineError

BRIDGE = "docker0"
_INTERFACES = Path("/sys/class/net")
# `--bridge=NAME`, `--bridge NAME`, `-b NAME`, `-b=NAME` and `-bNAME`, in arguments joined by zeros.
_NAMES_A_BRIDGE = re.compile(rb"\0(?:--bridge[=\0]|-b[=\0]?)([^\0]+)")
# Requests of netdevice(7) and of linux/sockios.h; not every machine with Docker has the `ip` program.
_SET_FLAGS = 0x8914
_SET_ADDRESS = 0x8916
_ADD_BRIDGE = 0x89A0
_DELETE_BRIDGE = 0x89A1
_NO_FLAGS = struct.pack("H", 0)
_NO_ADDRESS = struct.pack("H2x4s", socket.AF_INET, bytes(4))


def exists(name: str | None = None) -> bool:
    """Tell whether there is an interface of this name; without one, whether some daemon made Docker's bridge."""
    return (name or BRIDGE) in (found for _, found in socket.if_nameindex())


def in_use() -> bool:
    """Tell whether another engine's containers hang on the bridge, or another daemon would hang some there."""
    members = _INTERFACES / BRIDGE / "brif"
    if members.is_dir() and any(members.iterdir()):
        return True
    return any(_bridge_of(arguments) == BRIDGE for arguments in leftovers.arguments_of("dockerd"))


def remove() -> None:
    """Remove the bridge, which a daemon leaves behind, unless somebody uses it by now."""
    if exists() and not in_use():
        _delete(BRIDGE)


def own_name(folder: Path) -> str:
    """Name the bridge of the engine in a folder, the same at each start, within an interface's 15 characters."""
    return f"cjob-{hashlib.sha256(bytes(folder)).hexdigest()[:10]}"


def make(name: str) -> None:
    """Make a bridge, unless it is there from an earlier start; a daemon gives it an address and takes it up."""
    if exists(name):
        return
    try:
        _ask(_ADD_BRIDGE, name)
    except OSError as error:
        raise EngineError(f"the bridge {name} cannot be made: {error.strerror}") from error


def isolate(name: str) -> None:
    """Take the machine's own address off a bridge: what hangs there reaches nothing but each other."""
    try:
        _ask(_SET_ADDRESS, name, _NO_ADDRESS)
    except OSError as error:
        raise EngineError(f"the bridge {name} cannot be cut off: {error.strerror}") from error


def remove_own(folder: Path) -> None:
    """Remove the bridge of the engine in a folder, if it had one."""
    if exists(name := own_name(folder)):
        _delete(name)


def _bridge_of(arguments: list[bytes]) -> str:
    """Read off a daemon's command line which bridge its containers hang on; it is Docker's where none is named."""
    named = _NAMES_A_BRIDGE.findall(b"\0".join(arguments))
    return named[-1].decode(errors="replace") if named else BRIDGE


def _delete(name: str) -> None:
    try:
        _ask(_SET_FLAGS, name, _NO_FLAGS)  # down, or it is busy
        _ask(_DELETE_BRIDGE, name)
    except OSError as error:
        raise EngineError(f"the bridge {name} cannot be removed: {error.strerror}") from error


def _ask(request: int, name: str, value: bytes = b"") -> None:
    """Send a request about an interface: its name in 16 bytes, then the value in up to 24 (netdevice(7)'s ifreq)."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        fcntl.ioctl(control, request, struct.pack("16s24s", name.encode(), value))
