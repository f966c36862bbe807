"""What a host's status says, given what its engine answered."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from containerjob_api.conditions import Condition, condition, with_conditions
from containerjob_api.hostparts import AnyHost, EngineInfo, HostStatus
from containerjob_api.hostrefs import HostKind
from containerjob_api.phases import HostConditionType, HostReason
from containerjob_operator.errors import HostRefused, HostUnavailable

OLDEST_API: Final[dict[HostKind, tuple[int, ...]]] = {"DockerHost": (1, 41)}
"""Docker 20.10, the oldest engine whose API has all we use."""
ANSWER: Final[dict[HostKind, str]] = {"DockerHost": "the engine answers", "CloudRunHost": "Cloud Run answers"}
"""What is said of a host with which all is well."""
CREDENTIALS: Final = frozenset({HostReason.CREDENTIALS_INVALID})
PERMISSIONS: Final = frozenset({HostReason.PERMISSION_DENIED, HostReason.API_DISABLED})
PLACE: Final = frozenset({HostReason.PROJECT_NOT_FOUND, HostReason.LOCATION_NOT_FOUND})
STALLED: Final = (
    frozenset(
        {
            HostReason.ENGINE_CHANGED,
            HostReason.ENGINE_UNSUPPORTED,
            HostReason.FAKE_HOSTS_NOT_ALLOWED,
            HostReason.CLIENT_MISSING,
        }
    )
    | CREDENTIALS
    | PERMISSIONS
    | PLACE
)
"""What waiting does not mend."""
USABLE: Final = frozenset({HostReason.ENGINE_READY, HostReason.QUOTA_EXHAUSTED})
"""Jobs are looked at there; new ones come to a host that is ready only."""
ANSWERED: Final = USABLE | PERMISSIONS | {HostReason.ENGINE_CHANGED, HostReason.ENGINE_UNSUPPORTED}
_PASSED: Final[dict[HostConditionType, frozenset[HostReason]]] = {
    HostConditionType.CREDENTIALS_VALID: CREDENTIALS,
    HostConditionType.PERMISSIONS_OK: PERMISSIONS,
    HostConditionType.QUOTA_OK: frozenset({HostReason.QUOTA_EXHAUSTED}),
}
"""What Google looks at, in this order, and which refusals mean that it was not passed."""


@dataclass(frozen=True, slots=True)
class Probe:
    """The answer of an engine, or why there is none."""

    engine: EngineInfo | None = None
    reason: HostReason = HostReason.ENGINE_READY
    problem: str = ""


def unanswered(problem: HostUnavailable) -> Probe:
    """Return what is known of a host that could not be asked, or refused us."""
    return Probe(None, problem.reason if isinstance(problem, HostRefused) else HostReason.UNREACHABLE, str(problem))


def judge(host: AnyHost, probe: Probe) -> Probe:
    """Return the probe, turned into a refusal where the engine that answers may not be used."""
    engine = probe.engine
    if engine is None:
        return probe
    known = host.status.bound_to
    if known is not None and known.id and engine.id != known.id:
        problem = (
            f"engine {engine.id} answers where {known.id} was first seen; nothing is launched or removed there. "
            f"If the machine was replaced on purpose, delete and re-create this {host.kind}"
        )
        return Probe(known, HostReason.ENGINE_CHANGED, problem)
    if _version(engine.api_version) < OLDEST_API.get(host.kind, ()):
        problem = f"the engine's API is {engine.api_version or 'unknown'}; 1.41 (Docker 20.10) or newer is needed"
        return Probe(engine, HostReason.ENGINE_UNSUPPORTED, problem)
    return probe


def host_status(host: AnyHost, probe: Probe, running: int, now: datetime, spared: int | None = None) -> HostStatus:
    """Return the host's new status; equal to the old one when nothing changed.

    `spared` counts the containers of no job that a dry run left; None where nobody has counted.
    """
    old = host.status.seen(probe.engine)
    told = {
        "observed_generation": host.metadata.generation,
        "conditions": with_conditions(old.conditions, _conditions(host, probe, now)),
        "max_concurrent_jobs": slots(host, probe.engine or host.status.bound_to),
        "running_jobs": running,
        "orphaned_containers": _orphaned(host, spared),
    }
    return old.model_copy(update=told)


def _conditions(host: AnyHost, probe: Probe, now: datetime) -> tuple[Condition, ...]:
    well = (HostReason.ENGINE_READY, ANSWER[host.kind])
    why = (probe.reason, probe.problem or ANSWER[host.kind])

    def told(type_: HostConditionType, status: bool | None, why: tuple[HostReason, str]) -> Condition:
        return condition(type_, status, *why, now=now, generation=host.metadata.generation)

    found = [told(HostConditionType.REACHABLE, probe.reason in ANSWERED, why)]
    if host.kind == "CloudRunHost":
        passed = {type_: _passed(type_, probe.reason) for type_ in _PASSED}
        found += [told(type_, status, well if status else why) for type_, status in passed.items()]
    ready = probe.reason is HostReason.ENGINE_READY
    if ready and host.spec.unschedulable:
        ready, why = False, (HostReason.UNSCHEDULABLE, "spec.unschedulable keeps new jobs away")
    found.append(told(HostConditionType.READY, ready, why))
    stalled = why[0] in STALLED
    if stalled or any(known.type == HostConditionType.STALLED for known in host.status.conditions):
        found.append(told(HostConditionType.STALLED, stalled, why))
    return tuple(found)


def _passed(type_: HostConditionType, reason: HostReason) -> bool | None:
    """Say whether Google let us pass here; None where it did not come to that."""
    if reason is HostReason.ENGINE_READY:
        return True
    order = list(_PASSED)
    stopped = next((at for at, reasons in enumerate(_PASSED.values()) if reason in reasons), None)
    if stopped is None:
        return True if reason in PLACE and type_ is HostConditionType.CREDENTIALS_VALID else None
    at = order.index(type_)
    return None if at > stopped else at < stopped


def _orphaned(host: AnyHost, spared: int | None) -> int | None:
    if not host.spec.orphan_policy.dry_run:
        return None
    return (host.status.orphaned_containers if spared is None else spared) or None


def slots(host: AnyHost, engine: EngineInfo | None) -> int:
    """Return how many jobs may run on the host at a time."""
    if host.spec.max_concurrent_jobs is not None:
        return host.spec.max_concurrent_jobs
    return max(1, engine.cpus) if engine is not None else 0


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(".") if part.isdecimal())
