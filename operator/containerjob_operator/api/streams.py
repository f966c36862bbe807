"""One log request: which containers it reads, in which order, and when it is over."""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from containerjob_api.frames import ALL, EndReason
from containerjob_operator.api.jobs import AttemptSeen, JobSeen, choose
from containerjob_operator.api.lines import Line
from containerjob_operator.api.parameters import LogQuery
from containerjob_operator.api.refusals import Refusal
from containerjob_operator.api.sources import Parts, Source
from containerjob_operator.api.writers import LimitReached, StreamCut, Writer
from containerjob_operator.errors import HostUnavailable
from containerjob_operator.kube.job_watch import Change

AGAIN_SECONDS: Final = 2.0
"""How long a host that does not answer is left alone, while others are read."""
FAILURES: Final = 15
"""How often a host is tried again whose job is over, where a part of the output was read."""
Changes = AsyncIterator[Change[JobSeen]]


@dataclass(slots=True)
class LogStream:
    """A request under way; everything it starts ends with it."""

    query: LogQuery
    parts: Parts
    many: bool
    """By a selector: what fails concerns one container, not the request."""
    lines: dict[str, Line] = field(default_factory=dict)
    """Jobs by uid that are not over; what was read is let go of, since thousands may pass in one stream."""
    newest: Line | None = None
    _ready: dict[str, Line] = field(default_factory=dict)
    _over: set[str] = field(default_factory=set)
    _numbers: Iterator[int] = field(default_factory=lambda: iter(range(ALL)))
    _stirred: asyncio.Event = field(default_factory=asyncio.Event)
    _tasks: set["asyncio.Task[None]"] = field(default_factory=set)
    _readers: set["asyncio.Task[None]"] = field(default_factory=set)

    def take(self, change: Change[JobSeen]) -> None:
        """Take in what is new of the jobs; Refusal where a single one has nothing to read."""
        for job in change.jobs:
            line = self.lines.get(job.uid)
            if line is not None:
                line.job, line.deleted = job, change.deleted
                self._settle(line)
            elif not change.deleted and job.uid not in self._over:
                self._add(job)
        if change.whole:
            here = {job.uid for job in change.jobs}
            for line in [line for uid, line in self.lines.items() if uid not in here]:
                line.deleted = True
                self._settle(line)

    async def check(self) -> None:
        """Raise HostUnavailable, before the first byte, where there is one host only and it does not answer."""
        attempt = self.newest.following() if self.newest is not None and not self.many else None
        if self.newest is None or attempt is None or self.newest.superseded(attempt):
            return
        async with self.parts.engines.lend(attempt.host) as executor:
            await executor.inspect(attempt.container)

    async def run(self, writer: Writer, changes: Changes | None) -> None:
        """Send everything; StreamCut where the stream breaks off before its end."""
        self._start(writer.keep_alive())
        if changes is not None:
            self._start(self._watch(changes))
        try:
            await self._read_all(writer)
            last = self._summary()
        except LimitReached:
            last = {"reason": EndReason.TRUNCATED}
        finally:
            tasks = self._tasks | self._readers
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        await writer.end(ALL, last)

    async def _read_all(self, writer: Writer) -> None:
        while self.lines:
            self._stirred.clear()
            while self._ready and len(self._readers) < self.query.max_sources:
                self._begin(self._ready.pop(next(iter(self._ready))), writer)
            stirred = asyncio.ensure_future(self._stirred.wait())
            try:
                waited = {stirred, *self._tasks, *self._readers}
                done, _ = await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
            finally:
                stirred.cancel()
            self._readers -= done
            for task in done - {stirred}:
                task.result()

    def _begin(self, line: Line, writer: Writer) -> None:
        attempt = line.following()
        if attempt is None:
            return
        line.reading = True
        line.source = line.source or self._source(line, attempt, writer)
        self._readers.add(asyncio.create_task(self._read(line, line.source)))

    async def _read(self, line: Line, source: Source) -> None:
        try:
            line.passed(source.attempt, await source.read())
        except HostUnavailable as problem:
            if self._tries_again(line, source, problem):
                asyncio.get_running_loop().call_later(AGAIN_SECONDS, self._try_again, line)
                return
            line.passed(source.attempt, await source.give_up(str(problem), f"not all of it was read: {problem}"))
        line.reading = False
        self._settle(line)

    def _tries_again(self, line: Line, source: Source, problem: HostUnavailable) -> bool:
        """Say whether a host that does not answer is waited for; StreamCut where nothing else is to be read."""
        if line.superseded(source.attempt):
            return False
        if not self.many:
            raise StreamCut(str(problem)) from problem
        line.failures += 1
        # An engine that answered and is restarted now will be back; one that has not may be away for good.
        restarting = source.position is not None and line.failures <= FAILURES
        return restarting or (self.query.follow and not line.job.finished and not line.deleted)

    def _try_again(self, line: Line) -> None:
        line.reading = False
        self._settle(line)

    def _settle(self, line: Line) -> None:
        """Have a job read, or let go of it, as it is now."""
        uid = line.job.uid
        if line.is_over(follow=self.query.follow):
            self.lines.pop(uid, None)
            self._over.add(uid)
        self._ready.pop(uid, None)
        if uid in self.lines and not line.reading and line.following() is not None:
            self._ready[uid] = line
        self._stirred.set()

    def _source(self, line: Line, attempt: AttemptSeen, writer: Writer) -> Source:
        number = next(self._numbers, None)
        if number is None:
            raise StreamCut(f"more than {ALL} containers in one stream")
        whole = attempt.number > line.known
        return Source(number, line.job, attempt, self.query, self.parts, writer, whole=whole)

    def _add(self, job: JobSeen) -> None:
        if not self.many and self.newest is not None:
            return  # another one under the name of the one that was asked for
        try:
            line = Line.start(job, choose(job, self.query))
        except Refusal:
            if not self.many:
                raise
            return
        self.lines[job.uid] = self.newest = line
        self._settle(line)

    def _summary(self) -> dict[str, Any]:
        if self.many or self.newest is None:
            return {"reason": EndReason.EXITED}
        job = self.newest.job
        exit_code = job.attempts[-1].exit_code if job.attempts else job.exit_code
        return {"reason": self.newest.ended, "exitCode": exit_code, "phase": job.phase}

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        self._tasks.add(asyncio.create_task(work))

    async def _watch(self, changes: Changes) -> None:
        async for change in changes:
            self.take(change)
