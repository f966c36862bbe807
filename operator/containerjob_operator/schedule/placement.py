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
    host: HostReference | None = None
    """The host that placement.hostRef names."""
    avoid: frozenset[HostReference] = frozenset()
    """Hosts to be chosen only where no other one takes the job, now or later."""


@dataclass(frozen=True, slots=True)
class HostView:
    """What the schedule needs to know of a host."""

    host: HostReference
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
    views = {view.host: view for view in hosts}
    free = {host: view.free for host, view in views.items()}
    result = Schedule()
    for job in pending:
        candidates, why = _candidates(job, views, namespaces.get(job.namespace, {}))
        candidates = [view for view in candidates if view.host not in job.avoid] or candidates
        open_hosts = [view for view in candidates if free[view.host] > 0]
        if open_hosts and ceiling is not None and ceiling.held + len(result.assigned) >= ceiling.limit:
            result.unplaced[job.uid] = _too_many(ceiling)
        elif open_hosts:
            chosen = max(open_hosts, key=lambda view: (free[view.host], view.host.name, view.host.kind)).host
            free[chosen] -= 1
            result.assigned[job.uid] = chosen
        else:
            result.unplaced[job.uid] = why if why is not None else _full(candidates)
    return result


def _candidates(
    job: PendingJob, hosts: Mapping[HostReference, HostView], labels: Mapping[str, str]
) -> tuple[list[HostView], Unplaced | None]:
    """Return the hosts that could run the job now or when a slot is free, or why there is none."""
    if job.host is not None:
        host = hosts.get(job.host)
        if host is None:
            return [], _pending(
                Reason.HOST_NOT_FOUND,
                f"placement.hostRef names {job.host.full}, which does not exist: create it",
            )
        why = _obstacle(host, job.namespace, labels)
        return ([host], None) if why is None else ([], why)
    if not hosts:
        return [], _pending(Reason.NO_HOST, "no DockerHost exists: create one that admits this namespace")
    obstacles = {host: _obstacle(view, job.namespace, labels) for host, view in hosts.items()}
    usable = [hosts[host] for host, why in obstacles.items() if why is None]
    if usable:
        return usable, None
    return [], _most_hopeful([why for why in obstacles.values() if why is not None])


def _obstacle(view: HostView, namespace: str, labels: Mapping[str, str]) -> Unplaced | None:
    name = view.host.full
    if not view.allowed.admit(labels):
        return _pending(
            Reason.NAMESPACE_NOT_ALLOWED,
            f"{name} does not admit namespace {namespace}: an administrator can open it in spec.allowedNamespaces",
        )
    if not view.schedulable:
        return _pending(
            Reason.HOST_UNSCHEDULABLE,
            f"{name} takes no new jobs: set its spec.unschedulable to false, or name another host",
        )
    if not view.ready:
        detail = f": {view.problem}" if view.problem else ""
        return _pending(Reason.HOST_NOT_READY, f"{name} is not ready{detail}")
    return None


_HOPE = (Reason.HOST_NOT_READY, Reason.HOST_UNSCHEDULABLE, Reason.NAMESPACE_NOT_ALLOWED)
"""Of several obstacles the one nearest to running is told: it needs the least to be done."""


def _most_hopeful(obstacles: list[Unplaced]) -> Unplaced:
    best = min(obstacles, key=lambda why: _HOPE.index(why.reason))
    if len(obstacles) == 1:
        return best
    return _pending(best.reason, f"none of {len(obstacles)} hosts can take the job; for one, {best.message}")


def _full(hosts: list[HostView]) -> Unplaced:
    names = hosts[0].host.short if len(hosts) == 1 else f"each of {len(hosts)} hosts"
    return Unplaced(
        Phase.QUEUED, Reason.HOST_FULL, f"{names} runs maxConcurrentJobs already; waiting for a free slot"
    )


def _too_many(ceiling: Ceiling) -> Unplaced:
    message = f"the operator runs {ceiling.limit} jobs at a time at most (--max-concurrent); waiting for one to end"
    return Unplaced(Phase.QUEUED, Reason.OPERATOR_FULL, message)


def _pending(reason: Reason, message: str) -> Unplaced:
    return Unplaced(Phase.PENDING, reason, message)
