"""What processes cost, read from /proc, and what the API server was asked, read from its audit log."""

import json
import os
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

TICK_MS: Final = 1000 / os.sysconf("SC_CLK_TCK")
_WRITES: Final = frozenset({"create", "update", "patch", "delete", "deletecollection"})


def cpu_ms(pids: Iterable[int]) -> float:
    """Return the CPU that processes have used so far, with that of ended children they waited for."""
    return sum(sum(int(field) for field in _stat(pid)[11:15]) for pid in pids) * TICK_MS


def machine_cpu_ms() -> float:
    """Return the CPU that the whole machine has used so far, whoever used it."""
    user, nice, system, _idle, _iowait, irq, softirq = map(
        int, Path("/proc/stat").read_text().splitlines()[0].split()[1:8]
    )
    return (user + nice + system + irq + softirq) * TICK_MS


def memory_mb(pid: int, field: str = "VmRSS") -> float:
    """Return a process's memory in MB (10^6 bytes): VmRSS is now, VmHWM is the most there ever was."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(f"{field}:"):
            return int(line.split()[1]) * 1024 / 1e6
    raise ProcessLookupError(f"process {pid} has no {field}")


def children(pid: int) -> list[int]:
    """Return the processes whose parent is `pid`."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal():
            try:
                parent = int(_stat(int(folder.name))[1])
            except (FileNotFoundError, ProcessLookupError):
                continue
            if parent == pid:
                found.append(int(folder.name))
    return found


def _stat(pid: int) -> list[str]:
    """Return the fields of proc(5) stat that follow the name, which may itself hold anything."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


@dataclass(frozen=True, slots=True)
class Request:
    """One answered request to the API server."""

    verb: str
    resource: str
    """With its subresource, if any: containerjobs/status."""
    namespace: str
    name: str
    """Of the object, where the API server knows it; of an Event, it begins with its subject's."""

    @property
    def writes(self) -> bool:
        """Say whether it changes something."""
        return self.verb in _WRITES


class Audit:
    """The API server's audit log, read afterwards; Leases are not in it."""

    def __init__(self, log: Path, user: str) -> None:
        self._log: Final = log
        self._user: Final = user

    def requests(self, since: datetime, until: datetime | None = None) -> "Counter[tuple[str, str]]":
        """Count what the user asked between two moments, by verb and resource."""
        return Counter((asked.verb, asked.resource) for asked in self.each(since, until))

    def each(self, since: datetime, until: datetime | None = None) -> Iterator[Request]:
        """Go through what the user asked between two moments."""
        end = until or datetime.now(UTC)
        # The log rotates; its earlier part keeps the name with a time in it.
        for path in self._log.parent.glob(f"{self._log.stem}*{self._log.suffix}"):
            with path.open(encoding="utf-8") as lines:
                for line in lines:
                    if self._user in line and line.endswith("\n"):
                        yield from self._read(json.loads(line), since, end)

    def _read(self, entry: dict[str, Any], since: datetime, until: datetime) -> Iterator[Request]:
        moment = datetime.fromisoformat(entry["requestReceivedTimestamp"])
        # A watch is told twice: when it begins and when it ends.
        if entry["stage"] != "ResponseComplete" or entry["user"]["username"] != self._user:
            return
        if since <= moment <= until:
            about = entry.get("objectRef", {})
            resource = "/".join(filter(None, (about.get("resource"), about.get("subresource"))))
            yield Request(
                entry["verb"], resource or entry["requestURI"], about.get("namespace", ""), about.get("name", "")
            )


def writes(asked: "Counter[tuple[str, str]]") -> int:
    """Return how many of the requests change something."""
    return sum(count for (verb, _), count in asked.items() if verb in _WRITES)
