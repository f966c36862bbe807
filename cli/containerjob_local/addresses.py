"""The addresses of an environment with a node: one block of its own, which nothing else on the machine uses."""

import hashlib
import ipaddress
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Network
from pathlib import Path

from containerjob_local.errors import LocalError

# Private (RFC 1918) and shared (RFC 6598) space, apart from what home routers, Docker and clusters use by default.
_CANDIDATES = (
    *(f"10.{second}.0.0/16" for second in range(200, 255)),
    *(f"172.{second}.0.0/16" for second in range(24, 32)),
    *(f"100.{second}.0.0/16" for second in range(64, 128)),
)
LINK_PREFIX = 30  # two ends and nothing else


@dataclass(frozen=True, slots=True)
class Addresses:
    """What a block of 65536 addresses is divided into: a link to the machine, pods, and services."""

    block: str

    @property
    def host(self) -> str:
        """The machine's end of the link, where the API server listens."""
        return str(self._network[1])

    @property
    def node(self) -> str:
        """The node's end of the link."""
        return str(self._network[2])

    @property
    def pods(self) -> str:
        return str(list(self._network.subnets(new_prefix=24))[1])

    @property
    def services(self) -> str:
        return str(self._services)

    @property
    def api_service(self) -> str:
        """The service IP of the API server, which takes the first one."""
        return str(self._services[1])

    @property
    def _network(self) -> IPv4Network:
        return IPv4Network(self.block)

    @property
    def _services(self) -> IPv4Network:
        return list(self._network.subnets(prefixlen_diff=1))[1]


def choose_block(folder: Path, destinations: Iterable[str]) -> str:
    """Choose a block that no route of the machine leads into; each folder begins its search elsewhere."""
    taken = [network for network in map(_network, destinations) if network is not None]
    for candidate in _candidates(folder):
        if not any(IPv4Network(candidate).overlaps(network) for network in taken):
            return candidate
    raise LocalError("no block of private addresses is free for the node: every one of them has a route")


def _candidates(folder: Path) -> Iterator[str]:
    """Begin at a place of the folder's own, so that two environments that come up at once do not meet."""
    start = int.from_bytes(hashlib.sha256(bytes(folder)).digest()[:4]) % len(_CANDIDATES)
    yield from _CANDIDATES[start:]
    yield from _CANDIDATES[:start]


def _network(destination: str) -> IPv4Network | None:
    """Read a route's destination as `ip` writes it; None for the default route, which leads everywhere."""
    if destination == "default":
        return None
    try:
        return ipaddress.IPv4Network(destination)
    except ValueError as error:
        raise LocalError(f"the route to {destination} cannot be read: {error}") from error
