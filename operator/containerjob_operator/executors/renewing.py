"""An executor that is made when its host is first asked who answers, and anew when its key has changed."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

from containerjob_api.hostparts import EngineInfo
from containerjob_api.jobstatus import LogTail
from containerjob_operator.decide.observations import Observation, OwnedContainer, RunEvent
from containerjob_operator.decide.runs import RunSpec
from containerjob_operator.errors import HostRefused, HostUnavailable
from containerjob_operator.executors.base import Executor
from containerjob_operator.executors.outputs import Gap, Output, OutputQuery, Usage

ReadKey = Callable[[str], Awaitable[str]]
"""From a Secret's name to the key in it; HostRefused where there is none, HostUnavailable where nobody answers."""


class Renewing:
    """Passes everything on. `make` gets the key, or None where no Secret is named."""

    def __init__(self, make: Callable[[str | None], Executor], read_key: Callable[[], Awaitable[str]] | None) -> None:
        self._make = make
        self._read_key = read_key
        self._made: Executor | None = None
        self._key: str | None = None
        self._renewal = asyncio.Lock()

    async def engine(self) -> EngineInfo:
        """Look whether the key has changed, and say what answers."""
        async with self._renewal:
            await self._renew()
        return await self._executor.engine()

    async def create(self, run: RunSpec) -> None:
        """Create a container."""
        await self._executor.create(run)

    async def start(self, name: str) -> None:
        """Start it."""
        await self._executor.start(name)

    async def inspect(self, name: str) -> Observation:
        """Describe it."""
        return await self._executor.inspect(name)

    async def signal_stop(self, name: str) -> None:
        """Send its stop signal."""
        await self._executor.signal_stop(name)

    async def kill(self, name: str) -> None:
        """Kill it."""
        await self._executor.kill(name)

    async def remove(self, name: str) -> None:
        """Remove it."""
        await self._executor.remove(name)

    async def tail(self, name: str) -> LogTail:
        """Read its last lines."""
        return await self._executor.tail(name)

    def output(self, name: str, query: OutputQuery) -> AsyncIterator[Output | Gap]:
        """Read its output."""
        return self._executor.output(name, query)

    async def usage(self, name: str) -> Usage | None:
        """Measure what it uses."""
        return await self._executor.usage(name)

    async def termination_message(self, name: str, path: str) -> str | None:
        """Read what it left."""
        return await self._executor.termination_message(name, path)

    async def list_owned(self) -> tuple[OwnedContainer, ...]:
        """List all."""
        return await self._executor.list_owned()

    def events(self) -> AsyncIterator[RunEvent]:
        """Hear what happens."""
        return self._executor.events()

    async def aclose(self) -> None:
        """Close connections."""
        made, self._made = self._made, None
        if made is not None:
            await made.aclose()

    @property
    def _executor(self) -> Executor:
        if self._made is None:
            raise HostUnavailable("the host was not asked yet who answers there")
        return self._made

    async def _renew(self) -> None:
        key = await self._current_key()
        if self._made is not None and key == self._key:
            return
        old, self._made, self._key = self._made, self._make(key), key
        if old is not None:
            await old.aclose()

    async def _current_key(self) -> str | None:
        if self._read_key is None:
            return None
        try:
            return await self._read_key()
        except HostRefused:
            raise
        except HostUnavailable:
            if self._made is None:
                raise
            return self._key  # the API server is away: what was read last still holds
