"""DockerHost: a machine with a container engine. Its socket is root there, hence an administrator's object."""

from typing import Annotated, ClassVar, Final, Self

from typing_extensions import override

from containerjob_api.hostparts import AnyHost, Disconnect, EngineInfo, HostSpec, HostStatus, OrphanPolicy
from containerjob_api.hostrefs import HostKind
from containerjob_api.markers import Text

ENDPOINT_PATTERN: Final = r"^(unix:///.+|fake://.*)$"


class DockerHostSpec(HostSpec):
    """How to reach the engine, and who may use it."""

    endpoint: Annotated[
        str,
        Text(
            max_length=512,
            pattern=ENDPOINT_PATTERN,
            message="endpoint must be the path of a socket, such as unix:///var/run/docker.sock",
        ),
    ]
    """unix:///path of the engine's socket; fake:// (no engine at all) only where the operator allows it."""


class DockerHostStatus(HostStatus):
    """What the operator last saw of the host; written on change only."""

    engine: EngineInfo | None = None
    """The engine behind the endpoint."""

    @property
    @override
    def bound_to(self) -> EngineInfo | None:
        return self.engine

    @override
    def seen(self, engine: EngineInfo | None) -> Self:
        return self if engine is None else self.model_copy(update={"engine": engine})


class DockerHost(AnyHost):
    """A machine with a container engine that jobs may run on."""

    kind: ClassVar[HostKind] = "DockerHost"

    spec: DockerHostSpec
    """How to reach the engine, and who may use it."""
    status: DockerHostStatus = DockerHostStatus()
    """What the operator last saw of the host."""


__all__ = ["Disconnect", "DockerHost", "DockerHostSpec", "DockerHostStatus", "EngineInfo", "OrphanPolicy"]
