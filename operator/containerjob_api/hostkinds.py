"""The kinds of hosts there are, and how an object of any of them is read."""

from typing import Any, Final

from containerjob_api.cloudrunhosts import CloudRunHost
from containerjob_api.hostparts import AnyHost
from containerjob_api.hostrefs import HostKind, HostReference
from containerjob_api.hosts import DockerHost
from containerjob_api.names import read_host

MODELS: Final[dict[HostKind, type[AnyHost]]] = {model.kind: model for model in (DockerHost, CloudRunHost)}


def host_of(body: dict[str, Any]) -> AnyHost:
    """Read a host as the API server sends it; pydantic's ValidationError where it can't be read."""
    return MODELS[body["kind"]].from_body(body)


def reference_of(body: dict[str, Any]) -> HostReference:
    """Return the reference to a host as the API server sends it, whether or not the rest can be read."""
    return HostReference(kind=body["kind"], name=body["metadata"]["name"])


def reference_from(text: str) -> HostReference:
    """Read NAME, dockerhost/NAME or cloudrunhost/NAME; ValueError says what is wrong with it."""
    kind, name = read_host(text)
    return HostReference.model_validate({"kind": kind, "name": name})
