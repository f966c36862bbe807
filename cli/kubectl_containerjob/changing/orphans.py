"""Containers that belong to no job, as the operator sees them on a host."""

from typing import Final

from kubectl_containerjob.kubectl import HOSTS, SUBRESOURCES, Body, Kubectl, path_of
from kubectl_containerjob.problems import Refused
from kubectl_containerjob.setup.remedies import missing_host

NO_LOG_API: Final = "NoLogApi"
"""The reason where no host at all can be asked."""


def orphans(kubectl: Kubectl, host: str) -> list[Body]:
    """Ask the operator what a host has that belongs to no job; where it can't be asked, Refused says why."""
    try:
        found: list[Body] = kubectl.raw(path_of("dockerhosts", name=f"{host}/orphans", base=SUBRESOURCES))["items"]
    except Refused as refusal:
        raise _explained(kubectl, host, refusal) from refusal
    return found


def _explained(kubectl: Kubectl, host: str, refusal: Refused) -> Refused:
    """Tell a missing log API from a missing host: both are Not Found to kubectl."""
    if refusal.reason == "Forbidden":
        return Refused(f"you may not read dockerhosts/orphans of {host}: ask an administrator for it", refusal.reason)
    if refusal.reason in {"NotFound", "Unknown"}:
        if kubectl.find(HOSTS, host, namespaced=False) is None:
            return missing_host(host)
        return Refused("the operator's log API is not installed: see `kubectl containerjob doctor`", NO_LOG_API)
    return refusal
