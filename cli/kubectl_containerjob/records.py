"""Jobs and hosts as the API server sends them, read without a model; what others wrote comes out harmless."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from containerjob_api.names import host_text
from containerjob_api.phases import TERMINAL, Phase
from kubectl_containerjob.kubectl import Body
from kubectl_containerjob.screens.durations import moment
from kubectl_containerjob.screens.plain_text import harmless

HOLDING: Final = frozenset({Phase.SCHEDULED, Phase.RUNNING, Phase.CANCELLING})
"""Phases in which a job holds a slot of its host."""


@dataclass(frozen=True, slots=True)
class Stored:
    """What every object of ours has."""

    body: Body

    @property
    def name(self) -> str:
        """Its name."""
        return str(self.body["metadata"]["name"])

    @property
    def created(self) -> datetime:
        """When it was created."""
        return datetime.fromisoformat(self.body["metadata"]["creationTimestamp"])

    @property
    def spec(self) -> Body:
        """What was asked for."""
        return dict(self.body.get("spec") or {})

    @property
    def status(self) -> Body:
        """What the operator wrote."""
        return dict(self.body.get("status") or {})


@dataclass(frozen=True, slots=True)
class Job(Stored):
    """A ContainerJob."""

    @property
    def namespace(self) -> str:
        """Its namespace."""
        return str(self.body["metadata"]["namespace"])

    @property
    def container(self) -> Body:
        """The one container of the template."""
        return dict(self.spec["template"]["spec"]["containers"][0])

    @property
    def phase(self) -> str:
        """Its phase; Pending before the operator has looked."""
        return str(self.status.get("phase") or Phase.PENDING)

    @property
    def finished(self) -> bool:
        """Whether the outcome is final."""
        return self.phase in TERMINAL

    @property
    def reason(self) -> str:
        """Why it is in its phase, in one word; empty before the operator has looked."""
        return harmless(str((self.condition("Ready") or {}).get("reason", "")))

    @property
    def message(self) -> str:
        """Why it is in its phase, in the operator's or the engine's words."""
        return harmless(str((self.condition("Ready") or {}).get("message", "")))

    @property
    def attempts(self) -> list[Body]:
        """The newest attempts, oldest first."""
        return list(self.status.get("attempts") or ())

    @property
    def tried(self) -> int:
        """How many attempts were ever made."""
        return int(self.status.get("attemptCount") or 0)

    @property
    def newest(self) -> Body | None:
        """The newest attempt, over or not."""
        return self.attempts[-1] if self.attempts else None

    @property
    def current(self) -> Body | None:
        """The attempt under way."""
        newest = self.newest
        return newest if newest is not None and not newest.get("reason") else None

    @property
    def host(self) -> str:
        """Name of the newest attempt's host, of a CloudRunHost with its kind; empty before there is one."""
        return host_of(self.status.get("host"))

    @property
    def pinned(self) -> str:
        """Name of the one host it may run on, as of `host`; empty where it may run on any."""
        return host_of((self.spec.get("placement") or {}).get("hostRef"))

    def condition(self, type_: str) -> Body | None:
        """Return a condition of the status."""
        return _condition(self.status, type_)

    def time(self, name: str) -> datetime | None:
        """Return a time of the status."""
        return moment(self.status.get(name))


@dataclass(frozen=True, slots=True)
class Host(Stored):
    """A host of any kind."""

    @property
    def name(self) -> str:
        """Its name, with its kind where that is another than DockerHost."""
        return host_text(self.kind, super(Host, self).name)

    @property
    def kind(self) -> str:
        """Its kind."""
        return str(self.body.get("kind", "DockerHost"))

    @property
    def place(self) -> str:
        """Where it is: an engine's endpoint, or project and location."""
        spec, fields = self.spec, ("endpoint",) if self.kind == "DockerHost" else ("project", "location")
        return harmless("/".join(str(spec.get(field, "")) for field in fields))

    @property
    def ready(self) -> str:
        """True, False, or Unknown before the operator has asked it."""
        return str(self._ready.get("status", "Unknown"))

    @property
    def reason(self) -> str:
        """Why it is ready or is not, in one word."""
        return harmless(str(self._ready.get("reason", "")))

    @property
    def message(self) -> str:
        """Why it is ready or is not, in a sentence."""
        return harmless(str(self._ready.get("message", "")))

    @property
    def since(self) -> datetime | None:
        """Since when it is ready, or is not."""
        return moment(self._ready.get("lastTransitionTime"))

    @property
    def unschedulable(self) -> bool:
        """Whether it takes no new jobs; one that is being deleted takes none either."""
        return bool(self.spec.get("unschedulable")) or bool(self.body["metadata"].get("deletionTimestamp"))

    @property
    def slots(self) -> int | None:
        """How many jobs may run there at a time; None before the operator has asked it."""
        limit = self.status.get("maxConcurrentJobs", self.spec.get("maxConcurrentJobs"))
        return None if limit is None else int(limit)

    @property
    def held(self) -> int:
        """Slots in use when the operator last wrote."""
        return int(self.status.get("runningJobs") or 0)

    @property
    def engine(self) -> str:
        """Version of its engine, or, of a host without one, where it is."""
        if self.kind != "DockerHost":
            return self.place
        return harmless(str((self.status.get("engine") or {}).get("version", "")))

    def admits(self, labels: dict[str, str] | None) -> bool | None:
        """Say whether it admits a namespace with these labels; None where that depends on labels nobody may read."""
        allowed: dict[str, Any] = self.spec.get("allowedNamespaces") or {}
        word = allowed.get("from", "None")
        if word != "Selector":
            return bool(word == "All")
        if labels is None:
            return None
        from containerjob_api.hostrefs import AllowedNamespaces

        return AllowedNamespaces.model_validate(allowed).admit(labels)

    @property
    def _ready(self) -> Body:
        return _condition(self.status, "Ready") or {}


def host_of(reference: Body | None) -> str:
    """Return a host's name as a record refers to it; empty where it refers to none."""
    return host_text(str(reference.get("kind", "DockerHost")), str(reference["name"])) if reference else ""


def _condition(status: Body, type_: str) -> Body | None:
    found: list[Body] = status.get("conditions") or []
    return next((known for known in found if known.get("type") == type_), None)
