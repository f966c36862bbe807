"""What a host's status says, given what its engine answered."""

from dataclasses import dataclass
from datetime import datetime

from containerjob_api.conditions import Condition, condition, with_conditions
from containerjob_api.hosts import DockerHost, DockerHostStatus, EngineInfo
from containerjob_api.phases import HostConditionType, HostReason

OLDEST_API = (1, 41)
"""Docker 20.10, the oldest engine whose API has all we use."""
STALLED = frozenset({HostReason.ENGINE_CHANGED, HostReason.ENGINE_UNSUPPORTED, HostReason.FAKE_HOSTS_NOT_ALLOWED})
"""What waiting does not mend."""


@dataclass(frozen=True, slots=True)
class Probe:
    """The answer of an engine, or why there is none."""

    engine: EngineInfo | None = None
    reason: HostReason = HostReason.ENGINE_READY
    problem: str = ""


def judge(host: DockerHost, probe: Probe) -> Probe:
    """Return the probe, turned into a refusal where the engine that answers may not be used."""
    engine = probe.engine
    if engine is None:
        return probe
    known = host.status.engine
    if known is not None and known.id and engine.id != known.id:
        problem = (
            f"engine {engine.id} answers where {known.id} was first seen; nothing is launched or removed there. "
            "If the machine was replaced on purpose, delete and re-create this DockerHost"
        )
        return Probe(known, HostReason.ENGINE_CHANGED, problem)
    if _version(engine.api_version) < OLDEST_API:
        problem = f"the engine's API is {engine.api_version or 'unknown'}; 1.41 (Docker 20.10) or newer is needed"
        return Probe(engine, HostReason.ENGINE_UNSUPPORTED, problem)
    return probe


def host_status(
    host: DockerHost, probe: Probe, running: int, now: datetime, spared: int | None = None
) -> DockerHostStatus:
    """Return the host's new status; equal to the old one when nothing changed.

    `spared` counts the containers of no job that a dry run left; None where nobody has counted.
    """
    generation = host.metadata.generation
    answers = probe.reason in (HostReason.ENGINE_READY, HostReason.ENGINE_CHANGED, HostReason.ENGINE_UNSUPPORTED)
    usable = probe.reason is HostReason.ENGINE_READY
    ready, reason, message = usable, probe.reason, probe.problem or "the engine answers"
    if usable and host.spec.unschedulable:
        ready, reason, message = False, HostReason.UNSCHEDULABLE, "spec.unschedulable keeps new jobs away"
    conditions: tuple[Condition, ...] = (
        condition(
            HostConditionType.REACHABLE,
            answers,
            probe.reason,
            probe.problem or "the engine answers",
            now=now,
            generation=generation,
        ),
        condition(HostConditionType.READY, ready, reason, message, now=now, generation=generation),
    )
    stalled = reason in STALLED
    if stalled or any(known.type == HostConditionType.STALLED for known in host.status.conditions):
        conditions += (
            condition(HostConditionType.STALLED, stalled, reason, message, now=now, generation=generation),
        )
    engine = probe.engine or host.status.engine
    return DockerHostStatus(
        observed_generation=generation,
        conditions=with_conditions(host.status.conditions, conditions),
        engine=engine,
        max_concurrent_jobs=slots(host, engine),
        running_jobs=running,
        orphaned_containers=_orphaned(host, spared),
    )


def _orphaned(host: DockerHost, spared: int | None) -> int | None:
    if not host.spec.orphan_policy.dry_run:
        return None
    return (host.status.orphaned_containers if spared is None else spared) or None


def slots(host: DockerHost, engine: EngineInfo | None) -> int:
    """Return how many jobs may run on the host at a time."""
    if host.spec.max_concurrent_jobs is not None:
        return host.spec.max_concurrent_jobs
    return max(1, engine.cpus) if engine is not None else 0


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(".") if part.isdecimal())
