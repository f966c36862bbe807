"""A project's log as one reader: everybody's followed entries in one question, everybody's tails in another."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, TypeAlias, TypeVar

from containerjob_api.jobstatus import LogTail
from containerjob_api.phases import HostReason
from containerjob_operator.errors import HostRefused
from containerjob_operator.executors.cloudrun.bucket import Bucket, bucket_of
from containerjob_operator.executors.cloudrun.entries import Ask, Entry, Late, Order, Page
from containerjob_operator.executors.cloudrun.place import Place
from containerjob_operator.executors.cloudrun.sharing import Together
from containerjob_operator.executors.outputs import STDERR
from containerjob_operator.executors.tails import Window, log_tail

if TYPE_CHECKING:
    from containerjob_operator.executors.cloudrun.client import CloudRunClient

Question = TypeVar("Question")
QUOTA_PAUSES: Final = (5.0, 10.0, 20.0)
"""Seconds without any read after Google has said that there were too many."""
TOGETHER: Final = 100
"""Executions in one question: a filter has 20,000 characters at most."""
TAIL_ENTRIES: Final = 200
"""Of both streams together: one may be silent behind many lines of the other."""
TAIL_PAGES: Final = 3
"""Read for many executions at once; who has not enough by then is asked for alone."""
TAIL_PAUSE_SECONDS: Final = 0.2
REMEMBERED: Final = 1000
"""Executions that were read here, of which some may be read on."""

Following: TypeAlias = tuple[str, int | None]
"""An execution, and from when on its entries are wanted."""


@dataclass(frozen=True, slots=True)
class Poll:
    """What one read for all followers found."""

    entries: dict[str, list[Entry]]
    newest: int
    """Time of the newest entry of all; by then this read has seen every execution's, but for late ones."""


class ProjectLog:
    """Reads the log of one place, within its project's quota."""

    def __init__(self, place: Place, client: Callable[[], Awaitable["CloudRunClient"]]) -> None:
        self._client: Final = client
        self._bucket: Final[Bucket] = bucket_of(place.endpoint, place.project, place.log_reads_per_minute)
        self._late: Final[dict[str, Late]] = {}
        self._polls: Final = Together(self._poll, pause_seconds=place.log_poll_seconds)
        self._tails: Final = Together(self._read_tails, pause_seconds=TAIL_PAUSE_SECONDS)

    async def pages(self, ask: Ask) -> AsyncGenerator[Page]:
        """Read page by page; a page is one read of the quota."""
        token, more = "", True
        while more:
            page = await self._page(ask, token)
            yield page
            token = page.token
            more = bool(token)

    def late(self, execution: str) -> Late:
        """Return what is remembered of an execution's late entries, for all who read it."""
        while len(self._late) >= REMEMBERED and execution not in self._late:
            del self._late[next(iter(self._late))]
        return self._late.setdefault(execution, {})

    async def poll(self, execution: str, since: int | None) -> Poll:
        """Return what is to be read now, in one read with all others who follow."""
        return await self._polls.ask((execution, since))

    async def tail(self, execution: str, since: int) -> LogTail:
        """Return the last lines, in one read with all others who ask for theirs."""
        found = await self._tails.ask((execution, since))
        return found[execution]

    async def aclose(self) -> None:
        """Give up what is under way."""
        await asyncio.gather(self._polls.aclose(), self._tails.aclose())

    async def _page(self, ask: Ask, token: str) -> Page:
        client = await self._client()
        for pause in QUOTA_PAUSES:
            await self._bucket.take()
            try:
                return await client.entries(ask, token)
            except HostRefused as refused:
                if refused.reason is not HostReason.QUOTA_EXHAUSTED:
                    raise
                self._bucket.drain(pause)
        await self._bucket.take()
        return await client.entries(ask, token)

    async def _poll(self, questions: Sequence[Following]) -> Poll:
        found: defaultdict[str, list[Entry]] = defaultdict(list)
        newest = 0
        for group in _groups(sorted(dict.fromkeys(questions), key=_beginning)):
            executions = tuple(sorted({execution for execution, _ in group}))
            since = min((_beginning(question) for question in group), default=0)
            async for page in self.pages(Ask(executions, since=since or None)):
                for entry in page.entries:
                    found[entry.execution].append(entry)
                    newest = max(newest, entry.time)
        return Poll(found, newest)

    async def _read_tails(self, questions: Sequence[tuple[str, int]]) -> dict[str, LogTail]:
        tails: dict[str, LogTail] = {}
        for group in _groups(sorted(set(questions), key=lambda question: question[1])):
            executions = tuple(sorted({execution for execution, _ in group}))
            ask = Ask(executions, since=min(since for _, since in group), newest_first=True)
            found, short = await self._ends(ask, TAIL_PAGES)
            for execution in short:
                alone, _ = await self._ends(replace(ask, executions=(execution,)), 1)
                found |= alone
            tails |= {execution: _tail(found[execution]) for execution in executions}
        return tails

    async def _ends(self, ask: Ask, pages: int) -> tuple[dict[str, list[Entry]], Collection[str]]:
        """Read from the end; return what was found, and who may have more that was not reached."""
        found: dict[str, list[Entry]] = {execution: [] for execution in ask.executions}
        token, short = "", list(ask.executions)
        for _ in range(pages):
            page = await self._page(ask, token)
            for entry in page.entries:
                if len(found.get(entry.execution, ())) < TAIL_ENTRIES:
                    found.setdefault(entry.execution, []).append(entry)
            token = page.token
            short = [execution for execution in short if len(found[execution]) < TAIL_ENTRIES] if token else []
            if not short:
                break
        return found, short


def _groups(questions: Sequence[Question]) -> Iterable[Sequence[Question]]:
    return (questions[at : at + TOGETHER] for at in range(0, len(questions), TOGETHER))


def _beginning(question: Following) -> int:
    return question[1] or 0


def _tail(entries: Iterable[Entry]) -> LogTail:
    order = Order(0.0)
    order.feed(entries, 0.0)
    stdout, stderr = Window(), Window()
    ordered = order.rest()
    for entry in ordered:
        (stderr if entry.stream == STDERR else stdout).feed(entry.data)
    # As many entries as asked for: there may be more.
    return log_tail(stdout, stderr, truncated=len(ordered) >= TAIL_ENTRIES)
