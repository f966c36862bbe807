"""Which hosts a waiting job could use, why each does not take it, and who is before it. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from containerjob_api.phases import Phase, Reason
from kubectl_containerjob.records import HOLDING, Host, Job
from kubectl_containerjob.screens import durations

WAITING = frozenset({Phase.PENDING, Phase.QUEUED, Phase.RETRYING})


@dataclass(frozen=True, slots=True)
class Other:
    """An unfinished job, in a few words."""

    namespace: str
    name: str
    created: datetime
    phase: str
    host: str
    """Host of its newest attempt."""
    pinned: str
    """The one host it may run on."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What is known beside the job itself; None where it could not be read."""

    hosts: tuple[Host, ...] | None = None
    others: tuple[Other, ...] | None = None
    labels: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Labels of namespaces, where they were needed and could be read."""
    hint: str = ""
    """What was not readable, and what that would have told."""

    def held(self, host: Host) -> int:
        """Return how many slots of a host are in use; as the operator last wrote where jobs can't be listed."""
        if self.others is None:
            return host.held
        return sum(other.host == host.name and other.phase in HOLDING for other in self.others)


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Why one host does not take the job; without a reason it could."""

    host: str
    text: str
    reason: Reason | None = None


def obstacles(job: Job, around: Surroundings, now: datetime) -> list[Obstacle]:
    """Judge every host that the job may name, by the rules and in the order of the operator's schedule."""
    hosts = [host for host in around.hosts or () if job.pinned in {"", host.name}]
    return [_judge(host, job, around, now) for host in hosts]


def told(found: Iterable[Obstacle]) -> str:
    """Say it of every host in one sentence."""
    return "; ".join(f"{obstacle.host} {obstacle.text}" for obstacle in found)


def place_in_line(job: Job, around: Surroundings) -> tuple[int, int] | None:
    """Return the place of a job that waits for a slot, by creation, and how many wait for the same hosts."""
    if around.others is None or job.reason != Reason.HOST_FULL:
        return None
    line = {(job.created, job.namespace, job.name)}
    for other in around.others:
        if other.phase == Phase.QUEUED and (not other.pinned or not job.pinned or other.pinned == job.pinned):
            line.add((other.created, other.namespace, other.name))
    return sorted(line).index((job.created, job.namespace, job.name)) + 1, len(line)


def _judge(host: Host, job: Job, around: Surroundings, now: datetime) -> Obstacle:
    labels = around.labels.get(job.namespace)
    admitted = host.admits(None if labels is None else dict(labels))
    if admitted is False:
        return Obstacle(host.name, f"does not admit namespace {job.namespace}", Reason.NAMESPACE_NOT_ALLOWED)
    if host.unschedulable:
        return Obstacle(host.name, "takes no new jobs (unschedulable)", Reason.HOST_UNSCHEDULABLE)
    if host.ready != "True":
        return Obstacle(host.name, _not_ready(host, now), Reason.HOST_NOT_READY)
    held, slots = around.held(host), host.slots or 0
    if held >= slots:
        return Obstacle(host.name, f"is full ({held} of {slots} slots)", Reason.HOST_FULL)
    unsure = " if it admits this namespace's labels" if admitted is None else ""
    return Obstacle(host.name, f"could take it{unsure} ({held} of {slots} slots in use)")


def _not_ready(host: Host, now: datetime) -> str:
    if host.since is None:
        return "has not been asked by the operator yet"
    return f"has not been ready for {durations.age(now - host.since)} ({host.reason}: {host.message})"
