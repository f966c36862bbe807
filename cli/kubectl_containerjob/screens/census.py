"""The whole system in numbers: who is alive, which host has room, how many jobs stand where. Pure."""

import re
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from containerjob_api.names import host_text
from containerjob_api.phases import Phase
from kubectl_containerjob.explaining.reasons import Explanation
from kubectl_containerjob.kubectl import Body
from kubectl_containerjob.records import HOLDING, Host
from kubectl_containerjob.screens.durations import moment, seconds_of

FORBIDDEN: Final = "<forbidden>"
"""Stands for a part that this user may not read."""
ALIVE: Final = "alive"
FAILURES: Final = frozenset({Phase.FAILED, Phase.TIMED_OUT})
UNPLACED: Final = frozenset({"", Phase.PENDING, Phase.QUEUED})
NEWEST: Final = 5


@dataclass(frozen=True, slots=True)
class Row:
    """One line of `kubectl get containerjobs -o wide`."""

    namespace: str
    name: str
    phase: str
    host: str
    exit_code: str
    age: str
    reason: str


@dataclass(frozen=True, slots=True)
class Operator:
    """What the operator's Lease says: alive, late (not renewed in time) or absent."""

    state: str
    holder: str = ""
    renewed: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Census:
    """Everything on the screen; a part is the word FORBIDDEN where this user may not read it."""

    now: datetime
    operator: Operator | str
    log_api: str
    """available, absent, or why it is not available."""
    hosts: tuple[Host, ...] | str
    jobs: tuple[Row, ...] | str
    namespace: str | None = None
    """The one namespace that was counted; None for all."""
    waiting: Explanation | None = None
    """The job that has waited longest, and why."""

    @property
    def healthy(self) -> bool:
        """Whether the operator is alive and at least one host is ready, as far as that may be read."""
        alive = not isinstance(self.operator, Operator) or self.operator.state == ALIVE
        return alive and (isinstance(self.hosts, str) or any(host.ready == "True" for host in self.hosts))

    @property
    def phases(self) -> dict[str, int]:
        """How many jobs are in each phase that has any, in the order of a job's life."""
        counted = Counter(row.phase or Phase.PENDING for row in self._rows)
        known = [str(phase) for phase in Phase if phase in counted]
        return {phase: counted[phase] for phase in [*known, *sorted(set(counted) - set(known))]}

    @property
    def failures(self) -> list[Row]:
        """The failed jobs that were created last."""
        failed = [row for row in self._rows if row.phase in FAILURES]
        return sorted(failed, key=lambda row: seconds_of(row.age))[:NEWEST]

    def running(self, host: str) -> int:
        """Return how many of the counted jobs run on a host."""
        return sum(row.host == host and row.phase == Phase.RUNNING for row in self._rows)

    def held(self, host: Host) -> int:
        """Return how many slots are in use; as the operator last wrote where not every job was counted."""
        if isinstance(self.jobs, str) or self.namespace is not None:
            return host.held
        return sum(row.host == host.name and row.phase in HOLDING for row in self.jobs)

    @property
    def _rows(self) -> tuple[Row, ...]:
        return () if isinstance(self.jobs, str) else self.jobs


def operator_of(lease: Body | None, now: datetime) -> Operator:
    """Judge the Lease; its holder's clock is taken for ours."""
    spec: dict[str, Any] = (lease or {}).get("spec") or {}
    renewed = moment(spec.get("renewTime"))
    if not spec.get("holderIdentity") or renewed is None:
        return Operator("absent")
    since = max(timedelta(), now - renewed)
    late = since > timedelta(seconds=float(spec.get("leaseDurationSeconds") or 15))
    return Operator("late" if late else ALIVE, str(spec["holderIdentity"]), since)


def log_api_of(service: Body | None) -> str:
    """Judge the APIService of the log API."""
    if service is None:
        return "absent"
    conditions = (service.get("status") or {}).get("conditions") or []
    available: Body = next((known for known in conditions if known.get("type") == "Available"), {})
    if available.get("status") == "True":
        return "available"
    return f"not available ({available.get('reason', 'not known yet')}: {available.get('message', '')})"


def rows_of(table: str, namespace: str | None) -> tuple[Row, ...]:
    """Read what kubectl printed as one table; cells may be empty, so the header says where each begins."""
    if not table:
        return ()
    header, *lines = table.splitlines()
    begins = [(found.group(), found.start()) for found in re.finditer(r"\S+", header)]
    ends = [*(begin for _, begin in begins[1:]), None]
    spans = [(name, begin, end) for (name, begin), end in zip(begins, ends, strict=True)]
    return tuple(_row({name: line[begin:end].strip() for name, begin, end in spans}, namespace) for line in lines)


def longest_waiting(rows: tuple[Row, ...]) -> Row | None:
    """Return the job without a host that is oldest."""
    waiting = [row for row in rows if row.phase in UNPLACED]
    return max(waiting, key=lambda row: seconds_of(row.age), default=None)


def _row(cells: dict[str, str], namespace: str | None) -> Row:
    return Row(
        namespace=cells.get("NAMESPACE", namespace or ""),
        name=cells.get("NAME", ""),
        phase=cells.get("PHASE", ""),
        host=host_text(cells.get("HOST-KIND") or "DockerHost", cells.get("HOST", "")) if cells.get("HOST") else "",
        exit_code=cells.get("EXIT", ""),
        age=cells.get("AGE", ""),
        reason=cells.get("REASON", ""),
    )
