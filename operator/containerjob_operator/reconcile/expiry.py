"""Deletes finished jobs when their time is over: one heap for all of them, since a job may have no host."""

import asyncio
import contextlib
import heapq
import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

import structlog
from pydantic import ValidationError

from containerjob_api.jobs import ContainerJob
from containerjob_operator.decide.observations import RunState
from containerjob_operator.decide.ownership import expiry_warning
from containerjob_operator.errors import (
    HostUnavailable,
    KubeRefused,
    KubeUnavailable,
    ObjectGone,
    WriteConflict,
)
from containerjob_operator.followers import Followers
from containerjob_operator.kube.client import Kube
from containerjob_operator.kube.events import EventRecorder
from containerjob_operator.kube.expiring import Expiring
from containerjob_operator.logs import about
from containerjob_operator.reconcile.clock import Clock
from containerjob_operator.reconcile.hosts import Hosts

log = structlog.get_logger(__name__)

LIST_SECONDS: Final = 600.0
"""How often all times are read anew. Each is noted when it is stored, so this only finds what a crash lost."""
JITTER: Final = 0.1
LONGEST_NAP: Final = 60.0
"""Seconds; how late a step of the clock is noticed."""
AT_ONCE: Final = 8
"""Deletions under way at a time."""
PAUSE_SECONDS: Final = 30.0
"""After the API server did not answer, or somebody wrote first."""
REFUSED_SECONDS: Final = 600.0
"""After a deletion was refused, as by a webhook."""


class Expiry:
    """The times at which finished jobs are deleted. Belongs to one event loop."""

    def __init__(
        self, kube: Kube, hosts: Hosts, recorder: EventRecorder, clock: Clock, followers: Followers | None = None
    ) -> None:
        self._kube = kube
        self._hosts = hosts
        self._recorder = recorder
        self._clock = clock
        self._followers = followers or Followers()
        self._loop = asyncio.get_running_loop()
        self._times: dict[str, tuple[datetime, Expiring]] = {}
        self._heap: list[tuple[datetime, str]] = []
        self._noted: set[str] = set()
        """Noted while a list was under way, which may lack them."""
        self._list_at = self._loop.time()
        self._stirred = asyncio.Event()

    def __len__(self) -> int:
        return len(self._times)

    def note(self, job: ContainerJob) -> None:
        """Remember the time of a job whose outcome was just stored, if it has one."""
        metadata, time = job.metadata, job.status.expire_time
        if time is None or not job.status.finished:
            return
        self._noted.add(metadata.uid)
        self._put(Expiring(metadata.uid, metadata.namespace, metadata.name, time), time)
        self._stirred.set()
        warning = expiry_warning(job)
        if warning is not None:
            self._recorder.record(job, "Warning", "ExpiryRerunsJob", warning)

    async def run(self) -> None:
        """Delete what is due whenever something is, until cancelled."""
        while True:
            try:
                await self.work()
            except KubeUnavailable as problem:
                pause = problem.retry_after or PAUSE_SECONDS
                log.info("expired jobs are deleted later", problem=str(problem), pause=pause)
                await asyncio.sleep(pause)
                continue
            nap = self._until_next()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(nap):
                    await self._stirred.wait()

    async def work(self) -> None:
        """Read the times, if that is due, and delete every job whose time is over."""
        self._stirred.clear()
        if self._loop.time() >= self._list_at:
            await self._take_stock()
        while batch := list(self._due(AT_ONCE)):
            ended = await asyncio.gather(*(self._expire(each) for each in batch), return_exceptions=True)
            for problem in ended:
                if isinstance(problem, BaseException):
                    raise problem

    async def _take_stock(self) -> None:
        """Take over the list, so that jobs that others deleted are forgotten, and keep what was noted meanwhile."""
        self._noted.clear()
        self._list_at = self._loop.time() + PAUSE_SECONDS
        listed = await self._list()
        self._list_at = self._loop.time() + LIST_SECONDS * random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311
        if listed is None:
            return
        meanwhile = [self._times[uid] for uid in self._noted if uid in self._times]
        self._times.clear()
        self._heap.clear()
        for each in listed:
            self._put(each, each.time)
        for when, each in meanwhile:
            self._put(each, when)

    async def _list(self) -> list[Expiring] | None:
        """List; a refusal keeps what was noted from nothing."""
        try:
            return await self._kube.expiring_jobs()
        except KubeRefused as problem:
            log.warning("jobs that expire can't be listed", problem=str(problem))
            return None

    def _put(self, each: Expiring, when: datetime) -> None:
        self._times[each.uid] = when, each
        heapq.heappush(self._heap, (when, each.uid))

    def _due(self, limit: int) -> Iterator[Expiring]:
        """Hand out what is due; each stays among the times, with a later one, until it is done with."""
        now = self._clock()
        while limit and self._heap and self._heap[0][0] <= now:
            when, uid = heapq.heappop(self._heap)
            known = self._times.get(uid)
            if known is not None and known[0] == when:
                limit -= 1
                yield known[1]

    def _until_next(self) -> float:
        nap = min(LONGEST_NAP, self._list_at - self._loop.time())
        if self._heap:
            nap = min(nap, (self._heap[0][0] - self._clock()).total_seconds())
        return max(0.0, nap)

    async def _expire(self, each: Expiring) -> None:
        again: datetime | None = self._in(PAUSE_SECONDS)
        try:
            again = await self._delete(each)
        except ObjectGone:
            again = None
        except WriteConflict:
            log.info("an expired job was changed meanwhile", **_about(each))
        except KubeRefused as problem:
            again = self._in(REFUSED_SECONDS)
            log.warning("an expired job can't be deleted", problem=str(problem), **_about(each))
        finally:
            if again is None:
                self._times.pop(each.uid, None)
            else:
                self._put(each, again)

    async def _delete(self, each: Expiring) -> datetime | None:
        """Delete one job if what is stored says so now; return when to look again, None for never."""
        try:
            job = await self._kube.get_job(each.namespace, each.name)
        except ValidationError:
            log.warning("an expired job can't be read; it stays", **_about(each))
            return None
        if job is None or job.metadata.uid != each.uid or job.metadata.deletion_timestamp is not None:
            return None
        time = job.status.expire_time
        if time is None or not job.status.finished:
            return None
        if time > self._clock():
            return time
        if await self._kube.delete_expired(job):
            log.info("deleted an expired job", **about(job))
            await self._remove_containers(job)
        return None

    def _in(self, seconds: float) -> datetime:
        return self._clock() + timedelta(seconds=seconds)

    async def _remove_containers(self, job: ContainerJob) -> None:
        """Remove what the record names, is over and is read by nobody; the hosts' sweeps find the rest."""
        for attempt in job.status.attempts:
            host = self._hosts.get(attempt.host)
            if host is None or not host.usable or host.executor is None or self._followers.hold(attempt.name):
                continue
            try:
                seen = await host.executor.inspect(attempt.name)
                if seen.state in (RunState.EXITED, RunState.CREATED):
                    await host.executor.remove(attempt.name)
            except HostUnavailable as problem:
                log.info(
                    "the host's sweep will remove the container",
                    container=attempt.name,
                    host=str(attempt.host),
                    problem=str(problem),
                    **about(job),
                )


def _about(each: Expiring) -> dict[str, str]:
    return {"namespace": each.namespace, "job": each.name, "uid": each.uid}
