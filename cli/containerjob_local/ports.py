"""Ports on loopback: free ones by default, and a clear word when a wanted one is taken."""

import socket

from containerjob_local.errors import PortInUseError

LOOPBACK = "127.0.0.1"


def is_free(port: int) -> bool:
    """Tell whether a server could listen on this port of loopback now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as servers do: TIME_WAIT is no reason
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def free_ports(count: int) -> list[int]:
    """Choose different ports that are free now; all are held until the last is chosen."""
    probes = [socket.socket() for _ in range(count)]
    try:
        for probe in probes:
            probe.bind((LOOPBACK, 0))
        return [int(probe.getsockname()[1]) for probe in probes]
    finally:
        for probe in probes:
            probe.close()


def wanted_port(port: int) -> int:
    """Return the port a person asked for, or raise PortInUseError with the remedy."""
    if not is_free(port):
        raise PortInUseError(
            f"port {port} on {LOOPBACK} is in use: choose another one with --port, or leave --port out"
        )
    return port
