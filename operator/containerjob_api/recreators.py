"""Who keeps a manifest applied, and would hence create a deleted object again. Standard library only."""

from collections.abc import Mapping
from typing import Final

from containerjob_api.names import LABEL_RESTORED

ARGO_HOOK: Final = "argocd.argoproj.io/hook"
_ARGO_TRACKING: Final = "argocd.argoproj.io/tracking-id"
_ARGO_INSTANCE: Final = "argocd.argoproj.io/instance"
_FLUX: Final = ("kustomize.toolkit.fluxcd.io/name", "helm.toolkit.fluxcd.io/name")
_HELM_RELEASE: Final = "meta.helm.sh/release-name"
_MARKS: Final = (
    *("argocd.argoproj.io/", "kustomize.toolkit.fluxcd.io/", "helm.toolkit.fluxcd.io/", "meta.helm.sh/"),
    "velero.io/",
)
_SHARED_MARKS: Final = frozenset({"app.kubernetes.io/instance", "app.kubernetes.io/managed-by", LABEL_RESTORED})


def recreator(labels: Mapping[str, str], annotations: Mapping[str, str]) -> str | None:
    """Return who would create the object again.

    The label app.kubernetes.io/managed-by proves nothing: charts carry it however they are applied.
    """
    if _ARGO_TRACKING in annotations or _ARGO_INSTANCE in labels:
        # A hook belongs to one sync: Argo CD does not miss it afterwards.
        return None if ARGO_HOOK in annotations else "Argo CD"
    if any(key in labels for key in _FLUX):
        return "Flux"
    return "Helm" if _HELM_RELEASE in annotations else None


def marks_owner(key: str) -> bool:
    """Say whether a label is one by which a tool finds what is its own; a copy with it would be pruned, or held."""
    return key.startswith(_MARKS) or key in _SHARED_MARKS
