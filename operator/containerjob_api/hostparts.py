"""What every kind of host has: who may use it, how much it runs, what it keeps, and what was last seen of it."""

from typing import Annotated, Any, ClassVar, Self

from pydantic import Field

from containerjob_api.conditions import Conditions
from containerjob_api.hostrefs import AllowedNamespaces, HostKind, HostReference
from containerjob_api.resources import ObjectMeta, Value
from containerjob_api.retries import OnHostLost


class Disconnect(Value):
    """What happens to jobs on a host that does not answer."""

    lost_after_seconds: Annotated[int, Field(ge=1, le=2147483647)] = 300
    """Seconds without an answer after which onHostLost is done."""
    on_host_lost: OnHostLost = OnHostLost.WAIT
    """Wait, Retry or Fail; a job may override it."""


class OrphanPolicy(Value):
    """What happens to containers that carry this cluster's labels and belong to no job."""

    dry_run: bool = False
    """True leaves them all where they are and only counts them in status.orphanedContainers."""
    grace_seconds: Annotated[int, Field(ge=0, le=2147483647)] = 300
    """Seconds that a container is spared whose job exists and does not know it, as after a restored backup."""


class EngineInfo(Value):
    """What the engine says of itself."""

    id: Annotated[str, Field(max_length=128)] = ""
    """The engine's own id; the host is bound to the first one seen."""
    name: Annotated[str, Field(max_length=256)] = ""
    """Name of the machine."""
    version: Annotated[str, Field(max_length=128)] = ""
    """Version of the engine."""
    api_version: Annotated[str, Field(max_length=32)] = ""
    """Version of the engine's API."""
    os: Annotated[str, Field(max_length=256)] = ""
    """Operating system of the machine."""
    architecture: Annotated[str, Field(max_length=64)] = ""
    """Architecture of the machine."""
    cpus: Annotated[int, Field(ge=0)] = 0
    """CPUs of the machine."""
    memory_bytes: Annotated[int, Field(ge=0)] = 0
    """Memory of the machine in bytes."""


class HostSpec(Value):
    """Who may use a host, and for how much."""

    max_concurrent_jobs: Annotated[int, Field(ge=1, le=10000)] | None = None
    """How many jobs may run at a time; the engine's number of CPUs when absent."""
    unschedulable: bool = False
    """True keeps new jobs away; running ones go on."""
    allowed_namespaces: AllowedNamespaces = AllowedNamespaces()
    """Which namespaces' jobs may run here; none when absent."""
    max_retained_containers: Annotated[int, Field(ge=0, le=100000)] = 200
    """How many finished containers stay for their logs; the oldest go first."""
    container_retention_seconds: Annotated[int, Field(ge=0, le=2147483647)] = 86400
    """How long a finished container stays for its logs at most, while its job exists; 0 removes it at once."""
    disconnect: Disconnect = Disconnect()
    """What happens to jobs while the host does not answer."""
    orphan_policy: OrphanPolicy = OrphanPolicy()
    """What happens to containers that belong to no job."""

    @property
    def target(self) -> str:
        """All that says where the host is and how it is spoken with: as long as it stays, one executor serves."""
        return self.model_dump_json(exclude=set(HostSpec.model_fields))


class HostStatus(Value):
    """What the operator last saw of a host; written on change only."""

    observed_generation: int = -1
    """The generation this status speaks of; -1 before the operator has seen the object."""
    conditions: Conditions = ()
    """Ready and Reachable; Stalled where a person has to act."""
    max_concurrent_jobs: Annotated[int, Field(ge=0)] | None = None
    """The limit in force."""
    running_jobs: Annotated[int, Field(ge=0)] | None = None
    """Jobs that held a slot when this was written."""
    orphaned_containers: Annotated[int, Field(ge=0)] | None = None
    """Containers that belong to no job and were left where they are, as orphanPolicy.dryRun asks."""

    @property
    def bound_to(self) -> EngineInfo | None:
        """The engine that the host is bound to; None where whoever answers is the right one."""
        return None

    def seen(self, _engine: EngineInfo | None) -> Self:
        """Return the status with what the engine says of itself, where that is kept."""
        return self


class AnyHost(Value):
    """A place that jobs may run on."""

    kind: ClassVar[HostKind]

    metadata: ObjectMeta
    spec: HostSpec
    """How to reach the host, and who may use it."""
    status: HostStatus = HostStatus()
    """What the operator last saw of the host."""

    @classmethod
    def from_body(cls, body: dict[str, Any]) -> Self:
        """Read an object as the API server sends it; pydantic's ValidationError where it can't be read."""
        return cls.model_validate(body)

    @property
    def reference(self) -> HostReference:
        """What jobs name it by."""
        return HostReference(kind=self.kind, name=self.metadata.name)
