"""One container's output, from wherever it is to its end: the engine's own log, or the tail that was kept."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Final

from containerjob_api.frames import EndReason
from containerjob_operator.api.engines import Engines, HostGone
from containerjob_operator.api.jobs import AttemptSeen, JobSeen
from containerjob_operator.api.parameters import LogQuery
from containerjob_operator.api.writers import Writer
from containerjob_operator.decide.observations import Observation, RunState
from containerjob_operator.errors import KubeError, OutputGone
from containerjob_operator.executors.base import Executor
from containerjob_operator.executors.outputs import STDERR, STDOUT, Gap, Output, OutputQuery
from containerjob_operator.followers import Followers
from containerjob_operator.kube.client import Kube
from containerjob_operator.kube.job_watch import Wanted
from containerjob_operator.kube.resources import Body

PAUSES: Final = (0.0, 0.1, 0.5, 1.0)
"""Seconds before a followed output that ended is looked at again; the last one goes on."""
MEASURED: Final = 64
"""Containers whose usage is measured at a time, for all requests: engines take a second or two for each."""
REMOVED: Final = "the container was removed before all of its output was read"
CUT: Final = "the container is gone; of its output only the last lines were kept"


@dataclass(frozen=True, slots=True)
class Parts:
    """What requests are answered with."""

    kube: Kube
    engines: Engines
    followers: Followers
    measuring: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(MEASURED))


@dataclass(slots=True)
class Source:
    """One container that is read for one request."""

    number: int
    job: JobSeen
    attempt: AttemptSeen
    query: LogQuery
    parts: Parts
    writer: Writer
    whole: bool = False
    """It began while we were following: all of it is new."""
    announced: bool = False
    position: tuple[int, int] | None = field(init=False)
    """Time and ordinal of what was read last."""

    def __post_init__(self) -> None:
        cursor = self.query.cursors.get(self.attempt.container)
        self.position = (cursor.time, cursor.ordinal) if cursor is not None and cursor.time else None
        # Who goes on where an earlier request broke off has had its last lines already.
        self.whole = self.whole or bool(self.query.cursors)

    async def read(self) -> EndReason:
        """Send everything; HostUnavailable where the engine does not answer: call again to go on."""
        with self.parts.followers.reading(self.attempt.container):
            try:
                async with self.parts.engines.lend(self.attempt.host) as executor:
                    seen = await self._read(executor)
            except (HostGone, OutputGone) as problem:
                return await self.give_up(str(problem))
        return await self._end(EndReason.EXITED, seen.exit_code if seen.state is RunState.EXITED else None)

    async def give_up(self, why: str, missing: str = REMOVED) -> EndReason:
        """Send what was kept, or tell that the rest is missing; then the end."""
        record = await self._record()
        if self.position is not None:
            await self._announce()
            await self.writer.gap(self.number, missing)
        else:
            await self._send_kept(record.get("logTail") or {})
        return await self._end(EndReason.GONE, record.get("exitCode", self.attempt.exit_code), why)

    async def _read(self, executor: Executor) -> Observation:
        """Read until the container has ended, or, where nobody follows, until there is no more just now."""
        tries = 0
        if self.query.follow and self.query.tail == 0 and not self.whole and self.position is None:
            await self._skip_to_the_end(executor)
        while True:
            seen = await executor.inspect(self.attempt.container)
            if seen.state is RunState.ABSENT:
                raise OutputGone(f"the container {self.attempt.container} is not on {self.attempt.host.full}")
            follow = self.query.follow and seen.state is RunState.RUNNING
            before = self.position
            # An engine that stops, or a connection that ends, looks like a container's end: only a look tells.
            async with _closing(executor.output(self.attempt.container, self._wanted(follow))) as outputs:
                async for each in outputs:
                    await self._take(each)
            self.whole = True
            if not self.query.follow or seen.state is RunState.EXITED or self._never_ran(seen):
                return seen
            tries = 0 if self.position != before else min(tries + 1, len(PAUSES) - 1)
            await asyncio.sleep(PAUSES[tries])

    def _never_ran(self, seen: Observation) -> bool:
        return seen.state is RunState.CREATED and self.attempt.over

    def _wanted(self, follow: bool) -> OutputQuery:
        query = self.query
        return OutputQuery(
            follow=follow,
            since=query.since,
            tail=None if self.whole else query.tail,
            stdout=query.stream != STDERR,
            stderr=query.stream != STDOUT,
            timestamps=query.timestamps,
            after=self.position,
        )

    async def _skip_to_the_end(self, executor: Executor) -> None:
        """Find out where the output stands, and tell, so that a request that goes on misses nothing."""
        wanted = OutputQuery(tail=1)
        async with _closing(executor.output(self.attempt.container, wanted)) as outputs:
            async for each in outputs:
                if isinstance(each, Output):
                    await self._take(replace(each, data=b""))
        self.whole = True

    async def _take(self, each: Output | Gap) -> None:
        await self._announce()
        if isinstance(each, Gap):
            await self.writer.gap(self.number, each.message)
            return
        await self.writer.output(self.number, each)
        self.position = (each.time, each.ordinal)

    async def _announce(self) -> None:
        if self.announced:
            return
        self.announced = True
        job, attempt = self.job, self.attempt
        about: dict[str, Any] = {
            "namespace": job.namespace,
            "name": job.name,
            "attempt": attempt.number,
            "container": attempt.container,
            "host": str(attempt.host),
        }
        await self.writer.source(self.number, about)

    async def _record(self) -> Body:
        """Read what the job tells of the attempt now; empty where it tells nothing any more."""
        wanted = Wanted(self.job.namespace, self.job.name)
        try:
            bodies = await self.parts.kube.jobs_wanted(wanted, lambda body: body)
        except KubeError:
            return {}
        attempts = (each for body in bodies for each in body.get("status", {}).get("attempts", ()))
        return next((each for each in attempts if each["name"] == self.attempt.container), {})

    async def _send_kept(self, tail: Body) -> None:
        if tail.get("truncated"):
            await self._announce()
            await self.writer.gap(self.number, CUT)
        for stream, text in ((STDOUT, tail.get("stdout", "")), (STDERR, tail.get("stderr", ""))):
            lines = text.splitlines(keepends=True)
            wanted = self.query.tail if not self.whole else None
            data = "".join(lines if wanted is None else lines[len(lines) - min(wanted, len(lines)) :]).encode()
            if data and self.query.stream in (None, stream):
                await self._announce()
                await self.writer.output(self.number, Output(stream, data, 0, 0, partial=not data.endswith(b"\n")))

    async def _end(self, reason: EndReason, exit_code: int | None, message: str = "") -> EndReason:
        await self._announce()
        await self.writer.end(self.number, {"reason": reason, "exitCode": exit_code, "message": message})
        return reason


@asynccontextmanager
async def _closing(outputs: AsyncIterator[Output | Gap]) -> AsyncIterator[AsyncIterator[Output | Gap]]:
    """Let go of the engine's connection at once, however the reading ends."""
    try:
        yield outputs
    finally:
        if isinstance(outputs, AsyncGenerator):
            await outputs.aclose()
