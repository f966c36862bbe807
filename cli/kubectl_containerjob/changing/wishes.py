"""What cancel, suspend and resume want of a job, and when there is nothing to do."""

from typing import Final

from containerjob_api.phases import Phase
from kubectl_containerjob.changing.changes import Change
from kubectl_containerjob.records import Job


def _ended(job: Job, verb: str) -> str:
    """Say that a job has finished, and nothing is left to do to it."""
    return f"job {job.name} has finished ({job.phase}): nothing to {verb}" if job.finished else ""


def _ends(job: Job, verb: str) -> str:
    """Say the same of a job that is being cancelled."""
    if job.spec.get("cancel") and not job.finished:
        return f"job {job.name} is being cancelled: nothing to {verb}"
    return _ended(job, verb)


def _seen(job: Job) -> bool:
    """Whether the operator has seen what is wanted now."""
    return bool(job.status.get("observedGeneration") == job.body["metadata"].get("generation"))


CANCEL: Final = Change(
    "cancel",
    "cancelled",
    {"cancel": True},
    needless=lambda job: job.phase == Phase.CANCELLED or bool(job.spec.get("cancel") and not job.finished),
    impossible=lambda job: "" if job.phase == Phase.CANCELLED else _ended(job, "cancel"),
    reached=lambda job: job.phase == Phase.CANCELLED,
)
SUSPEND: Final = Change(
    "suspend",
    "suspended",
    {"suspend": True},
    needless=lambda job: bool(job.spec.get("suspend")),
    impossible=lambda job: _ends(job, "suspend"),
    reached=lambda job: job.phase == Phase.SUSPENDED and _seen(job),
)
RESUME: Final = Change(
    "resume",
    "resumed",
    {"suspend": False},
    needless=lambda job: not job.spec.get("suspend"),
    impossible=lambda job: _ends(job, "resume"),
    reached=lambda job: job.finished or (job.phase != Phase.SUSPENDED and _seen(job)),
)
