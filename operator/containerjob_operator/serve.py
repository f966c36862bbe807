"""One operator's life: check the CRDs, serve logs, win the Lease, load, work, and let go of the Lease."""

import asyncio
import gc
from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeVar

import kopf
import structlog

from containerjob_api.names import OPERATOR_NAME
from containerjob_operator.api.server import LogApi
from containerjob_operator.api.trust import Unusable
from containerjob_operator.errors import KubeUnavailable
from containerjob_operator.executors.base import Executor
from containerjob_operator.executors.registry import executor_for
from containerjob_operator.handlers.register import make_kopf_settings, make_registry
from containerjob_operator.kube.client import Kube
from containerjob_operator.kube.events import EventRecorder
from containerjob_operator.kube.lease import Lease, LeaseLost
from containerjob_operator.kube.lease_rules import Timing
from containerjob_operator.reconcile.context import Context, build_context
from containerjob_operator.reconcile.intake import load
from containerjob_operator.reconcile.workers import run_workers
from containerjob_operator.settings import Settings

log = structlog.get_logger(__name__)

Answer = TypeVar("Answer")
ASK_AGAIN_SECONDS: Final = 0.5
STOP_SECONDS: Final = 10.0
"""How long kopf may take to close its watches."""


class NotInstalledError(Exception):
    """The cluster lacks what the operator needs; the message says what and what to do."""


async def serve(settings: Settings) -> None:
    """Run until told to stop; raises LeaseLost where another operator took over, NotInstalledError at start."""
    kube = Kube.connect(settings.kubeconfig)
    try:
        missing = await patiently(kube.missing_fields)
        if missing:
            raise NotInstalledError("; ".join(missing))
        log_api = await serve_logs(settings, kube)
        try:
            await stand_by_and_lead(settings, kube, log_api)
        finally:
            if log_api is not None:
                await log_api.aclose()
    finally:
        await kube.aclose()


async def serve_logs(settings: Settings, kube: Kube) -> LogApi | None:
    """Serve the log API, if asked to; a standby does so as well as the leader."""
    if settings.log_api is None:
        return None

    def make_executor(endpoint: str, cluster_uid: str) -> Executor:
        return executor_for(endpoint, cluster_uid=cluster_uid, allow_fake_hosts=settings.allow_fake_hosts)

    return await LogApi.start(settings.log_api, kube, make_executor)


async def stand_by_and_lead(settings: Settings, kube: Kube, log_api: LogApi | None) -> None:
    """Win the Lease, work, and give it up."""
    seconds = settings.lease_seconds
    timing = Timing(duration=seconds, renew=seconds / 3, deadline=seconds / 1.5, retry=seconds / 7.5)
    lease = Lease(kube, settings.namespace, OPERATOR_NAME, settings.identity, timing=timing)
    await lease.acquire()
    log.info("leading", identity=settings.identity)
    try:
        await lead(settings, kube, lease, log_api)
    finally:
        await lease.release()


async def lead(settings: Settings, kube: Kube, lease: Lease, log_api: LogApi | None = None) -> None:
    """Do the work for as long as the Lease is held."""
    work: set[asyncio.Task[Any]] = {asyncio.create_task(lease.hold(), name="lease")}
    recorder = EventRecorder(kube)
    followers = None if log_api is None else log_api.followers
    cluster_uid = await patiently(kube.cluster_uid)
    context = build_context(settings, kube, recorder, cluster_uid, followers=followers)

    async def stop_work() -> None:
        """End our own tasks. kopf, on its way out, would wait for them: it takes every task for its own."""
        if log_api is not None:
            await log_api.aclose()  # first: whoever follows a log goes on at another replica
        for task in work:
            task.cancel()
        await asyncio.gather(*work, return_exceptions=True)
        await context.hosts.aclose()

    try:
        await patiently(lambda: load(context))
        gc.freeze()
        work |= {
            asyncio.create_task(context.placements.run(), name="placements"),
            asyncio.create_task(run_workers(context), name="workers"),
            asyncio.create_task(context.expiry.run(), name="expiry"),
        }
        await _until_the_first_ends(settings, context, work, stop_work)
    finally:
        await stop_work()
        await recorder.aclose()


async def patiently(ask: Callable[[], Awaitable[Answer]]) -> Answer:
    """Ask until the API server answers; it may still be starting, or have just learnt of our kinds."""
    while True:
        try:
            return await ask()
        except KubeUnavailable as problem:
            log.info("waiting for the API server", problem=str(problem))
            await asyncio.sleep(min(problem.retry_after or ASK_AGAIN_SECONDS, 10 * ASK_AGAIN_SECONDS))


async def _until_the_first_ends(
    settings: Settings, context: Context, work: set[asyncio.Task[Any]], stop_work: Callable[[], Awaitable[None]]
) -> None:
    """Run kopf beside the work: its watches feed the queue, its timers look after hosts, SIGTERM ends it."""
    stop = asyncio.Event()
    watch = asyncio.create_task(
        kopf.operator(
            registry=make_registry(settings, stop_work),
            settings=make_kopf_settings(settings),
            memo=kopf.Memo(context=context),
            clusterwide=True,
            standalone=True,
            stop_flag=stop,
        ),
        name="kopf",
    )
    done, _ = await asyncio.wait({watch, *work}, return_when=asyncio.FIRST_COMPLETED)
    log.info("stopping", because=sorted(task.get_name() for task in done))
    stop.set()
    await asyncio.wait({watch}, timeout=STOP_SECONDS)
    for task in done:
        if not task.cancelled():
            task.result()


__all__ = ["LeaseLost", "NotInstalledError", "Unusable", "lead", "serve"]
