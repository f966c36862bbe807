"""What tools say of an object: kstatus by its documented order, kubectl wait, and Flux' health check expressions."""

from collections.abc import Iterator
from typing import Any

Body = dict[str, Any]


def compute(body: Body) -> str:
    """Return kstatus' verdict over a custom resource: the first rule that says something."""
    if body["metadata"].get("deletionTimestamp"):
        return "Terminating"
    status = body.get("status", {})
    if "observedGeneration" in status and status["observedGeneration"] != body["metadata"]["generation"]:
        return "InProgress"
    # One pass over both: where an object says True of both, the one that stands first decides.
    for known in status.get("conditions", []):
        if known["status"] == "True" and known["type"] in {"Reconciling", "Stalled"}:
            return "InProgress" if known["type"] == "Reconciling" else "Failed"
    for known in status.get("conditions", []):
        if known["type"] == "Ready":
            return "Current" if known["status"] == "True" else "InProgress"
    return "Current"


def fulfilled(body: Body) -> Iterator[str]:
    """Yield the conditions for which `kubectl wait` would return: True, and of the present generation."""
    for known in body.get("status", {}).get("conditions", []):
        if known["status"] == "True" and known.get("observedGeneration", 0) >= body["metadata"]["generation"]:
            yield known["type"]
