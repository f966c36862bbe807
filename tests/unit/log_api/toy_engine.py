"""An engine whose containers write what a test tells them to, at once."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

from containerjob_api.hosts import EngineInfo
from containerjob_api.jobstatus import LogTail
from containerjob_operator.decide.observations import ABSENT, Observation, OwnedContainer, RunEvent, RunState
from containerjob_operator.decide.runs import RunSpec
from containerjob_operator.errors import HostUnavailable, OutputGone
from containerjob_operator.executors.outputs import STDERR, STDOUT, Gap, Output, OutputQuery, Usage

ENGINE_ID = "toy-engine"


@dataclass
class ToyContainer:
    """What it has written, and whether it still runs."""

    state: RunState = RunState.RUNNING
    exit_code: int | None = None
    written: list[Output | Gap] = field(default_factory=list)
    readers: int = 0
    breaks: bool = False
    """Its output ends in the middle of an entry's way, as when the engine dies."""
    stirred: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def write(self, text: str, *, stderr: bool = False) -> None:
        """Write one entry."""
        number = len(self.written) + 1
        data = text.encode()
        stream = STDERR if stderr else STDOUT
        self.written.append(Output(stream, data, 1000 * number, 1, partial=not text.endswith("\n")))
        await self.stir()

    async def end(self, exit_code: int = 0) -> None:
        """Exit."""
        self.state, self.exit_code = RunState.EXITED, exit_code
        await self.stir()

    async def stir(self) -> None:
        """Have readers look."""
        async with self.stirred:
            self.stirred.notify_all()


class ToyEngine:
    """An executor of one engine."""

    def __init__(self) -> None:
        self.id = ENGINE_ID
        self.containers: dict[str, ToyContainer] = {}
        self.owned: list[OwnedContainer] = []
        self.away = False
        self.opened = 0
        self.closed = 0
        self.readers = 0
        self.most_readers = 0
        self.ends_early = 0
        """How many followed outputs end though their container runs on."""

    def container(self, name: str) -> ToyContainer:
        """Run a container."""
        return self.containers.setdefault(name, ToyContainer())

    def check(self) -> None:
        """Fail while away."""
        if self.away:
            raise HostUnavailable("toy://engine does not answer")

    async def inspect(self, name: str) -> Observation:
        """Look."""
        self.check()
        found = self.containers.get(name)
        started = datetime(2026, 1, 2, tzinfo=UTC)
        return ABSENT if found is None else Observation(found.state, exit_code=found.exit_code, started_at=started)

    async def output(self, name: str, query: OutputQuery) -> AsyncIterator[Output | Gap]:
        """Yield what was written, and what follows."""
        self.check()
        found = self.containers.get(name)
        if found is None:
            raise OutputGone(f"no container {name}")
        at = self._start(found, query)
        found.readers += 1
        self.readers += 1
        self.most_readers = max(self.most_readers, self.readers)
        try:
            await asyncio.sleep(0)
            while True:
                while at < len(found.written):
                    self.check()
                    each = found.written[at]
                    at += 1
                    if isinstance(each, Gap) or self._is_wanted(each, query):
                        yield each
                if found.breaks:
                    raise HostUnavailable("the connection broke")
                if not query.follow or found.state is not RunState.RUNNING:
                    return
                if self.ends_early:
                    self.ends_early -= 1
                    return
                async with found.stirred:
                    await found.stirred.wait()
        finally:
            found.readers -= 1
            self.readers -= 1

    @staticmethod
    def _start(found: ToyContainer, query: OutputQuery) -> int:
        if query.after is not None:
            return query.after[0] // 1000
        return max(0, len(found.written) - query.tail) if query.tail is not None else 0

    @staticmethod
    def _is_wanted(each: Output, query: OutputQuery) -> bool:
        stream = query.stdout if each.stream == STDOUT else query.stderr
        return stream and (query.since is None or query.after is not None or each.time >= query.since)

    async def usage(self, name: str) -> Usage | None:
        """Measure."""
        self.check()
        found = self.containers.get(name)
        running = found is not None and found.state is RunState.RUNNING
        return Usage(12.345, 1024, 2048, 3) if running else None

    async def list_owned(self) -> tuple[OwnedContainer, ...]:
        """List."""
        self.check()
        return tuple(self.owned)

    async def engine(self) -> EngineInfo:
        """Say who answers."""
        self.check()
        return EngineInfo(id=self.id, api_version="1.41", cpus=2)

    async def aclose(self) -> None:
        """Count."""
        self.closed += 1

    async def create(self, run: RunSpec) -> None:
        """Nobody who reads does that."""
        raise AssertionError(run)

    async def start(self, name: str) -> None:
        """Nobody who reads does that."""
        raise AssertionError(name)

    async def signal_stop(self, name: str) -> None:
        """Nobody who reads does that."""
        raise AssertionError(name)

    async def kill(self, name: str) -> None:
        """Nobody who reads does that."""
        raise AssertionError(name)

    async def remove(self, name: str) -> None:
        """Nobody who reads does that."""
        raise AssertionError(name)

    async def tail(self, name: str) -> LogTail:
        """Nobody who reads does that."""
        raise AssertionError(name)

    async def termination_message(self, name: str, path: str) -> str | None:
        """Nobody who reads does that."""
        raise AssertionError(name, path)

    def events(self) -> AsyncIterator[RunEvent]:
        """Nobody who reads does that."""
        raise AssertionError
