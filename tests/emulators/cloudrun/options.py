"""How an emulated project is set up: its places, its quotas and its pace."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Options:
    """One project of Google Cloud; numbers are those of https://cloud.google.com/run/quotas."""

    project: str = "demo-project"
    project_number: str = "123456789012"
    locations: tuple[str, ...] = ("europe-west1", "us-central1")
    caller: str = "operator@demo-project.iam.gserviceaccount.com"

    jobs_per_region: int = 1000
    running_executions_per_region: int = 1000
    calls_per_minute: Mapping[str, int] = field(default_factory=dict)
    """By method: 60 of ListLogEntries on the real thing (https://cloud.google.com/logging/quotas); none are counted
    of methods that are not in here."""
    kept_executions: int = 1000
    """Completed executions kept per Job; the oldest are deleted when there are more."""
    page_size: int = 100
    """Of a list that asks for none, and the most any list gives; the reference leaves it to the server."""

    stop_grace_seconds: float = 10.0
    """Between SIGTERM and SIGKILL: https://cloud.google.com/run/docs/container-contract."""
    reconcile_seconds: float = 0.05
    """Until a created or changed Job is ready and its operation done."""
    images_checked_with_job: bool = False
    """Whether a Job whose image is missing is not ready and starts no execution, as `gcloud run jobs update` tells
    it («Updating job... Image '…' not found»); otherwise its execution fails, as for images removed later."""
    start_seconds: float = 0.0
    """What provisioning takes before a task's container starts; a minute and more on the real thing."""
    log_latency_seconds: float = 0.0
    """Until an entry can be read after it was written."""
    system_logs: bool = True
    """Whether Cloud Run's own lines about a container (run.googleapis.com/varlog/system) are beside its output."""
    secrets: Mapping[str, str] = field(default_factory=dict)
    """Secret Manager: values by name."""
    owner: str = ""
    """By which its containers are told from those of other emulators, also when it was killed; its own when empty."""
    container_cpus: bool = True
    """Whether the limits of cpu and memory are put on the containers; off for engines without cgroups."""
