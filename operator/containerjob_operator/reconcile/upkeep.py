"""The periodic care of a host, driven by its timer: probe, resync, sweep, and its status."""

from dataclasses import replace
from datetime import timedelta

import structlog
from pydantic import ValidationError

from containerjob_operator.decide.hosts import host_status
from containerjob_operator.decide.observations import OwnedContainer, RunState
from containerjob_operator.decide.sweeps import Retention, sweep
from containerjob_operator.errors import HostUnavailable, KubeError, ObjectGone, WriteConflict
from containerjob_operator.executors.base import Executor
from containerjob_operator.reconcile.context import Context, now
from containerjob_operator.reconcile.hosts import Host

log = structlog.get_logger(__name__)


async def tend_host(name: str, context: Context) -> None:
    """Do everything a host needs every now and then. What fails is left for the next time."""
    host = context.hosts.get(name)
    if host is None:
        return
    try:
        await context.hosts.ask(host)
        if host.usable and host.executor is not None:
            await resync(host, host.executor, context)
    except HostUnavailable as problem:
        log.info("host went away while it was looked after", host=name, problem=str(problem))
    except KubeError as problem:
        log.warning("host is looked after later", host=name, problem=str(problem))
    await tell_status(host, context)


async def resync(host: Host, executor: Executor, context: Context) -> None:
    """List the host once: wake jobs whose container is not what it should be, sweep what is nobody's."""
    containers = await executor.list_owned()
    rows = {row.name: row for row in containers}
    for uid in tuple(context.placements.held[host.body.metadata.name]):
        live = context.jobs.get(uid)
        attempt = live.job.status.current if live is not None else None
        row = rows.get(attempt.name) if attempt is not None else None
        if row is None or row.state is not RunState.RUNNING:
            context.wake(uid)
    if containers:
        await sweep_host(host, executor, containers, context)


async def sweep_host(
    host: Host, executor: Executor, containers: tuple[OwnedContainer, ...], context: Context
) -> None:
    """Remove containers of jobs that are gone, and finished ones that were kept long enough."""
    existing = await context.kube.job_uids()
    retention = Retention(context.settings.retention_seconds, context.settings.retention_count)
    _suspect_vanished(host, existing, context)
    dated = [await _dated(row, executor, retention, context) for row in containers]
    plan = sweep(dated, existing, context.jobs.uids(), retention, now())
    for row in plan.orphaned:
        if await _proven_gone(row, context):
            await _end(row, host, executor, context)
    for row in plan.expired:
        log.info("removing a finished container", container=row.name, host=host.body.metadata.name)
        await executor.remove(row.name)


def _suspect_vanished(host: Host, existing: frozenset[str], context: Context) -> None:
    """Have jobs read again that are not listed any more: their DELETED event was missed."""
    for uid in context.placements.held[host.body.metadata.name] - existing:
        live = context.jobs.get(uid)
        if live is not None:
            live.suspect = True
            context.queue.add(uid)


async def tell_status(host: Host, context: Context) -> None:
    """Store what is known of the host, if anything changed."""
    running = len(context.placements.held[host.body.metadata.name])
    status = host_status(host.body, host.probe, running, now())
    if status == host.body.status:
        return
    before = host.body
    try:
        written = await context.kube.write_host_status(before, status)
    except (ObjectGone, WriteConflict):
        return
    except KubeError as problem:
        log.warning("host status is written later", host=host.body.metadata.name, problem=str(problem))
    else:
        # The watch may have brought a newer object before the answer came.
        if host.body.metadata.resource_version == before.metadata.resource_version:
            host.body = written


async def _dated(row: OwnedContainer, executor: Executor, retention: Retention, context: Context) -> OwnedContainer:
    """Ask when an old container ended: lists tell only when it was made, and it may have run for days."""
    old = now() - row.created_at >= timedelta(seconds=retention.seconds)
    if not old or row.finished_at is not None or row.state is RunState.RUNNING or row.job_uid in context.jobs:
        return row
    return replace(row, finished_at=(await executor.inspect(row.name)).finished_at)


async def _proven_gone(row: OwnedContainer, context: Context) -> bool:
    """Read the object itself just before anything is destroyed."""
    if row.job_uid in context.jobs:
        return False
    try:
        job = await context.kube.get_job(row.namespace, row.job_name)
    except ValidationError:
        log.warning("a job cannot be read; its container stays", namespace=row.namespace, job=row.job_name)
        return False
    return job is None or job.metadata.uid != row.job_uid


async def _end(row: OwnedContainer, host: Host, executor: Executor, context: Context) -> None:
    log.info("removing a container whose job is gone", container=row.name, host=host.body.metadata.name)
    if row.state is RunState.RUNNING and row.name not in host.signalled:
        host.signalled.add(row.name)
        await executor.signal_stop(row.name)
        return
    host.signalled.discard(row.name)
    await executor.remove(row.name)
