"""An executor that counts its failures, and does nothing to an engine once this process must not act any more."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager

from containerjob_api.hosts import EngineInfo
from containerjob_api.jobstatus import LogTail
from containerjob_operator import metrics
from containerjob_operator.decide.observations import Observation, OwnedContainer, RunEvent
from containerjob_operator.decide.runs import RunSpec
from containerjob_operator.errors import HostUnavailable, LaunchDelayed, LaunchRejected
from containerjob_operator.executors.base import Executor
from containerjob_operator.executors.outputs import Gap, Output, OutputQuery, Usage


class Supervised:
    """Passes everything on. `permit` is asked before a verb that changes something; it raises where that may not be.

    A rehearsal changes nothing: such verbs return as if they had been carried out.
    """

    def __init__(self, executor: Executor, permit: Callable[[], None], *, rehearsing: bool = False) -> None:
        self._executor = executor
        self._permit = permit
        self._rehearsing = rehearsing

    async def create(self, run: RunSpec) -> None:
        """Create a container."""
        if self._may():
            with _counted("create"):
                await self._executor.create(run)

    async def start(self, name: str) -> None:
        """Start it."""
        if self._may():
            with _counted("start"):
                await self._executor.start(name)

    async def signal_stop(self, name: str) -> None:
        """Send its stop signal."""
        if self._may():
            with _counted("stop"):
                await self._executor.signal_stop(name)

    async def kill(self, name: str) -> None:
        """Kill it."""
        if self._may():
            with _counted("kill"):
                await self._executor.kill(name)

    async def remove(self, name: str) -> None:
        """Remove it."""
        if self._may():
            with _counted("remove"):
                await self._executor.remove(name)

    async def inspect(self, name: str) -> Observation:
        """Describe it."""
        with _counted("inspect"):
            return await self._executor.inspect(name)

    async def tail(self, name: str) -> LogTail:
        """Read its last lines."""
        with _counted("tail"):
            return await self._executor.tail(name)

    def output(self, name: str, query: OutputQuery) -> AsyncIterator[Output | Gap]:
        """Read its output."""
        return self._executor.output(name, query)

    async def usage(self, name: str) -> Usage | None:
        """Measure what it uses."""
        with _counted("usage"):
            return await self._executor.usage(name)

    async def termination_message(self, name: str, path: str) -> str | None:
        """Read what it left."""
        with _counted("message"):
            return await self._executor.termination_message(name, path)

    async def list_owned(self) -> tuple[OwnedContainer, ...]:
        """List all."""
        with _counted("list"):
            return await self._executor.list_owned()

    async def events(self) -> AsyncIterator[RunEvent]:
        """Hear what happens."""
        with _counted("events"):
            async for event in self._executor.events():
                yield event

    async def engine(self) -> EngineInfo:
        """Ask who answers."""
        with _counted("probe"):
            return await self._executor.engine()

    async def aclose(self) -> None:
        """Close connections."""
        await self._executor.aclose()

    def _may(self) -> bool:
        if self._rehearsing:
            return False
        self._permit()
        return True


@contextmanager
def _counted(call: str) -> Iterator[None]:
    try:
        yield
    except HostUnavailable:
        metrics.child(metrics.ENGINE_ERRORS, call, "unavailable").inc()
        raise
    except LaunchRejected:
        metrics.child(metrics.ENGINE_ERRORS, call, "rejected").inc()
        raise
    except LaunchDelayed:
        metrics.child(metrics.ENGINE_ERRORS, call, "delayed").inc()
        raise
