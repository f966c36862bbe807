"""One execution's output for one query: read page by page, followed by what everybody's polls bring."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable
from contextlib import aclosing
from typing import Final

from containerjob_operator.errors import OutputGone
from containerjob_operator.executors.cloudrun.entries import SECOND, Ask, Beginning, Entry, Order
from containerjob_operator.executors.cloudrun.logs import ProjectLog
from containerjob_operator.executors.cloudrun.place import Place, execution_id
from containerjob_operator.executors.cloudrun.sights import Sight
from containerjob_operator.executors.docker.entries import Batcher
from containerjob_operator.executors.outputs import STDERR, STDOUT, Gap, Output, OutputQuery
from containerjob_operator.executors.stamps import stamp_of

WINDOW: Final = 10 * SECOND
"""Nanoseconds before the newest entry that are read again with every poll: entries come late, and out of order."""


class Reader:
    """Reads one execution's log."""

    def __init__(
        self,
        place: Place,
        log: ProjectLog,
        name: str,
        query: OutputQuery,
        look: Callable[[], Awaitable[Sight | None]],
        settled: Callable[[], Awaitable[None]],
    ) -> None:
        self._place: Final = place
        self._log: Final = log
        self._name: Final = name
        self._execution: Final = execution_id(name)
        self._query: Final = query
        self._look: Final = look
        self._settled: Final = settled
        self._order: Final = Order(place.log_delay_seconds, log.late(execution_id(name)))
        self._batcher: Final = Batcher(stdout=query.stdout, stderr=query.stderr)
        self._within: Final = {STDOUT: False, STDERR: False}
        self._beginning = Beginning(query)

    async def run(self) -> AsyncGenerator[Output | Gap]:
        """Yield all of it, and, where it is followed, what comes until the execution is over and its log is whole."""
        sight = await self._found()
        if not sight.asked or (self._query.tail == 0 and self._query.after is None and not self._query.follow):
            return
        follow = self._query.follow and (sight.active or not sight.executed)
        if not sight.active and sight.executed:
            await self._settled()
        since = await self._since(sight)
        async with aclosing(self._whole(since)) as reading:
            async for output in reading:
                yield output
        if follow:
            async with aclosing(self._follow(since)) as following:
                async for output in following:
                    yield output
        for output in self._told(self._order.rest()):
            yield output

    async def _whole(self, since: int | None) -> AsyncGenerator[Output]:
        """Yield what is there, but for the last page: something may have to come before it yet."""
        async with aclosing(self._log.pages(Ask((self._execution,), since=since))) as pages:
            async for page in pages:
                self._order.feed(page.entries, self._now())
                if page.token and page.entries:
                    read_to = page.entries[-1].time
                    self._order.forget(read_to - 2 * WINDOW)
                    for output in self._told(self._order.settled(read_to)):
                        yield output

    async def _follow(self, since: int | None) -> AsyncGenerator[Output]:
        """Yield what polls bring, until nothing has come for a while after the execution's end."""
        seen_to, last_at, over_at = self._order.newest, self._now(), None
        for output in self._told(self._order.settled((seen_to or 0) - self._delay)):
            yield output
        while over_at is None or self._now() - max(last_at, over_at) < self._place.log_settle_seconds:
            bound = since if seen_to is None else max(since or 0, seen_to - WINDOW)
            poll = await self._log.poll(self._execution, bound)
            if self._order.feed(poll.entries.get(self._execution, ()), self._now(), since=bound):
                last_at = self._now()
            seen_to = max(seen_to or 0, poll.newest) or None
            self._order.forget((bound or 0) - WINDOW)
            for output in self._told(self._order.due(self._now())):
                yield output
            sight = await self._found()
            if over_at is None and sight.executed and not sight.active:
                over_at = self._now()

    async def _found(self) -> Sight:
        sight = await self._look()
        if sight is None:
            raise OutputGone(f"container {self._name} is not on {self._place.called}, or not any more")
        return sight

    async def _since(self, sight: Sight) -> int | None:
        """Find out from when on to read, and what of it is not wanted."""
        query = self._query
        created = None if sight.row is None else int(sight.row.created_at.timestamp()) * SECOND
        if query.after is not None:
            return max(query.after[0] - WINDOW, created or 0)
        oldest = created if query.since is None else max(query.since, created or 0)
        if query.tail is None:
            return oldest
        anchor = await self._last(max(query.tail, 1), oldest, wanted_only=query.tail > 0)
        self._beginning = Beginning(query, anchor, beyond=query.tail == 0)
        return oldest if anchor is None else anchor.time

    async def _last(self, count: int, oldest: int | None, *, wanted_only: bool) -> Entry | None:
        """Return the first of the last lines; None where there are no more than those."""
        wanted = tuple(
            stream for stream, is_wanted in ((STDOUT, self._query.stdout), (STDERR, self._query.stderr)) if is_wanted
        )
        streams = wanted if wanted_only else (STDOUT, STDERR)
        ask = Ask((self._execution,), since=oldest, newest_first=True, streams=streams)
        found: list[Entry] = []
        async with aclosing(self._log.pages(ask)) as pages:
            async for page in pages:
                found += page.entries
                if len(found) >= count:
                    break
        found.sort(key=lambda entry: entry.identity)
        return found[-count] if len(found) >= count else None

    def _told(self, entries: Iterable[Entry]) -> list[Output]:
        """Pass over what is not wanted; put together what is."""
        outputs: list[Output] = []
        batch: list[tuple[int, bytes, bytes]] = []
        for entry in entries:
            line = (entry.stream, stamp_of(entry.time), self._stamped(entry))
            if self._beginning.wants(entry):
                batch.append(line)
                continue
            outputs += self._batcher.feed(batch)
            batch = []
            self._batcher.pass_over([line])
        return outputs + self._batcher.feed(batch)

    def _stamped(self, entry: Entry) -> bytes:
        """Put the time before the line, not before its later parts."""
        within, self._within[entry.stream] = self._within[entry.stream], entry.data[-1:] != b"\n"
        return entry.data if within or not self._query.timestamps else stamp_of(entry.time) + b" " + entry.data

    @property
    def _delay(self) -> int:
        return int(self._place.log_delay_seconds * SECOND)

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()
