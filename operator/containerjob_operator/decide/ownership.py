"""Whether a deleted job would come back, and hence run again, because something keeps its manifest applied."""

from typing import Final

from containerjob_api.jobs import ContainerJob
from containerjob_api.recreators import ARGO_HOOK, recreator

_FROM_MANIFEST: Final = "remove the ttl from the manifest"
_REMEDIES: Final = {
    "Argo CD": f"{_FROM_MANIFEST}, or make the job a sync hook ({ARGO_HOOK})",
    "Flux": f"{_FROM_MANIFEST}; the container is cleaned up without it",
    "Helm": f"{_FROM_MANIFEST}, or make the job a hook (helm.sh/hook)",
}


def expiry_warning(job: ContainerJob) -> str | None:
    """Say what will follow the deletion of an expired job, where that is another run of it."""
    who = recreator(job.metadata.labels, job.metadata.annotations)
    if who is None:
        return None
    return (
        f"the job is deleted when its ttl is over; {who} creates deleted objects again, hence runs it again: "
        f"{_REMEDIES[who]}"
    )
