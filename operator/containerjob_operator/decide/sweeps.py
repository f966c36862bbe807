"""Which containers on a host may go: those whose job is gone, and finished ones beyond their retention."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from containerjob_operator.decide.observations import OwnedContainer, RunState


@dataclass(frozen=True, slots=True)
class Retention:
    """How long, and how many, finished containers stay for their logs while their job exists."""

    seconds: float = 24 * 3600.0
    count: int = 200


@dataclass(frozen=True, slots=True)
class Sweep:
    """What to do with a host's containers, with the reason in the name."""

    orphaned: tuple[OwnedContainer, ...]
    """Their job does not exist any more: end and remove them."""
    expired: tuple[OwnedContainer, ...]
    """Their job has finished and its time of keeping is over: remove them."""


def sweep(
    containers: Iterable[OwnedContainer],
    existing: Collection[str],
    live: Collection[str],
    retention: Retention,
    now: datetime,
) -> Sweep:
    """Judge a host's containers.

    `existing` holds the uids of all jobs and must have been listed after `containers`: a job is older than its
    container, so a uid that is missing from a later list is proven gone. `live` are unfinished jobs: never touched.
    """
    containers = tuple(containers)
    orphaned = tuple(c for c in containers if c.job_uid not in existing)
    kept = sorted(
        (
            c
            for c in containers
            if c.job_uid in existing and c.job_uid not in live and c.state is not RunState.RUNNING
        ),
        key=lambda c: c.finished_at or c.created_at,
        reverse=True,
    )
    horizon = now - timedelta(seconds=retention.seconds)
    expired = tuple(
        c for rank, c in enumerate(kept) if rank >= retention.count or (c.finished_at or c.created_at) <= horizon
    )
    return Sweep(orphaned, expired)
