"""The hosts: one executor, one event stream and one probe result each. Jobs of a host are looked at when it stirs."""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import structlog

from containerjob_api.hostparts import AnyHost
from containerjob_api.hostrefs import HostReference
from containerjob_api.phases import HostReason
from containerjob_operator.decide.hosts import USABLE, Probe, judge, slots, unanswered
from containerjob_operator.decide.observations import RunEvent
from containerjob_operator.errors import HostUnavailable
from containerjob_operator.executors.base import Executor
from containerjob_operator.executors.registry import EndpointRefused
from containerjob_operator.schedule.placement import HostView

log = structlog.get_logger(__name__)

MakeExecutor = Callable[[AnyHost], Executor]
RETRY_SECONDS = (0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
"""Pauses between attempts to reach an engine; the last one goes on for as long as it is away."""


@dataclass(slots=True)
class Host:
    """One host and what this process knows of its engine."""

    body: AnyHost
    executor: Executor | None
    probe: Probe = field(default_factory=lambda: Probe(None, HostReason.UNREACHABLE, "not asked yet"))
    follower: "asyncio.Task[None] | None" = None
    following: bool = False
    """Its event stream stands, so that whoever reads it does not ask."""
    asking: "asyncio.Task[None] | None" = None
    """Asks again and again while the host does not answer, and its event stream stands all the same."""
    doubted: bool = False
    """Its event stream ended: another engine may answer there by now, and has not said who it is."""
    probed: asyncio.Event = field(default_factory=asyncio.Event)
    others: int = 0
    """Slots taken by jobs in namespaces of other operators, when it was last listed."""
    signalled: set[str] = field(default_factory=set)
    """Orphans that got their stop signal; removed by force the next time."""

    @property
    def slots(self) -> int:
        """How many jobs may run there at a time."""
        return slots(self.body, self.probe.engine)

    @property
    def usable(self) -> bool:
        """Whether jobs may be launched, judged and removed there."""
        return self.probe.reason in USABLE and not self.doubted

    @property
    def ready(self) -> bool:
        """Whether it takes new jobs, as far as it depends on who answers there."""
        return self.usable and self.probe.reason is HostReason.ENGINE_READY

    @property
    def reference(self) -> HostReference:
        """What jobs name it by."""
        return self.body.reference


class Hosts:
    """All hosts by reference; tells the schedule when something changed and wakes jobs whose container stirred."""

    def __init__(self, make_executor: MakeExecutor) -> None:
        self._hosts: dict[HostReference, Host] = {}
        self._make_executor = make_executor
        self._on_change: Callable[[], None] = lambda: None
        self._hear: Callable[[RunEvent], None] = lambda _event: None
        self._wake_all: Callable[[Host], None] = lambda _host: None

    def tell(
        self, *, on_change: Callable[[], None], hear: Callable[[RunEvent], None], wake_all: Callable[[Host], None]
    ) -> None:
        """Say who wants to know: of any change, of an engine's hints, of all jobs of a host."""
        self._on_change, self._hear, self._wake_all = on_change, hear, wake_all

    def get(self, reference: HostReference) -> Host | None:
        """Return the host that is meant."""
        return self._hosts.get(reference)

    def __iter__(self) -> Iterator[Host]:
        return iter(list(self._hosts.values()))

    def observe(self, body: AnyHost) -> Host:
        """Take in a host as the API server has it."""
        host = self._hosts.get(body.reference)
        if host is not None and host.body.spec == body.spec and host.body.metadata.uid == body.metadata.uid:
            host.body = body
            return host
        if host is not None and _same_engine(host.body, body):
            host.body = body
        else:
            old, host = host, self._start(body)
            if old is not None:
                self._retire(old)
                self._wake_all(host)
        self._on_change()
        return host

    def forget(self, reference: HostReference) -> None:
        """Drop a deleted host; its containers are left as they are."""
        host = self._hosts.pop(reference, None)
        if host is not None:
            self._retire(host)
            self._wake_all(host)
            self._on_change()

    def views(self, held: Mapping[HostReference, set[str]]) -> list[HostView]:
        """Describe the hosts to the schedule."""
        return [
            HostView(
                host=reference,
                free=host.slots - len(held.get(reference, ())) - host.others,
                allowed=host.body.spec.allowed_namespaces,
                ready=host.ready,
                schedulable=not host.body.spec.unschedulable and host.body.metadata.deletion_timestamp is None,
                problem=host.probe.problem,
            )
            for reference, host in self._hosts.items()
        ]

    def all_asked(self) -> bool:
        """Say whether every host has been asked at least once."""
        return all(host.probed.is_set() for host in self._hosts.values())

    async def ask(self, host: Host) -> Probe:
        """Ask the engine who it is, and remember the answer."""
        if host.executor is None:
            return host.probe
        try:
            probe = judge(host.body, Probe(await host.executor.engine()))
        except HostUnavailable as problem:
            probe = unanswered(problem)
        except Exception as problem:
            log.exception("asking a host failed", host=str(host.reference))
            probe = Probe(None, HostReason.UNREACHABLE, f"asking it failed: {problem!r}")
        self.note(host, probe)
        return probe

    def note(self, host: Host, probe: Probe) -> None:
        """Remember what a host has answered, and tell who has to know."""
        is_news = probe != host.probe or host.doubted or not host.probed.is_set()
        was_usable, host.doubted = host.probe.reason in USABLE, False
        if probe != host.probe:
            host.probe = probe
            if was_usable != host.usable:
                log.info(
                    "host is usable" if host.usable else "host is not usable",
                    host=str(host.reference),
                    reason=probe.reason,
                    problem=probe.problem,
                )
                self._wake_all(host)
        if is_news:
            host.probed.set()
            self._on_change()
        if host.following and probe.reason is HostReason.UNREACHABLE and (host.asking is None or host.asking.done()):
            host.asking = asyncio.create_task(self._ask_until_it_answers(host), name=f"ask {host.reference}")

    async def aclose(self) -> None:
        """Stop following; close every connection."""
        hosts, self._hosts = list(self._hosts.values()), {}
        for host in hosts:
            self._retire(host)
        tasks = [task for host in hosts for task in (host.follower, host.asking) if task is not None]
        await asyncio.gather(*tasks, return_exceptions=True)

    def _start(self, body: AnyHost) -> Host:
        try:
            host = Host(body, self._make_executor(body))
        except EndpointRefused as refused:
            host = Host(body, None, Probe(None, refused.reason, str(refused)))
            host.probed.set()
        self._hosts[body.reference] = host
        if host.executor is not None:
            host.follower = asyncio.create_task(self._follow(host, host.executor), name=f"follow {body.reference}")
        return host

    def _retire(self, host: Host) -> None:
        host.following = False
        for task in (host.follower, host.asking):
            if task is not None:
                task.cancel()

    async def _follow(self, host: Host, executor: Executor) -> None:
        """Keep the event stream up."""
        structlog.contextvars.bind_contextvars(host=str(host.reference))
        failures = 0
        try:
            while True:
                if await self._listen(host, executor):
                    failures = 0
                await _pause(failures)
                failures += 1
        finally:
            await executor.aclose()

    async def _ask_until_it_answers(self, host: Host) -> None:
        """Do not leave a host that was slow once out of use until the next look at it, which may be far."""
        failures = 0
        while host.following and host.probe.reason is HostReason.UNREACHABLE:
            await _pause(failures)
            failures += 1
            if host.following:
                await self.ask(host)

    async def _listen(self, host: Host, executor: Executor) -> bool:
        """Follow one event stream to its end; say whether it stood. It only hints: all jobs are looked at first."""
        await self.ask(host)
        if not host.usable:
            return False
        stood = False
        try:
            async for event in executor.events():
                stood = host.following = True
                if event.kind == "subscribed":
                    self._wake_all(host)
                elif event.job_uid:
                    self._hear(event)
        except HostUnavailable as problem:
            log.info("event stream broke", host=str(host.reference), problem=str(problem))
        except Exception:
            log.exception("event stream failed", host=str(host.reference))
        host.doubted, host.following = True, False
        await self.ask(host)
        return stood


async def _pause(failures: int) -> None:
    await asyncio.sleep(RETRY_SECONDS[min(failures, len(RETRY_SECONDS) - 1)])


def _same_engine(old: AnyHost, new: AnyHost) -> bool:
    return old.spec.target == new.spec.target and old.metadata.uid == new.metadata.uid
