"""Whether a deleted job would come back, and hence run again, because something keeps its manifest applied."""

from typing import Final

from containerjob_api.jobs import ContainerJob
from containerjob_api.resources import ObjectMeta

ARGO_TRACKING: Final = "argocd.argoproj.io/tracking-id"
ARGO_INSTANCE: Final = "argocd.argoproj.io/instance"
ARGO_HOOK: Final = "argocd.argoproj.io/hook"
FLUX_KUSTOMIZATION: Final = "kustomize.toolkit.fluxcd.io/name"
FLUX_RELEASE: Final = "helm.toolkit.fluxcd.io/name"
HELM_RELEASE: Final = "meta.helm.sh/release-name"

_FROM_MANIFEST: Final = "remove the ttl from the manifest"
_REMEDIES: Final = {
    "Argo CD": f"{_FROM_MANIFEST}, or make the job a sync hook ({ARGO_HOOK})",
    "Flux": f"{_FROM_MANIFEST}; the container is cleaned up without it",
    "Helm": f"{_FROM_MANIFEST}, or make the job a hook (helm.sh/hook)",
}


def recreator(metadata: ObjectMeta) -> str | None:
    """Return who would create the object again.

    The label app.kubernetes.io/managed-by proves nothing: charts carry it however they are applied.
    """
    labels, annotations = metadata.labels, metadata.annotations
    if ARGO_TRACKING in annotations or ARGO_INSTANCE in labels:
        # A hook belongs to one sync: Argo CD does not miss it afterwards.
        return None if ARGO_HOOK in annotations else "Argo CD"
    if FLUX_KUSTOMIZATION in labels or FLUX_RELEASE in labels:
        return "Flux"
    return "Helm" if HELM_RELEASE in annotations else None


def expiry_warning(job: ContainerJob) -> str | None:
    """Say what will follow the deletion of an expired job, where that is another run of it."""
    who = recreator(job.metadata)
    if who is None:
        return None
    return (
        f"the job is deleted when its ttl is over; {who} creates deleted objects again, hence runs it again: "
        f"{_REMEDIES[who]}"
    )
