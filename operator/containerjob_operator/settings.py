"""All that one process of the operator is told: the options, and where it stands."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import Field

from containerjob_api.hostrefs import HostReference
from containerjob_api.names import OPERATOR_NAMESPACE
from containerjob_operator.options import Flag, NamespaceName, Options

Port = Annotated[int, Field(ge=1, le=65535)]


@dataclass(frozen=True, slots=True)
class Listen:
    """Where the log API is served, and as whom."""

    port: int
    cert_file: Path
    key_file: Path
    address: str = ""
    """Every address, of both families, where empty."""


class Settings(Options):
    """How this process runs: the options, and those of its place that a chart fills in by itself."""

    identity: Annotated[str, Flag(env="POD_NAME", default="default: unique")]
    """Holder of the Lease: the same one takes over from itself at once."""
    kubeconfig: Annotated[Path | None, Flag(env="KUBECONFIG")] = None
    """Kubeconfig file; the pod's ServiceAccount when absent."""
    lease_namespace: Annotated[NamespaceName, Flag(env="POD_NAMESPACE", allowed="the name of a namespace")] = (
        OPERATOR_NAMESPACE
    )
    """Namespace of the Lease."""
    api_port: Port | None = None
    """Port of the log API; it is not served when absent."""
    api_address: str = ""
    """Address that the log API listens on; every one when empty, for the API server comes from outside the pod."""
    api_cert_file: Path | None = None
    """Certificate of the log API, PEM, for SERVICE.NAMESPACE.svc; read again when it changes."""
    api_key_file: Path | None = None
    """Key of that certificate, PEM."""
    http_port: Port | None = None
    """Port of /healthz, /readyz, /metrics and /debug/status, plain HTTP; they are not served when absent."""
    http_address: str = ""
    """Address that they are served on; every one when empty."""

    @property
    def log_api(self) -> Listen | None:
        """Where to serve the log API; None where it is not served."""
        if self.api_port is None or self.api_cert_file is None or self.api_key_file is None:
            return None
        return Listen(self.api_port, self.api_cert_file, self.api_key_file, self.api_address)

    def serves_namespace(self, namespace: str) -> bool:
        """Say whether jobs of this namespace, and their containers, are ours to look after."""
        return not self.namespaces or namespace in self.namespaces

    def serves_host(self, host: HostReference) -> bool:
        """Say whether this host is ours to use."""
        return not self.hosts or str(host) in self.hosts
