"""Ports: taken before anything is served there, so that one that is not free is told at the start."""

import socket
from typing import Final

from containerjob_operator.errors import Unusable

KEEP_ALIVE: Final = ((socket.TCP_KEEPIDLE, 30), (socket.TCP_KEEPINTVL, 15), (socket.TCP_KEEPCNT, 4))
"""Every connection inherits it: a silent stream's peer that vanished is noticed after 90 s, not after two hours."""


def bound(port: int, address: str, option: str) -> socket.socket:
    """Take the port; nobody can connect before the first listener is there. `option` is --OPTION-port's stem."""
    everywhere = not address
    family = socket.AF_INET6 if ":" in address or (everywhere and socket.has_dualstack_ipv6()) else socket.AF_INET
    taken = socket.socket(family)
    try:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        for name, value in KEEP_ALIVE:
            taken.setsockopt(socket.IPPROTO_TCP, name, value)
        if everywhere and family is socket.AF_INET6:
            taken.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        taken.bind((address, port))
    except OSError as problem:
        taken.close()
        where = f"--{option}-address {address}" if address else "every address"
        why = problem.strerror or problem
        raise Unusable(f"--{option}-port {port} on {where} cannot be used: {why}") from problem
    return taken
