"""The operator's options, as one frozen value; `main` is the only place that fills it."""

from dataclasses import dataclass
from pathlib import Path

from containerjob_api.names import OPERATOR_NAMESPACE


@dataclass(frozen=True, slots=True)
class Listen:
    """Where the log API is served, and as whom."""

    port: int
    cert_file: Path
    key_file: Path
    address: str = ""
    """Every address, of both families, where empty."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How this operator runs."""

    identity: str
    """Who holds the Lease: stable for one place that can run only one operator, such as a pod."""
    kubeconfig: Path | None = None
    """None: the ServiceAccount of the pod."""
    namespace: str = OPERATOR_NAMESPACE
    """Where the Lease lives."""
    allow_fake_hosts: bool = False
    resync_seconds: float = 30.0
    """How often a host is listed, probed and swept, whatever its event stream said."""
    termination_grace_seconds: float = 30.0
    """From the stop signal to SIGKILL."""
    concurrency: int = 16
    """Creates, starts and removals that one engine is asked for at a time."""
    lease_seconds: int = 15
    """After how long without renewal another operator takes over."""
    log_api: Listen | None = None
    """None: no log API."""
