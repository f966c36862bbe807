"""The operator without its process: real queue, real reconcile, real handlers, over an API server in memory."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any
from uuid import uuid4

import kopf
from tests.fakes.fake_kube import FakeKube
from tests.fakes.troubled_executor import TroubledExecutor
from tests.fakes.troubles import NO_TROUBLE, Trouble

from containerjob_api.cloudrunhosts import CloudRunHost
from containerjob_api.hostkinds import MODELS, reference_from
from containerjob_api.hostparts import AnyHost
from containerjob_api.hostrefs import HostReference
from containerjob_operator.executors.base import Executor
from containerjob_operator.executors.fake.engine import FakeEngine, engine_named
from containerjob_operator.executors.registry import executor_at, executor_for
from containerjob_operator.executors.supervised import Supervised
from containerjob_operator.handlers.hosts import time_host, watch_host, watch_namespace
from containerjob_operator.handlers.jobs import watch_job
from containerjob_operator.kube.event_series import EventType, Subject
from containerjob_operator.kube.events import EventRecorder
from containerjob_operator.kube.resources import Body
from containerjob_operator.leading import patiently
from containerjob_operator.reconcile.clock import Clock, wall_clock
from containerjob_operator.reconcile.context import Context, build_context
from containerjob_operator.reconcile.hosts import Host
from containerjob_operator.reconcile.intake import load
from containerjob_operator.reconcile.jobs import reconcile_job
from containerjob_operator.reconcile.live_jobs import LiveJob
from containerjob_operator.reconcile.workers import run_workers
from containerjob_operator.settings import Settings

CLUSTER = "cluster-1"
H1 = HostReference(name="h1")
PATIENCE = 90.0


class Notes(EventRecorder):
    """Keeps the events that were told."""

    def __init__(self) -> None:
        self.told: list[tuple[str, str, str]] = []

    def record(self, subject: Subject, type_: EventType, reason: str, message: str) -> None:
        """Note one."""
        self.told.append((type_, reason, message))


class OperatorRig:
    """One operator process; make another over the same API server to restart it."""

    def __init__(
        self,
        kube: FakeKube,
        *,
        trouble: Trouble = NO_TROUBLE,
        clock: Clock = wall_clock,
        cluster: str = CLUSTER,
        **settings: Any,
    ) -> None:
        self.kube = kube
        self.cluster = cluster
        self.trouble = trouble
        self.loaded = False
        self.notes = Notes()
        self.executors: list[TroubledExecutor] = []
        given = {"identity": "rig", "allow_fake_hosts": True, "termination_grace_seconds": 0.05, **settings}
        self.context: Context = build_context(Settings(**given), kube, self.notes, cluster, clock)
        self.context.hosts._make_executor = self._make_executor
        self._events: asyncio.Queue[tuple[str, Body]] = asyncio.Queue()
        self._host_events: asyncio.Queue[tuple[str, Body]] = asyncio.Queue()

    @property
    def memo(self) -> kopf.Memo:
        """What kopf hands to every handler."""
        return kopf.Memo(context=self.context)

    @property
    def executor(self) -> TroubledExecutor:
        """The newest executor."""
        return self.executors[-1]

    def live(self, name: str = "hello") -> LiveJob:
        """Return what the operator remembers of a job."""
        live = self.context.jobs.get(self.kube.job(name)["metadata"]["uid"])
        assert live is not None
        return live

    def host(self, name: str = "h1") -> Host:
        """Return what the operator knows of a host."""
        host = self.context.hosts.get(reference_from(name))
        assert host is not None
        return host

    async def load(self) -> None:
        """Start: take in everything, ask every host, place whoever can be placed."""
        await load(self.context)
        await until(self.context.hosts.all_asked, "all hosts are asked")
        self.context.placements.pass_once()

    def due_in(self, name: str = "hello") -> float:
        """Return in how many seconds the job is looked at again."""
        when = self.context.queue._due[self.kube.job(name)["metadata"]["uid"]]
        return when - asyncio.get_running_loop().time()

    async def look(self, name: str = "hello") -> None:
        """Run one pass over a job."""
        await self.look_at(self.kube.job(name)["metadata"]["uid"])

    async def look_at(self, uid: str) -> None:
        """Run one pass over a job, which may be deleted already, as a worker does that took it from the queue."""
        queue = self.context.queue
        if self.is_due(uid):
            del queue._queued[uid]
            queue._ready.remove(uid)
        await reconcile_job(uid, self.context)

    async def settled(self) -> None:
        """Wait until it has taken in everything, and nobody is looked at or waits to be for a while."""
        quiet = 0
        while quiet < 5:
            await asyncio.sleep(0.01)
            queue = self.context.queue
            at_rest = self.loaded and self.context.hosts.all_asked() and not queue._queued and not queue._active
            quiet = quiet + 1 if at_rest else 0

    async def grace_is_over(self, live: LiveJob) -> None:
        """Wait until a container that got its stop signal may be killed."""
        grace = timedelta(seconds=self.context.settings.termination_grace_seconds)
        await until(
            lambda: live.stop_signalled_at and self.context.now() > live.stop_signalled_at + grace,
            "the grace is over",
        )

    def is_due(self, uid: str) -> bool:
        """Say whether the queue would hand the job out now."""
        return uid in self.context.queue._queued

    async def close(self) -> None:
        """Stop following hosts."""
        await self.context.hosts.aclose()

    @asynccontextmanager
    async def working(self, *, tend_every: float = 0.1) -> AsyncIterator[None]:
        """Work as the process does, until the block ends."""
        watcher = self._hear
        self.kube.fake.watchers.append(watcher)
        parts = (self._begin(), self._deliver(), self._deliver_hosts(), self._tend(tend_every))
        tasks = [asyncio.create_task(part) for part in parts]
        try:
            yield
        finally:
            self.kube.fake.watchers.remove(watcher)
            for task in tasks:
                task.cancel()
            ended = await asyncio.gather(*tasks, return_exceptions=True)
            await self.close()
            broken = [e for e in ended if isinstance(e, Exception)]
            assert not broken, broken

    def real_executor(self, host: AnyHost) -> Executor:
        """Make what a host is spoken with; behind a CloudRunHost is a fake engine that has the project's name."""
        if isinstance(host, CloudRunHost):
            return executor_at(f"fake://{host.spec.project}", cluster_uid=self.cluster, allow_fake_hosts=True)
        fake = self.context.settings.allow_fake_hosts
        return executor_for(host, cluster_uid=self.cluster, allow_fake_hosts=fake, read_key=no_key)

    def _make_executor(self, host: AnyHost) -> Executor:
        self.executors.append(TroubledExecutor(self.real_executor(host), self.trouble))
        return Supervised(self.executors[-1], self.kube.permit, rehearsing=self.context.settings.dry_run)

    def _hear(self, type_: str, body: Body) -> None:
        (self._host_events if body["kind"] in MODELS else self._events).put_nowait((type_, body))

    async def _begin(self) -> None:
        await patiently(lambda: load(self.context))
        self.loaded = True
        async with asyncio.TaskGroup() as group:
            group.create_task(self.context.placements.run())
            group.create_task(run_workers(self.context))
            group.create_task(self.context.expiry.run())

    async def _deliver(self) -> None:
        while True:
            type_, body = await self._events.get()
            handler = watch_job if body["kind"] == "ContainerJob" else watch_namespace
            await handler(event={"type": type_, "object": body}, memo=self.memo)

    async def _deliver_hosts(self) -> None:
        while True:
            type_, body = await self._host_events.get()
            await watch_host(event={"type": type_, "object": body}, memo=self.memo)

    async def _tend(self, every: float) -> None:
        while True:
            await asyncio.sleep(every)
            for host in self.context.hosts:
                await time_host(body=as_body(host.reference), memo=self.memo)


async def no_key(name: str) -> str:
    """Stand for Secrets that nobody made."""
    raise AssertionError(f"nobody has a Secret {name}")


def as_body(host: HostReference) -> Body:
    """Return as much of the object as handlers look at."""
    return {"kind": host.kind, "metadata": {"name": host.name}}


def new_engine() -> tuple[FakeEngine, str]:
    """Return an engine of the test's own and its endpoint."""
    name = uuid4().hex[:12]
    return engine_named(name), f"fake://{name}"


async def until(condition: Callable[[], object], what: str, seconds: float = PATIENCE) -> None:
    """Wait until something holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds:g} s: {what}"
        await asyncio.sleep(0.005)
