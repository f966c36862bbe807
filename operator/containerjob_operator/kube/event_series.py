"""One Kubernetes Event and its repetitions: what is told, and how it is written down. No I/O."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final, Literal
from uuid import uuid4

from containerjob_api.hostparts import AnyHost
from containerjob_api.jobs import ContainerJob
from containerjob_api.names import API_VERSION, OPERATOR_NAME
from containerjob_operator.kube.resources import Body
from containerjob_operator.logs import about

EventType = Literal["Normal", "Warning"]
Subject = ContainerJob | AnyHost

MESSAGE_BYTES: Final = 1024
REASON_CHARACTERS: Final = 128
_NAME_CHARACTERS: Final = 200
_CLUSTER_SCOPED_NAMESPACE: Final = "default"
"""Where the API server wants events about objects that have no namespace."""


@dataclass(frozen=True, slots=True)
class Told:
    """What makes two events identical."""

    uid: str
    type: EventType
    reason: str
    message: str


@dataclass(slots=True)
class Series:
    """An event that happened `count` times."""

    told: Told
    kind: str
    namespace: str
    subject: str
    name: str
    first: datetime
    last: datetime
    last_clock: float
    count: int = 0
    queued: bool = field(default=False)
    stored: bool = field(default=False)
    about: dict[str, str | int | None] = field(default_factory=dict)
    """Of what it tells, for our own log."""

    @classmethod
    def start(cls, subject: Subject, told: Told, clock: float) -> "Series":
        """Begin one that has not happened yet; its name is ours, so that creating it twice can't make two."""
        metadata, now = subject.metadata, datetime.now(UTC)
        stem = metadata.name[:_NAME_CHARACTERS].rstrip("-.")
        return cls(
            told=told,
            kind=type(subject).__name__,
            namespace=metadata.namespace,
            subject=metadata.name,
            name=f"{stem}.{uuid4().hex[:16]}",
            first=now,
            last=now,
            last_clock=clock,
            about=about(subject) if isinstance(subject, ContainerJob) else {"host": str(subject.reference)},
        )

    def happen(self, clock: float) -> None:
        """Count one more."""
        self.count += 1
        self.last = datetime.now(UTC)
        self.last_clock = clock

    @property
    def home(self) -> str:
        """Namespace of the event itself."""
        return self.namespace or _CLUSTER_SCOPED_NAMESPACE

    def repetition(self) -> Body:
        """Return the merge patch that counts up what is stored."""
        return {"count": self.count, "lastTimestamp": _time(self.last)}

    def body(self, instance: str) -> Body:
        """Return the whole event."""
        involved = {"apiVersion": API_VERSION, "kind": self.kind, "name": self.subject, "uid": self.told.uid}
        if self.namespace:
            involved["namespace"] = self.namespace
        return {
            "metadata": {"name": self.name, "namespace": self.home},
            "involvedObject": involved,
            "type": self.told.type,
            "reason": self.told.reason[:REASON_CHARACTERS],
            "message": cut(self.told.message),
            "firstTimestamp": _time(self.first),
            "source": {"component": OPERATOR_NAME},
            "reportingComponent": OPERATOR_NAME,
            "reportingInstance": instance[:REASON_CHARACTERS],
            **self.repetition(),
        }


def cut(message: str) -> str:
    """Shorten a message to what an event may carry, between characters."""
    raw = message.encode()
    if len(raw) <= MESSAGE_BYTES:
        return message
    return raw[: MESSAGE_BYTES - 3].decode(errors="ignore") + "…"


def _time(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
