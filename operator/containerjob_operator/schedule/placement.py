"""First come, first served over the hosts that admit a job; the one with most free slots wins."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from containerjob_api.hostrefs import AllowedNamespaces, HostReference
from containerjob_api.phases import Phase, Reason
from containerjob_operator.decide.facts import Unplaced


@dataclass(frozen=True, slots=True)
class PendingJob:
    """What the schedule needs to know of a waiting job."""

    uid: str
    namespace: str
    host_name: str | None = None
    """The host that placement.hostRef names."""
    avoid: frozenset[str] = frozenset()
    """Hosts to be chosen only where no other one takes the job, now or later."""


@dataclass(frozen=True, slots=True)
class HostView:
    """What the schedule needs to know of a host."""

    name: str
    free: int
    """Slots that no unfinished job holds."""
    allowed: AllowedNamespaces
    ready: bool = True
    schedulable: bool = True
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Schedule:
    """Who goes where, and who waits for what."""

    assigned: dict[str, HostReference] = field(default_factory=dict)
    unplaced: dict[str, Unplaced] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Ceiling:
    """How many jobs may run on all hosts together, and how many do; jobs that are bound already count."""

    limit: int
    held: int


def schedule(
    pending: Iterable[PendingJob],
    hosts: Iterable[HostView],
    namespaces: Mapping[str, Mapping[str, str]],
    ceiling: Ceiling | None = None,
) -> Schedule:
    """Assign waiting jobs, in the order given, to hosts; `namespaces` maps names to labels."""
    views = {host.name: host for host in hosts}
    free = {name: host.free for name, host in views.items()}
    result = Schedule()
    for job in pending:
        candidates, why = _candidates(job, views, namespaces.get(job.namespace, {}))
        candidates = [host for host in candidates if host.name not in job.avoid] or candidates
        open_hosts = [host for host in candidates if free[host.name] > 0]
        if open_hosts and ceiling is not None and ceiling.held + len(result.assigned) >= ceiling.limit:
            result.unplaced[job.uid] = _too_many(ceiling)
        elif open_hosts:
            chosen = max(open_hosts, key=lambda host: (free[host.name], host.name))
            free[chosen.name] -= 1
            result.assigned[job.uid] = HostReference(name=chosen.name)
        else:
            result.unplaced[job.uid] = why if why is not None else _full(candidates)
    return result


def _candidates(
    job: PendingJob, hosts: Mapping[str, HostView], labels: Mapping[str, str]
) -> tuple[list[HostView], Unplaced | None]:
    """Return the hosts that could run the job now or when a slot is free, or why there is none."""
    if job.host_name is not None:
        host = hosts.get(job.host_name)
        if host is None:
            return [], _pending(
                Reason.HOST_NOT_FOUND,
                f"placement.hostRef names DockerHost {job.host_name}, which does not exist: create it",
            )
        why = _obstacle(host, job.namespace, labels)
        return ([host], None) if why is None else ([], why)
    if not hosts:
        return [], _pending(Reason.NO_HOST, "no DockerHost exists: create one that admits this namespace")
    obstacles = {host.name: _obstacle(host, job.namespace, labels) for host in hosts.values()}
    usable = [hosts[name] for name, why in obstacles.items() if why is None]
    if usable:
        return usable, None
    return [], _most_hopeful([why for why in obstacles.values() if why is not None])


def _obstacle(host: HostView, namespace: str, labels: Mapping[str, str]) -> Unplaced | None:
    if not host.allowed.admit(labels):
        return _pending(
            Reason.NAMESPACE_NOT_ALLOWED,
            f"DockerHost {host.name} does not admit namespace {namespace}: "
            "an administrator can open it in spec.allowedNamespaces",
        )
    if not host.schedulable:
        return _pending(
            Reason.HOST_UNSCHEDULABLE,
            f"DockerHost {host.name} takes no new jobs: set its spec.unschedulable to false, or name another host",
        )
    if not host.ready:
        detail = f": {host.problem}" if host.problem else ""
        return _pending(Reason.HOST_NOT_READY, f"DockerHost {host.name} is not ready{detail}")
    return None


_HOPE = (Reason.HOST_NOT_READY, Reason.HOST_UNSCHEDULABLE, Reason.NAMESPACE_NOT_ALLOWED)
"""Of several obstacles the one nearest to running is told: it needs the least to be done."""


def _most_hopeful(obstacles: list[Unplaced]) -> Unplaced:
    best = min(obstacles, key=lambda why: _HOPE.index(why.reason))
    if len(obstacles) == 1:
        return best
    return _pending(best.reason, f"none of {len(obstacles)} hosts can take the job; for one, {best.message}")


def _full(hosts: list[HostView]) -> Unplaced:
    names = hosts[0].name if len(hosts) == 1 else f"each of {len(hosts)} hosts"
    return Unplaced(
        Phase.QUEUED, Reason.HOST_FULL, f"{names} runs maxConcurrentJobs already; waiting for a free slot"
    )


def _too_many(ceiling: Ceiling) -> Unplaced:
    message = f"the operator runs {ceiling.limit} jobs at a time at most (--max-concurrent); waiting for one to end"
    return Unplaced(Phase.QUEUED, Reason.OPERATOR_FULL, message)


def _pending(reason: Reason, message: str) -> Unplaced:
    return Unplaced(Phase.PENDING, reason, message)
