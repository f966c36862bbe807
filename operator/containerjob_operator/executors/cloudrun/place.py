"""Where on Google Cloud jobs run, as whom, and at what pace. Plain values, without Google's library."""

from dataclasses import dataclass, field
from typing import Final

START_TOKEN: Final = "run"  # noqa: S105
"""Suffix of the one execution of a Job of ours: Cloud Run makes `<job>-run` once, however often it is asked."""
LONGEST_TASK_SECONDS: Final = 604_800
"""168 hours: https://cloud.google.com/run/docs/configuring/task-timeout."""
MOST_CPUS: Final = 8.0
MOST_MEMORY_BYTES: Final = 32 * 2**30


@dataclass(frozen=True, slots=True)
class Credentials:
    """Who we are for Google; application default credentials, such as Workload Identity, where neither is given."""

    key: str | None = field(default=None, repr=False)
    """A service account's key, as JSON text."""
    impersonate: str | None = None
    """E-mail address of the service account to act as."""


@dataclass(frozen=True, slots=True)
class Place:
    """One location of one project."""

    project: str
    location: str
    endpoint: str = ""
    """Address of an emulator, spoken with in the clear and without credentials; empty for Google itself."""
    credentials: Credentials = Credentials()
    service_account: str = ""
    """Identity of the tasks; the project's default one where empty."""
    execution_environment: str = "Gen2"
    """Gen1 or Gen2; Google's choice where empty."""
    vpc_connector: str = ""
    vpc_egress: str = ""
    """AllTraffic or PrivateRangesOnly; Google's choice where empty."""
    network: str = ""
    subnetwork: str = ""
    encryption_key: str = ""
    labels: tuple[tuple[str, str], ...] = ()
    """Put on every Job and execution beside our own."""
    task_timeout_seconds: int = LONGEST_TASK_SECONDS
    max_cpus: float = MOST_CPUS
    max_memory_bytes: int = MOST_MEMORY_BYTES
    refresh_seconds: float = 2.0
    """Between two looks at all Jobs while somebody listens and something runs."""
    pause_seconds: float = 0.25
    """Between the end of one look and the next at least, however many ask for one."""
    patience_seconds: float = 10.0
    """For what one list tells and another does not tell yet; then it counts as lost."""
    log_reads_per_minute: float = 60.0
    """Of the whole project: https://cloud.google.com/logging/quotas."""
    log_poll_seconds: float = 2.0
    """Between two reads of all logs that are followed."""
    log_settle_seconds: float = 5.0
    """An execution's log is whole when nothing came for so long after its end: Google gives no other sign."""
    log_delay_seconds: float = 1.0
    """How long a followed entry waits for older ones that come later."""

    @property
    def parent(self) -> str:
        """Name of the location, as Google's APIs want it."""
        return f"projects/{self.project}/locations/{self.location}"

    @property
    def called(self) -> str:
        """What people call it."""
        return f"{self.project}/{self.location}"

    def job_path(self, name: str) -> str:
        """Return the full name of a container's Job."""
        return f"{self.parent}/jobs/{name}"

    def execution_path(self, name: str) -> str:
        """Return the full name of a container's one execution."""
        return f"{self.parent}/jobs/{name}/executions/{execution_id(name)}"


def execution_id(name: str) -> str:
    """Return the short name of a container's one execution; logs carry it."""
    return f"{name}-{START_TOKEN}"
