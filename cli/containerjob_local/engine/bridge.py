"""Docker's default bridge: one per machine, so two daemons must not both think it is theirs."""

import fcntl
import socket
import struct
from pathlib import Path

from containerjob_local.engine import leftovers
from containerjob_local.engine.errors import EngineError

BRIDGE = "docker0"
_INTERFACES = Path("/sys/class/net")
_WITHOUT = {b"--bridge=none", b"none"}  # `--bridge none` and `-b none` are two arguments
# Requests of netdevice(7) and of linux/sockios.h; not every machine with Docker has the `ip` program.
_SET_FLAGS = 0x8914
_DELETE_BRIDGE = 0x89A1


def exists() -> bool:
    """Tell whether some daemon made the bridge."""
    return BRIDGE in (name for _, name in socket.if_nameindex())


def in_use() -> bool:
    """Tell whether another engine's containers hang on the bridge, or another daemon would hang some there."""
    members = _INTERFACES / BRIDGE / "brif"
    if members.is_dir() and any(members.iterdir()):
        return True
    return any(not _WITHOUT.intersection(arguments) for arguments in leftovers.arguments_of("dockerd"))


def remove() -> None:
    """Remove the bridge, which a daemon leaves behind, unless somebody uses it by now."""
    if not exists() or in_use():
        return
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        try:
            fcntl.ioctl(control, _SET_FLAGS, struct.pack("16sh22x", BRIDGE.encode(), 0))  # down, or it is busy
            fcntl.ioctl(control, _DELETE_BRIDGE, BRIDGE.encode() + b"\0")
        except OSError as error:
            raise EngineError(f"the bridge {BRIDGE} cannot be removed: {error.strerror}") from error
