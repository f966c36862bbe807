"""A container's output, read and followed so that whatever is missing is marked, and nothing else is."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager
from typing import Any, Final

from aiodocker import DockerError
from aiohttp import StreamReader

from containerjob_operator.decide.observations import RunState
from containerjob_operator.errors import OutputGone
from containerjob_operator.executors.docker import faults, read, rotation
from containerjob_operator.executors.docker.client import EngineClient
from containerjob_operator.executors.docker.entries import Batcher, Cutter, Entry
from containerjob_operator.executors.docker.seeking import After, FromLine, Place, Since, TailCount, since
from containerjob_operator.executors.docker.watch import Watch
from containerjob_operator.executors.outputs import STDERR, STDOUT, Gap, Output, OutputQuery
from containerjob_operator.executors.stamps import stamp_of, time_of

Look = Callable[[], Awaitable[Mapping[str, Any] | None]]
SPARE_ENTRIES: Final = 64
"""Entries asked for beyond the lines that are wanted: long lines are several, and the other stream has some."""
DEEPER: Final = 8
PAUSE_SECONDS: Final = (0.1, 5.0)
"""Before a follow that ended is taken up again, at first and at most."""


class Reader:
    """Reads one container's output for one query."""

    def __init__(self, client: EngineClient, name: str, query: OutputQuery, look: Look) -> None:
        self._client: Final = client
        self._name: Final = name
        self._query: Final = query
        self._look: Final = look
        self._start: Final = (b"", 0) if query.after is None else (stamp_of(query.after[0]), query.after[1])
        self._batcher: Final = Batcher(self._start, stdout=query.stdout, stderr=query.stderr)
        self._begin: Place = Since(query.since)
        self._found_place = False
        self._ended = False
        self._complaints: Final[set[tuple[bytes, int]]] = set()

    async def run(self) -> AsyncGenerator[Output | Gap]:
        """Yield all of it; then what an engine may have kept back when it ended a follow."""
        found = await self._found()
        self._begin = await self._beginning()
        if self._query.follow:
            async with aclosing(self._follow(rotation.file_bytes(found["HostConfig"]["LogConfig"]))) as following:
                async for item in following:
                    yield item
        elif self._query.tail == 0 and self._query.after is None:
            return
        known = -1
        while known < len(self._complaints):
            known = len(self._complaints)
            async with aclosing(self._pass(None)) as reading:
                async for item in reading:
                    yield item

    async def _found(self) -> Mapping[str, Any]:
        found = await self._look()
        if found is None:
            raise OutputGone(f"container {self._name} is not on the host")
        return found

    async def _beginning(self) -> Place:
        query = self._query
        if query.after is not None:
            return After(*query.after)
        return Since(query.since) if query.tail is None else await self._lines_from_end(query.tail)

    async def _lines_from_end(self, wanted: int) -> Place:
        """Find the last lines; the engine counts entries, of both streams whichever is wanted."""
        streams = frozenset(([STDOUT] if self._query.stdout else []) + ([STDERR] if self._query.stderr else []))
        oldest = b"" if self._query.since is None else stamp_of(self._query.since)
        depth = wanted + SPARE_ENTRIES
        while True:
            count = TailCount(streams)
            async with aclosing(self._entries({"tail": str(depth)})) as reading:
                async for entries, _ in reading:
                    count.feed(entries)
            if count.entries < depth:
                return FromLine(b"", max(0, count.lines - wanted), streams, oldest)
            if count.anchor and count.lines_behind >= wanted:
                depths = (depth + 1000, DEEPER * depth + 32_000, None)
                return FromLine(count.anchor, count.lines_behind - wanted, streams, oldest, depths)
            depth *= DEEPER

    def _place(self) -> Place:
        """Where to go on."""
        stamp, ordinal = self._batcher.cursor
        return After(time_of(stamp), ordinal) if self._found_place else self._begin

    async def _follow(self, file_bytes: int | None) -> AsyncGenerator[Output | Gap]:
        """Follow, again and again, until the container runs no more."""
        pause, most = PAUSE_SECONDS
        while True:
            before = self._batcher.cursor
            watch = None if file_bytes is None else Watch(file_bytes, self._newest, await self._newest())
            async with aclosing(self._pass(watch, follow=True)) as following:
                async for item in following:
                    yield item
            if self._ended and read.observation(await self._found()).state is not RunState.RUNNING:
                return
            further = self._batcher.cursor != before
            pause = PAUSE_SECONDS[0] if further else min(2 * pause, most)
            if self._ended or not further:
                await asyncio.sleep(pause)

    async def _pass(self, watch: Watch | None, *, follow: bool = False) -> AsyncGenerator[Output | Gap]:
        """Ask once, from where reading is to go on, as far back as it takes to find the place."""
        place = self._place()
        self._ended = False
        for depth in place.depths:
            seek = place.seek(depth)
            if not self._found_place:
                self._batcher.cursor = self._start
            async with aclosing(self._entries(place.params(depth), watch, follow=follow)) as reading:
                async for every, waited in reading:
                    entries = seek.feed(every)
                    if seek.shallow:
                        break
                    if not isinstance(place, After):
                        self._batcher.pass_over(every[: len(every) - len(entries)])
                    if seek.missed:
                        yield self._gap(entries)
                        seek.missed = False
                    read_to = self._batcher.cursor[0]
                    trusted = entries if watch is None else watch.trusted(read_to, entries, waited)
                    self._found_place = self._found_place or bool(trusted)
                    for output in self._batcher.feed(trusted):
                        yield output
                    if len(trusted) < len(entries):
                        return
                else:
                    self._ended = True
                    return

    def _gap(self, entries: Sequence[Entry]) -> Gap:
        place = self._place()
        last = f"after {stamp_of(place.time).decode()} and " if isinstance(place, After) else ""
        # Of a log of one file nobody can tell whether there was anything between them.
        words = "may be missing: the engine rotated its log before it was read"
        return Gap(f"output {last}before {entries[0][1].decode()} {words}")

    async def _newest(self) -> bytes:
        """Return the stamp of the log's last entry; nothing where it is empty."""
        newest = b""
        stamp, _ = self._batcher.cursor
        # A time keeps engines from unpacking old files for it.
        params = {"tail": "1", **(since(time_of(stamp)) if stamp else {})}
        async with aclosing(self._entries(params)) as reading:
            async for entries, _ in reading:
                newest = entries[-1][1]
        return newest or stamp

    async def _entries(
        self, params: Mapping[str, str], watch: Watch | None = None, *, follow: bool = False
    ) -> AsyncGenerator[tuple[list[Entry], float]]:
        """Ask for entries of both streams; yield them with the seconds waited for them."""
        asked = {"stdout": "1", "stderr": "1", "timestamps": "1", "follow": str(int(follow)), **params}
        cutter = Cutter(timestamps=self._query.timestamps)
        async with self._answer(asked) as content:
            waited = 0.0
            clock = asyncio.get_running_loop().time
            while not cutter.complaint:
                asked_at = clock()
                data = await (content.readany() if watch is None else watch.next(content))
                waited += clock() - asked_at
                if not data:
                    break
                entries = cutter.feed(data)
                if entries:
                    if watch is not None:
                        watch.saw(entries)
                    yield entries, waited
                    waited = 0.0
        if cutter.complaint:
            self._complained(cutter.complaint)

    def _complained(self, words: str) -> None:
        """Let the engine try once more from there, for some of its complaints pass."""
        if self._batcher.cursor in self._complaints:
            raise OutputGone(f"the engine cannot read the log of container {self._name} any further: {words}")
        self._complaints.add(self._batcher.cursor)

    @asynccontextmanager
    async def _answer(self, params: Mapping[str, str]) -> AsyncIterator[StreamReader]:
        try:
            async with self._client.stream(f"containers/{self._name}/logs", params) as response:
                yield response.content
        except DockerError as exc:
            if exc.status in {404, 409}:
                raise OutputGone(f"container {self._name} is not on the host any more") from exc
            if exc.status == 501 or "does not support reading" in exc.message:
                raise OutputGone(await self._unreadable()) from exc
            raise faults.refused(self._client.endpoint, f"logs of {self._name}", exc) from exc

    async def _unreadable(self) -> str:
        driver = (await self._found())["HostConfig"]["LogConfig"].get("Type")
        return f"the output of container {self._name} cannot be read back: its log driver is {driver}"
