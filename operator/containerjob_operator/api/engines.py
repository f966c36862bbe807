"""Engines opened on request: connections of their own, so that every replica can read, whoever leads."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Final

from pydantic import ValidationError

from containerjob_api.hostparts import AnyHost
from containerjob_api.hostrefs import HostReference
from containerjob_operator.decide.hosts import Probe, judge
from containerjob_operator.errors import HostUnavailable
from containerjob_operator.executors.base import Executor
from containerjob_operator.executors.registry import EndpointRefused
from containerjob_operator.kube.client import Kube

IDLE_SECONDS: Final = 60.0
"""An engine that nobody asked for so long is let go of."""
PROBE_SECONDS: Final = 30.0
"""For how long an engine's word on who it is holds; a broken connection ends that at once."""

MakeExecutor = Callable[[AnyHost, str], Executor]
"""From a host and the cluster's uid."""


class HostGone(Exception):
    """There is no such host any more, hence no container to be read."""


@dataclass(slots=True)
class _Open:
    executor: Executor
    users: int = 0
    probe: Probe | None = None
    probed_at: float = 0.0
    closing: asyncio.TimerHandle | None = None


class Engines:
    """Executors by what they speak with, shared by all requests. Belongs to one event loop."""

    def __init__(self, kube: Kube, make_executor: MakeExecutor) -> None:
        self._kube = kube
        self._make = make_executor
        self._cluster_uid = ""
        self._open: dict[str, _Open] = {}
        self._closers: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def lend(self, reference: HostReference) -> AsyncIterator[Executor]:
        """Give the executor of a host whose engine is the one it is bound to.

        Raises HostGone, or HostUnavailable: also where another engine answers, whose containers are none of ours.
        """
        host = await self._host(reference)
        async with AsyncExitStack() as stack:
            try:
                entry = await stack.enter_async_context(self._held(host))
            except EndpointRefused as refused:
                raise HostUnavailable(f"{reference.full}: {refused}") from refused
            try:
                await self._check(host, entry)
                yield entry.executor
            except HostUnavailable:
                entry.probe = None
                raise

    @asynccontextmanager
    async def unchecked(self, reference: HostReference) -> AsyncIterator[tuple[AnyHost, Executor]]:
        """Give a host and its executor, whoever answers there; EndpointRefused where nobody can."""
        host = await self._host(reference)
        async with self._held(host) as entry:
            yield host, entry.executor

    async def aclose(self) -> None:
        """Close every connection."""
        entries, self._open = list(self._open.values()), {}
        for entry in entries:
            if entry.closing is not None:
                entry.closing.cancel()
        await asyncio.gather(*(entry.executor.aclose() for entry in entries), *self._closers, return_exceptions=True)

    def __len__(self) -> int:
        return len(self._open)

    async def _host(self, reference: HostReference) -> AnyHost:
        try:
            host = await self._kube.get_host(reference)
        except ValidationError as problem:
            raise HostUnavailable(f"{reference.full} cannot be read as it is stored") from problem
        if host is None:
            raise HostGone(f"{reference.full} does not exist")
        self._cluster_uid = self._cluster_uid or await self._kube.cluster_uid()
        return host

    @asynccontextmanager
    async def _held(self, host: AnyHost) -> AsyncIterator[_Open]:
        target = host.spec.target
        entry = self._open.get(target)
        if entry is None:
            entry = self._open[target] = _Open(self._make(host, self._cluster_uid))
        if entry.closing is not None:
            entry.closing.cancel()
            entry.closing = None
        entry.users += 1
        try:
            yield entry
        finally:
            entry.users -= 1
            if not entry.users and self._open.get(target) is entry:
                entry.closing = asyncio.get_running_loop().call_later(IDLE_SECONDS, self._let_go, target)

    def _let_go(self, target: str) -> None:
        closer = asyncio.get_running_loop().create_task(self._open.pop(target).executor.aclose())
        self._closers.add(closer)
        closer.add_done_callback(self._closers.discard)

    async def _check(self, host: AnyHost, entry: _Open) -> None:
        now = asyncio.get_running_loop().time()
        if entry.probe is None or now - entry.probed_at > PROBE_SECONDS:
            entry.probe, entry.probed_at = Probe(await entry.executor.engine()), now
        found = judge(host, entry.probe)
        if found.problem:
            raise HostUnavailable(f"{host.reference.full}: {found.problem}")


__all__ = ["EndpointRefused", "Engines", "HostGone", "MakeExecutor"]
