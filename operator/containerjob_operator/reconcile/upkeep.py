"""The periodic care of a host, driven by its timer: probe, resync, sweep, and its status."""

import asyncio
from collections.abc import Iterable
from typing import NoReturn

import structlog

from containerjob_api.hostrefs import HostReference
from containerjob_operator.decide.hosts import host_status, unanswered
from containerjob_operator.decide.observations import OwnedContainer, RunState
from containerjob_operator.errors import (
    ContainerJobError,
    HostRefused,
    HostUnavailable,
    KubeError,
    ObjectGone,
    WriteConflict,
)
from containerjob_operator.executors.base import Executor
from containerjob_operator.reconcile.context import Context
from containerjob_operator.reconcile.hosts import Host
from containerjob_operator.reconcile.sweeping import sweep_host

log = structlog.get_logger(__name__)


async def tend_host(reference: HostReference, context: Context) -> None:
    """Do everything a host needs every now and then. What fails is left for the next time."""
    host = context.hosts.get(reference)
    if host is None or context.draining.is_set():
        return
    with structlog.contextvars.bound_contextvars(host=str(reference)):
        task = asyncio.create_task(_tend(host, context), name=f"tend {reference}")
    context.tending.add(task)
    task.add_done_callback(context.tending.discard)
    await task


async def tend_hosts(context: Context) -> NoReturn:
    """Look after all hosts for ever: what kopf's timers do, without the finalizer that these put on a host."""
    while True:
        await asyncio.sleep(context.settings.resync_interval)
        for host in context.hosts:
            await tend_host(host.reference, context)


async def _tend(host: Host, context: Context) -> None:
    spared, name = None, str(host.reference)
    try:
        await context.hosts.ask(host)
        if host.usable and host.executor is not None:
            spared = await resync(host, host.executor, context)
    except HostRefused as problem:
        context.hosts.note(host, unanswered(problem))
    except HostUnavailable as problem:
        log.info("host went away while it was looked after", host=name, problem=str(problem))
    except ContainerJobError as problem:
        log.warning("host is looked after later", host=name, problem=str(problem))
    await tell_status(host, context, spared)


async def resync(host: Host, executor: Executor, context: Context) -> int:
    """List the host once: wake jobs whose container is not what it should be, clear what may go.

    Returns how many containers that are nobody's a dry run left.
    """
    containers = await executor.list_owned()
    rows = {row.name: row for row in containers}
    for uid in tuple(context.placements.held[host.reference]):
        live = context.jobs.get(uid)
        attempt = live.job.status.current if live is not None else None
        row = rows.get(attempt.name) if attempt is not None else None
        if row is None or row.state is not RunState.RUNNING:
            context.wake(uid)
    _count_others(host, containers, context)
    served = context.settings.serves_namespace
    ours = tuple(row for row in containers if row.namespace and row.job_name and served(row.namespace))
    # Without these labels no job can be looked up: whoever made such a container, we did not.
    return await sweep_host(host, executor, ours, context) if ours else 0


def _count_others(host: Host, rows: Iterable[OwnedContainer], context: Context) -> None:
    """Note how many slots the jobs of other operators take: those in namespaces that are not ours."""
    served = context.settings.serves_namespace
    others = sum(row.state is RunState.RUNNING and not served(row.namespace) for row in rows)
    if others != host.others:
        host.others = others
        context.placements.hosts_changed()


async def tell_status(host: Host, context: Context, spared: int | None = None) -> None:
    """Store what is known of the host, if anything changed; `spared` is None where nobody has counted."""
    running = len(context.placements.held[host.reference]) + host.others
    status = host_status(host.body, host.probe, running, context.now(), spared)
    if status == host.body.status:
        return
    before = host.body
    try:
        written = await context.kube.write_host_status(before, status)
    except (ObjectGone, WriteConflict):
        return
    except KubeError as problem:
        log.warning("host status is written later", host=str(host.reference), problem=str(problem))
    else:
        # The watch may have brought a newer object before the answer came.
        if host.body.metadata.resource_version == before.metadata.resource_version:
            host.body = written
