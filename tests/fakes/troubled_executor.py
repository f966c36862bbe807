"""The fake engine's executor with faults on demand around every verb, and words of a test's own for its answers."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass, field, replace

from tests.fakes.troubles import NO_TROUBLE, Trouble

from containerjob_api.hosts import EngineInfo
from containerjob_api.jobstatus import LogTail
from containerjob_operator.decide.observations import Observation, OwnedContainer, RunEvent
from containerjob_operator.decide.runs import RunSpec
from containerjob_operator.executors.base import Executor
from containerjob_operator.executors.outputs import Gap, Output, OutputQuery, Usage


@dataclass
class TroubledExecutor:
    """Passes every verb on to a real executor, unless trouble has it otherwise."""

    real: Executor
    trouble: Trouble = NO_TROUBLE
    slow: asyncio.Event | None = None
    """A create waits for this, as for a long pull."""
    waiting: bool = False
    """A slow create is under way."""
    parting_words: Exception | None = None
    """What a slow create says when it is given up."""
    engine_id: str = ""
    """Another id than the engine's own, as if it were replaced behind its socket."""
    undated: bool = False
    """Lists do not tell when a container ended, as Docker's do not."""
    closed: int = 0
    cut: asyncio.Event = field(default_factory=asyncio.Event)
    """Ends the event stream when set."""
    stream_error: Exception | None = None
    """Raised by the next event stream, once."""

    async def create(self, run: RunSpec) -> None:
        """Create, perhaps slowly."""
        if self.slow is not None:
            self.waiting = True
            try:
                await self.slow.wait()
            except asyncio.CancelledError:
                if self.parting_words is not None:
                    raise self.parting_words from None
                raise
        await self.trouble.around("create", lambda: self.real.create(run))

    async def start(self, name: str) -> None:
        """Start."""
        await self.trouble.around("start", lambda: self.real.start(name))

    async def inspect(self, name: str) -> Observation:
        """Look."""
        return await self.trouble.around("inspect", lambda: self.real.inspect(name))

    async def signal_stop(self, name: str) -> None:
        """Send the stop signal."""
        await self.trouble.around("signal_stop", lambda: self.real.signal_stop(name))

    async def kill(self, name: str) -> None:
        """Kill."""
        await self.trouble.around("kill", lambda: self.real.kill(name))

    async def remove(self, name: str) -> None:
        """Remove."""
        await self.trouble.around("remove", lambda: self.real.remove(name))

    async def tail(self, name: str) -> LogTail:
        """Read the end of the log."""
        return await self.trouble.around("tail", lambda: self.real.tail(name))

    def output(self, name: str, query: OutputQuery) -> AsyncIterator[Output | Gap]:
        """Read the log."""
        return self.real.output(name, query)

    async def usage(self, name: str) -> Usage | None:
        """Measure."""
        return await self.trouble.around("usage", lambda: self.real.usage(name))

    async def termination_message(self, name: str, path: str) -> str | None:
        """Read the last words."""
        return await self.trouble.around("termination_message", lambda: self.real.termination_message(name, path))

    async def list_owned(self) -> tuple[OwnedContainer, ...]:
        """List."""
        rows = await self.trouble.around("list_owned", self.real.list_owned)
        return tuple(replace(row, finished_at=None) for row in rows) if self.undated else rows

    async def events(self) -> AsyncIterator[RunEvent]:
        """Follow, until cut."""
        if self.stream_error is not None:
            error, self.stream_error = self.stream_error, None
            raise error
        stream = aiter(self.real.events())
        cut = asyncio.ensure_future(self.cut.wait())
        following: asyncio.Future[RunEvent] | None = None
        try:
            while True:
                following = asyncio.ensure_future(anext(stream))
                await asyncio.wait({following, cut}, return_when=asyncio.FIRST_COMPLETED)
                if not following.done():
                    self.cut.clear()
                    return
                yield following.result()
        finally:
            cut.cancel()
            if following is not None:
                following.cancel()
                await asyncio.gather(following, return_exceptions=True)
            if isinstance(stream, AsyncGenerator):
                await stream.aclose()

    async def engine(self) -> EngineInfo:
        """Say who answers."""
        info = await self.trouble.around("engine", self.real.engine)
        return info.model_copy(update={"id": self.engine_id}) if self.engine_id else info

    async def aclose(self) -> None:
        """Count how often it was closed."""
        self.closed += 1
        await self.real.aclose()
