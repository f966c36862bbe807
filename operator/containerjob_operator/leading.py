"""The work of the replica that holds the Lease, from its first look to its orderly end."""

import asyncio
import contextlib
import gc
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Final, TypeVar

import kopf
import structlog

from containerjob_operator.errors import KubeUnavailable
from containerjob_operator.handlers.register import make_kopf_settings, make_registry
from containerjob_operator.kube.client import Kube
from containerjob_operator.kube.events import EventRecorder
from containerjob_operator.kube.lease import LeaseLost
from containerjob_operator.monitoring.life import Life, Stage
from containerjob_operator.reconcile.context import Context, build_context
from containerjob_operator.reconcile.intake import load
from containerjob_operator.reconcile.rest import until_at_rest
from containerjob_operator.reconcile.upkeep import tend_hosts
from containerjob_operator.reconcile.workers import run_workers
from containerjob_operator.signals import Signals

log = structlog.get_logger(__name__)

Answer = TypeVar("Answer")
ASK_AGAIN_SECONDS: Final = 0.5
KOPF_SECONDS: Final = 5.0
"""How long kopf may take to close its watches."""
RELEASE_SECONDS: Final = 3.0
"""How long giving up the Lease may take; it runs out by itself."""
EVENTS_SECONDS: Final = 5.0
"""How long Events that wait may take to be written."""


async def patiently(ask: Callable[[], Awaitable[Answer]]) -> Answer:
    """Ask until the API server answers; it may still be starting, or have just learnt of our kinds."""
    while True:
        try:
            return await ask()
        except KubeUnavailable as problem:
            log.info("waiting for the API server", problem=str(problem))
            await asyncio.sleep(min(problem.retry_after or ASK_AGAIN_SECONDS, 10 * ASK_AGAIN_SECONDS))


def _over() -> None:
    raise LeaseLost("the term is over")


class Leadership:
    """One term: it ends once told to, when nothing is left to do (--once), or when a part breaks."""

    def __init__(
        self, kube: Kube, life: Life, signals: Signals, close_servers: Callable[[], Awaitable[None]]
    ) -> None:
        self._kube = kube
        self._life = life
        self._signals = signals
        self._close_servers = close_servers
        self._settings = life.settings
        self._recorder = EventRecorder(kube)
        self._context: Context | None = None
        self._ending: asyncio.Task[None] | None = None
        self._broken = False

    async def run(self) -> None:
        """Work to the end of the term; raises what broke, LeaseLost among it."""
        try:
            if self._life.lease is not None:
                self._kube.permit = self._recorder.permit = self._life.lease.check
                self._begin("lease", self._life.lease.hold())
            context = await self._signals.unless_told(self._look())
            self._life.enter(Stage.LEADING)
            gc.freeze()
            await self._work(context)
        finally:
            await self.end()

    async def end(self) -> None:
        """End our own work, once. kopf, on its way out, would wait for our tasks: it takes every task for its own."""
        if self._ending is None:
            self._ending = asyncio.create_task(self._end(), name="end")
        await asyncio.shield(self._ending)

    async def _look(self) -> Context:
        """Take in everything there is."""
        followers = None if self._life.log_api is None else self._life.log_api.followers
        uid = await patiently(self._kube.cluster_uid)
        context = build_context(self._settings, self._kube, self._recorder, uid, followers=followers)
        self._context = self._life.context = context
        self._life.recorder = self._recorder
        await patiently(lambda: load(context))
        return context

    async def _work(self, context: Context) -> None:
        """Run kopf beside the work: its watches feed the queue, its timers look after hosts."""
        self._begin("placements", context.placements.run())
        self._begin("workers", run_workers(context))
        self._begin("expiry", context.expiry.run())
        if self._settings.dry_run:
            self._begin("upkeep", tend_hosts(context))
        stop_kopf = asyncio.Event()
        watch = self._begin("kopf", self._watch(context, stop_kopf))
        ends = {*self._life.parts.values(), asyncio.create_task(self._signals.told.wait(), name="signal")}
        if self._settings.once:
            ends.add(asyncio.create_task(until_at_rest(context), name="at rest"))
        done, others = await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        log.info("stopping", because=sorted(task.get_name() for task in done))
        self._broken = any(task.cancelled() or task.exception() for task in done)
        try:
            await self.end()
        finally:
            stop_kopf.set()
            await asyncio.wait({watch}, timeout=KOPF_SECONDS)
            for task in others - {watch}:
                task.cancel()
        for task in done:
            if not task.cancelled():
                task.result()

    async def _watch(self, context: Context, stop: asyncio.Event) -> None:
        """Do what kopf.operator does, but keep the signals: kopf would end at the first and break at the second."""
        namespaces, before = self._settings.namespaces, asyncio.all_tasks()
        tasks = await kopf.spawn_tasks(
            registry=make_registry(self._settings, self.end, self._kube.host_kinds),
            settings=make_kopf_settings(self._settings),
            memo=kopf.Memo(context=context),
            clusterwide=not namespaces,
            namespaces=list(dict.fromkeys(namespaces)),
            standalone=True,
            stop_flag=stop,
        )
        self._signals.listen()
        await kopf.run_tasks(tasks, ignored=before)

    def _begin(self, name: str, work: Coroutine[Any, Any, Any]) -> "asyncio.Task[Any]":
        task = self._life.parts[name] = asyncio.create_task(work, name=name)
        return task

    async def _end(self) -> None:
        self._life.enter(Stage.DRAINING)
        if self._context is not None:
            if not self._broken:
                await self._drain(self._context)
            self._context.draining.set()
        tending = set() if self._context is None else self._context.tending
        ours = [*tending, *(task for name, task in self._life.parts.items() if name != "kopf")]
        for task in ours:
            task.cancel()
        await asyncio.gather(*ours, return_exceptions=True)
        if self._context is not None:
            await self._context.hosts.aclose()
        self._kube.permit = _over  # kopf goes on for a moment, and tells of what it sees
        await self._release()
        await self._recorder.aclose(0 if self._broken else EVENTS_SECONDS)
        await self._close_servers()

    async def _drain(self, context: Context) -> None:
        """Let launches and writes under way come to their end, and begin no others."""
        context.draining.set()
        parts = self._life.parts
        for name in {"placements", "expiry", "upkeep"} & set(parts):
            parts[name].cancel()
        lost = parts.get("lease")
        left: set[asyncio.Task[Any]] = {*context.tending, *(parts[name] for name in ("workers",) if name in parts)}
        deadline = asyncio.get_running_loop().time() + self._settings.shutdown_timeout
        while left and not (lost is not None and lost.done()):
            seconds = deadline - asyncio.get_running_loop().time()
            waited = left if lost is None else {*left, lost}
            done, _ = await asyncio.wait(waited, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
            left -= done
            if not done:
                log.warning("not everything under way has ended in time", passes=context.queue.active)
                return

    async def _release(self) -> None:
        """Give up the Lease, so that a standby need not wait for its end."""
        lease, self._life.lease = self._life.lease, None
        if lease is not None:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(RELEASE_SECONDS):
                    await lease.release()
