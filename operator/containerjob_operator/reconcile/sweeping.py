"""Clears a host of what is nobody's, what was given up and what was kept long enough. All else stays as it is."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Final

import structlog
from pydantic import ValidationError

from containerjob_operator.decide.observations import OwnedContainer, RunState
from containerjob_operator.decide.sweeps import UNREADABLE, Owner, Step, Sweep, owner_of, spared, step, sweep
from containerjob_operator.errors import HostUnavailable
from containerjob_operator.executors.base import Executor
from containerjob_operator.reconcile.context import Context
from containerjob_operator.reconcile.hosts import Host

log = structlog.get_logger(__name__)

TROUBLES: Final = 3
"""Containers that an engine can't be rid of before the rest is left for the next time; it may not answer at all."""
NAMED: Final = 20
"""Containers that an Event names."""


async def sweep_host(host: Host, executor: Executor, rows: tuple[OwnedContainer, ...], context: Context) -> int:
    """Clear a host of what may go of these rows, which were listed just now and name their jobs.

    Returns how many a dry run left that are nobody's.
    """
    host.signalled &= {row.name for row in rows}
    existing = await context.kube.job_uids()
    _suspect_vanished(host, rows, existing, context)
    dated = [await _dated(row, host, executor, context) for row in rows]
    unfinished = {row.job_uid: owner for row in dated if (owner := _known(row, context)) is not None}
    plan = sweep(dated, existing, unfinished, host.body.spec, context.now())
    clearance = _Clearance(host, executor, existing, plan, context)
    await clearance.run()
    left = sorted(row.name for row in (*plan.spared, *clearance.spared))
    tell_spared(host, left, context)
    return len(left)


def tell_spared(host: Host, names: list[str], context: Context) -> None:
    """Tell what a dry run leaves, once: the number of them is in the host's status."""
    if not names or len(names) == host.body.status.orphaned_containers:
        return
    log.warning("containers of no job are left by a dry run", host=str(host.reference), containers=names)
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    message = (
        f"{len(names)} containers belong to no job; spec.orphanPolicy.dryRun keeps these from being removed: "
        f"{', '.join(names[:NAMED])}{more}"
    )
    context.recorder.record(host.body, "Warning", "OrphanedContainers", message)


def _suspect_vanished(host: Host, rows: Iterable[OwnedContainer], existing: frozenset[str], context: Context) -> None:
    """Have jobs read again that are not listed any more: their DELETED event was missed."""
    here = context.placements.held[host.reference] | {row.job_uid for row in rows}
    for uid in here - existing:
        live = context.jobs.get(uid)
        if live is not None:
            live.suspect = True
            context.queue.add(uid)


async def _dated(row: OwnedContainer, host: Host, executor: Executor, context: Context) -> OwnedContainer:
    """Ask when an old container ended: lists tell only when it was made, and it may have run for days."""
    old = context.now() - row.created_at >= timedelta(seconds=host.body.spec.container_retention_seconds)
    if not old or row.finished_at is not None or row.state is RunState.RUNNING or _is_current(row, context):
        return row
    return replace(row, finished_at=(await executor.inspect(row.name)).finished_at)


def _known(row: OwnedContainer, context: Context) -> Owner | None:
    live = context.jobs.get(row.job_uid)
    return None if live is None else owner_of(live.job)


def _is_current(row: OwnedContainer, context: Context) -> bool:
    owner = _known(row, context)
    return owner is not None and owner.current == row.name


@dataclass(slots=True)
class _Clearance:
    """One pass over the chosen containers; nothing goes on the strength of the list alone."""

    host: Host
    executor: Executor
    existing: frozenset[str]
    plan: Sweep
    context: Context
    troubles: int = 0
    spared: list[OwnedContainer] = field(default_factory=list)
    """Left by a dry run, which only a read of the job could tell."""

    async def run(self) -> None:
        """Treat the containers job by job, each with a read of its job and a look at itself just before."""
        expired = set(self.plan.expired)
        chosen: dict[tuple[str, str, str], list[OwnedContainer]] = {}
        for row in (*self.plan.suspects, *self.plan.expired):
            chosen.setdefault((row.job_uid, row.namespace, row.job_name), []).append(row)
        for (uid, namespace, name), rows in chosen.items():
            owner = await self._read(uid, namespace, name)
            if owner is None and uid in self.existing:
                continue  # gone since the list, or not of this name: the next list tells
            for row in rows:
                await self._try(row, owner, expired=row in expired)

    async def _read(self, uid: str, namespace: str, name: str) -> Owner | None:
        """Read the job itself; only another uid under its name, or none at all, means gone."""
        try:
            job = await self.context.kube.get_job(namespace, name)
        except ValidationError:
            if await self.context.kube.job_uid(namespace, name) != uid:
                return None
            log.warning("a job cannot be read; its containers stay", namespace=namespace, job=name, uid=uid)
            return UNREADABLE
        return owner_of(job) if job is not None and job.metadata.uid == uid else None

    async def _try(self, row: OwnedContainer, owner: Owner | None, *, expired: bool) -> None:
        try:
            await self._treat(row, owner, expired=expired)
        except HostUnavailable as problem:
            self.troubles += 1
            if self.troubles >= TROUBLES:
                raise
            log.info("a container is cleared later", problem=str(problem), **self._about(row))

    async def _treat(self, row: OwnedContainer, owner: Owner | None, *, expired: bool) -> None:
        row = replace(row, state=(await self.executor.inspect(row.name)).state)
        if row.state is RunState.ABSENT or not self.host.usable or self._may_be_current(row, owner):
            return
        spec, now, signalled = self.host.body.spec, self.context.now(), row.name in self.host.signalled
        if spared(row, owner, spec=spec, now=now):
            self.spared.append(row)
            return
        what = step(row, owner, expired=expired, signalled=signalled, spec=spec, now=now)
        if what is Step.NOTHING or self._is_read(row, what):
            return
        would = "would clear a container" if self.context.settings.dry_run else "clearing a container"
        log.info(would, step=what.value, **self._about(row))
        if what is Step.STOP:
            self.host.signalled.add(row.name)
            await self.executor.signal_stop(row.name)
        elif what is Step.KILL:
            await self.executor.kill(row.name)
        else:
            await self.executor.remove(row.name)
            self.host.signalled.discard(row.name)

    def _about(self, row: OwnedContainer) -> dict[str, str | int]:
        about: dict[str, str | int] = {"container": row.name, "host": str(self.host.reference)}
        return about | {"namespace": row.namespace, "job": row.job_name, "uid": row.job_uid, "attempt": row.attempt}

    def _is_read(self, row: OwnedContainer, what: Step) -> bool:
        """Say whether an ended container is left for the next time, since its output is being read."""
        over = what is Step.REMOVE and row.state is RunState.EXITED
        return over and self.context.followers.hold(row.name)

    def _may_be_current(self, row: OwnedContainer, owner: Owner | None) -> bool:
        """Say whether this process holds the container for an active one, or may be binding it at this moment."""
        live = self.context.jobs.get(row.job_uid)
        if live is None:
            return owner is not None and not owner.finished  # unfinished, and not taken in yet
        known = owner_of(live.job)
        if owner is None or row.name == known.current:
            return True
        return live.host is not None and known.current is None and row.attempt >= known.attempts
