"""The periodic care of a host, driven by its timer: probe, resync, sweep, and its status."""

import structlog

from containerjob_operator.decide.hosts import host_status
from containerjob_operator.decide.observations import RunState
from containerjob_operator.errors import HostUnavailable, KubeError, ObjectGone, WriteConflict
from containerjob_operator.executors.base import Executor
from containerjob_operator.reconcile.context import Context
from containerjob_operator.reconcile.hosts import Host
from containerjob_operator.reconcile.sweeping import sweep_host

log = structlog.get_logger(__name__)


async def tend_host(name: str, context: Context) -> None:
    """Do everything a host needs every now and then. What fails is left for the next time."""
    host = context.hosts.get(name)
    if host is None:
        return
    spared = None
    try:
        await context.hosts.ask(host)
        if host.usable and host.executor is not None:
            spared = await resync(host, host.executor, context)
    except HostUnavailable as problem:
        log.info("host went away while it was looked after", host=name, problem=str(problem))
    except KubeError as problem:
        log.warning("host is looked after later", host=name, problem=str(problem))
    await tell_status(host, context, spared)


async def resync(host: Host, executor: Executor, context: Context) -> int:
    """List the host once: wake jobs whose container is not what it should be, clear what may go.

    Returns how many containers that are nobody's a dry run left.
    """
    containers = await executor.list_owned()
    rows = {row.name: row for row in containers}
    for uid in tuple(context.placements.held[host.body.metadata.name]):
        live = context.jobs.get(uid)
        attempt = live.job.status.current if live is not None else None
        row = rows.get(attempt.name) if attempt is not None else None
        if row is None or row.state is not RunState.RUNNING:
            context.wake(uid)
    ours = tuple(row for row in containers if row.namespace and row.job_name)
    # Without these labels no job can be looked up: whoever made such a container, we did not.
    return await sweep_host(host, executor, ours, context) if ours else 0


async def tell_status(host: Host, context: Context, spared: int | None = None) -> None:
    """Store what is known of the host, if anything changed; `spared` is None where nobody has counted."""
    running = len(context.placements.held[host.body.metadata.name])
    status = host_status(host.body, host.probe, running, context.now(), spared)
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
