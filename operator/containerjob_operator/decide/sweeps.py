"""Which containers on a host may go, and how: chosen from a list, then judged again by a look taken just before."""

import sys
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from containerjob_api.hostparts import HostSpec
from containerjob_api.jobs import ContainerJob
from containerjob_operator.decide.observations import OwnedContainer, RunState


@dataclass(frozen=True, slots=True)
class Owner:
    """What a sweep has to know of a container's job."""

    current: str | None
    """Name of the container of the attempt under way."""
    attempts: int
    """How many attempts were ever written down."""
    finished: bool = False
    readable: bool = True


FINISHED: Final = Owner(None, sys.maxsize, finished=True)
"""A job that exists and is not among the unfinished ones, for as long as nobody has read it."""
UNREADABLE: Final = Owner(None, 0, readable=False)
"""A job that exists; which of its attempts is under way cannot be told."""


def owner_of(job: ContainerJob) -> Owner:
    """Return what the job's record says of its containers."""
    status = job.status
    current = None if status.terminal else status.current
    return Owner(current.name if current is not None else None, status.attempt_count, status.terminal)


class Fate(StrEnum):
    """What a container is, given its job."""

    ACTIVE = "active"
    """Of the attempt under way, or maybe of it: never touched."""
    ORPHANED = "orphaned"
    """Its job does not exist."""
    UNRECORDED = "unrecorded"
    """Its job exists and knows of no such attempt, as after a restored backup."""
    LEFT_OVER = "left over"
    """Its attempt was given up, as when its host was lost and is back: it ends, and its logs are kept."""
    KEPT = "kept"
    """Over, and kept for its logs."""


def fate(row: OwnedContainer, owner: Owner | None) -> Fate:
    """Say what the container is; no owner means that its job does not exist."""
    if owner is None:
        return Fate.ORPHANED
    if not owner.readable or row.name == owner.current:
        return Fate.ACTIVE
    if row.attempt >= owner.attempts:
        return Fate.UNRECORDED
    never_ran = row.state is RunState.CREATED and not owner.finished
    return Fate.LEFT_OVER if row.state is RunState.RUNNING or never_ran else Fate.KEPT


@dataclass(frozen=True, slots=True)
class Sweep:
    """What to look at more closely on a host, and what a dry run leaves alone."""

    suspects: tuple[OwnedContainer, ...] = ()
    """Orphaned, unrecorded or left over."""
    expired: tuple[OwnedContainer, ...] = ()
    """Kept for their logs long enough, or more than the host keeps."""
    spared: tuple[OwnedContainer, ...] = ()
    """Would be suspects, were this no dry run."""


def sweep(
    rows: Iterable[OwnedContainer],
    existing: Collection[str],
    unfinished: Mapping[str, Owner],
    spec: HostSpec,
    now: datetime,
) -> Sweep:
    """Choose among a host's containers.

    `existing` holds the uids of all jobs and must have been listed after `rows`: a job is older than its container,
    so a uid that is missing from a later list is proven gone. `unfinished` must be newer than `rows`, too.
    """
    suspects: list[OwnedContainer] = []
    left: list[OwnedContainer] = []
    kept: list[OwnedContainer] = []
    for row in rows:
        what = fate(row, unfinished.get(row.job_uid) or (FINISHED if row.job_uid in existing else None))
        if what is Fate.KEPT:
            kept.append(row)
        elif what is Fate.LEFT_OVER:
            suspects.append(row)
        elif _unclaimed(row, what, spec, now):
            (left if spec.orphan_policy.dry_run else suspects).append(row)
    return Sweep(tuple(suspects), _expired(kept, spec, now), tuple(left))


class Step(StrEnum):
    """What to do with one container."""

    NOTHING = "nothing"
    STOP = "stop"
    KILL = "kill"
    REMOVE = "remove"


def step(
    row: OwnedContainer, owner: Owner | None, *, expired: bool, signalled: bool, spec: HostSpec, now: datetime
) -> Step:
    """Return what to do now with a container that was chosen, given its state and its job as they are now.

    What runs gets its stop signal first (`signalled`: it did), so that it may end by itself until the next sweep.
    """
    what = fate(row, owner)
    if row.state is RunState.ABSENT or what is Fate.ACTIVE:
        return Step.NOTHING
    if what is Fate.KEPT:
        return Step.REMOVE if expired else Step.NOTHING
    if what is not Fate.LEFT_OVER and (spec.orphan_policy.dry_run or not _unclaimed(row, what, spec, now)):
        return Step.NOTHING
    if row.state is not RunState.RUNNING:
        return Step.REMOVE
    if not signalled:
        return Step.STOP
    return Step.KILL if what is Fate.LEFT_OVER else Step.REMOVE


def spared(row: OwnedContainer, owner: Owner | None, *, spec: HostSpec, now: datetime) -> bool:
    """Say whether only the dry run keeps the container."""
    return spec.orphan_policy.dry_run and _unclaimed(row, fate(row, owner), spec, now)


def _unclaimed(row: OwnedContainer, what: Fate, spec: HostSpec, now: datetime) -> bool:
    """Say whether nobody claims the container: none that exists, nor, after a grace, one that does not know it."""
    age = (now - row.created_at).total_seconds()
    return what is Fate.ORPHANED or (what is Fate.UNRECORDED and age >= spec.orphan_policy.grace_seconds)


def _expired(kept: list[OwnedContainer], spec: HostSpec, now: datetime) -> tuple[OwnedContainer, ...]:
    horizon = now - timedelta(seconds=spec.container_retention_seconds)
    newest_first = sorted(kept, key=ended, reverse=True)
    return tuple(
        row for rank, row in enumerate(newest_first) if rank >= spec.max_retained_containers or ended(row) <= horizon
    )


def ended(row: OwnedContainer) -> datetime:
    """Return when the container ended, as far as that is known."""
    return row.finished_at or row.created_at
