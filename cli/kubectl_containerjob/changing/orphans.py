"""Containers that belong to no job, as the operator sees them on a host."""

from typing import Final

from kubectl_containerjob.hosts import Named, named
from kubectl_containerjob.kubectl import Body, Kubectl
from kubectl_containerjob.problems import Refused

NO_LOG_API: Final = "NoLogApi"
"""The reason where no host at all can be asked."""


def orphans(kubectl: Kubectl, host: str) -> list[Body]:
    """Ask the operator what a host has that belongs to no job; where it can't be asked, Refused says why."""
    try:
        found: list[Body] = kubectl.raw(named(host).subresource("orphans"))["items"]
    except Refused as refusal:
        raise _explained(kubectl, named(host), refusal) from refusal
    return found


def _explained(kubectl: Kubectl, host: Named, refusal: Refused) -> Refused:
    """Tell a missing log API from a missing host: both are Not Found to kubectl."""
    if refusal.reason == "Forbidden":
        return Refused(
            f"you may not read {host.typed}s/orphans of {host.name}: ask an administrator for it", refusal.reason
        )
    if refusal.reason in {"NotFound", "Unknown"}:
        if host.find(kubectl) is None:
            return host.missing()
        return Refused("the operator's log API is not installed: see `kubectl containerjob doctor`", NO_LOG_API)
    return refusal
