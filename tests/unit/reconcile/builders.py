"""Live jobs, and hosts that say what they are told to say."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.unit.decide.builders import HOST, after, scheduled

from containerjob_api.hostrefs import AllowedNamespaces, HostReference
from containerjob_api.jobs import ContainerJob
from containerjob_operator.reconcile.live_jobs import LiveJob
from containerjob_operator.schedule.placement import HostView

EVERYONE = AllowedNamespaces.model_validate({"from": "All"})
TRUSTED = AllowedNamespaces.model_validate({"from": "Selector", "selector": {"matchLabels": {"trust": "yes"}}})


def job(
    uid: str = "u1",
    *,
    version: int = 1,
    generation: int = 1,
    created: float = 0,
    namespace: str = "team-a",
    host: str | None = None,
    status: Mapping[str, Any] | None = None,
) -> ContainerJob:
    spec: dict[str, Any] = {"template": {"spec": {"containers": [{"name": "main", "image": "busybox"}]}}}
    if host is not None:
        spec["placement"] = {"hostRef": {"name": host}}
    metadata = {
        "name": uid,
        "namespace": namespace,
        "uid": uid,
        "resourceVersion": str(version),
        "generation": generation,
        "creationTimestamp": after(created).isoformat(),
    }
    return ContainerJob.from_body({"metadata": metadata, "spec": spec, "status": dict(status or {})})


def bound_status(host: HostReference = HOST) -> dict[str, Any]:
    """Return the status of a job that has an attempt on this host."""
    status = scheduled().status
    attempt = status.attempts[0].model_copy(update={"host": host})
    return status.model_copy(update={"attempts": (attempt,), "host": host}).to_json()


def live(uid: str = "u1", **known: Any) -> LiveJob:
    return LiveJob(job(uid, **known))


@dataclass
class Machines:
    """Hosts by name with their slots, all of them asked already."""

    slots: dict[str, int]
    allowed: dict[str, AllowedNamespaces] = field(default_factory=dict)
    silent: set[str] = field(default_factory=set)
    asked: bool = True

    def views(self, held: Mapping[HostReference, set[str]]) -> list[HostView]:
        return [
            HostView(
                HostReference(name=name),
                slots - len(held.get(HostReference(name=name), ())),
                self.allowed.get(name, EVERYONE),
                ready=name not in self.silent,
            )
            for name, slots in self.slots.items()
        ]

    def all_asked(self) -> bool:
        return self.asked
