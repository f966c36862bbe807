"""The status report: what a person asks first when something seems wrong, as JSON and as one line of the log."""

import asyncio
import importlib.metadata
import time
from collections import Counter
from typing import Any, Final

from containerjob_api.phases import UNPLACED, Phase, Reason
from containerjob_operator.decide.facts import Unplaced
from containerjob_operator.monitoring.life import Life
from containerjob_operator.reconcile.context import Context

UNDECIDED: Final = "Undecided"
"""A job that waits and was not judged yet, or waits until every host has been asked."""
WAITING: Final = (*UNPLACED, Reason.OPERATOR_FULL)
"""Every reason to wait that the schedule gives."""


def report(life: Life) -> dict[str, Any]:
    """Return the report; nothing in it names a job, or tells what one was given."""
    now = time.monotonic()
    told: dict[str, Any] = {
        "version": importlib.metadata.version("containerjob"),
        "identity": life.settings.identity,
        "stage": str(life.stage),
        "stageSeconds": round(now - life.since, 1),
        "uptimeSeconds": round(now - life.started, 1),
        "tasks": len(asyncio.all_tasks()),
        "logFollowers": 0 if life.log_api is None else life.log_api.followers.count,
        "options": life.settings.model_dump(mode="json", by_alias=True, exclude={"identity"}, exclude_defaults=True),
    }
    if life.lease is not None:
        told["leaseRenewedSecondsAgo"] = round(life.lease.age, 1)
    if life.recorder is not None:
        told["events"] = {"waiting": life.recorder.waiting, "dropped": life.recorder.dropped}
    return told if life.context is None else told | _work(life.context)


def phases(context: Context) -> Counter[str]:
    """Count unfinished jobs by phase."""
    return Counter(str(live.job.status.phase or Phase.PENDING) for live in context.jobs)


def waiting(context: Context) -> Counter[str]:
    """Count jobs that wait for a host or a slot, by reason."""
    verdicts = (live.placement for live in context.placements.waiting())
    return Counter(str(why.reason) if isinstance(why, Unplaced) else UNDECIDED for why in verdicts)


def _work(context: Context) -> dict[str, Any]:
    queue = context.queue
    return {
        "jobs": dict(phases(context)),
        "waiting": dict(waiting(context)),
        "queue": {"ready": queue.ready, "active": queue.active, "later": len(queue) - queue.ready},
        "expiring": len(context.expiry),
        "hosts": [
            {
                "name": str(host.reference),
                "usable": host.usable,
                "reason": str(host.probe.reason),
                "problem": host.probe.problem,
                "slots": host.slots,
                "used": len(context.placements.held.get(host.reference, ())),
            }
            for host in context.hosts
        ],
    }
