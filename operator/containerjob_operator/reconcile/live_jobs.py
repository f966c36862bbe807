"""The unfinished jobs this operator looks after, and what this process remembers of each. Lost on a crash, safely."""

import asyncio
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from containerjob_api.hostrefs import HostReference
from containerjob_api.jobs import ContainerJob
from containerjob_operator.decide.facts import Refusal, Unplaced
from containerjob_operator.decide.observations import Observation

TOMBSTONES = 20_000
"""Finished uids remembered, so that a late watch event about one of them is not taken for news."""


@dataclass(slots=True)
class LiveJob:
    """One unfinished job; everything beside `job` is only this process's memory."""

    job: ContainerJob
    placement: HostReference | Unplaced | None = None
    expected: Observation | None = None
    """What the container must be like after our own last call; saves one inspect, used once."""
    bound_here: bool = False
    """Whether this process wrote the newest attempt, so that its status cannot be stale."""
    refusal: Refusal | None = None
    launch_failures: int = 0
    launched_at: datetime | None = None
    stop_signalled_at: datetime | None = None
    oom_seen: bool = False
    """The engine told of a process in the container that was killed for memory."""
    suspect: bool = False
    """A DELETED event came; only a read tells whether the object is gone."""
    gone: bool = False
    failures: int = 0
    """Passes that ended in an error, in a row."""
    rehearsed: dict[str, str] = field(default_factory=dict)
    """What a dry run last told of it."""
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when the object changed or vanished, so that a long pull does not hide a cancel."""

    @property
    def uid(self) -> str:
        return self.job.metadata.uid

    @property
    def host(self) -> HostReference | None:
        """The host whose slot the job holds."""
        attempt = self.job.status.current
        if attempt is not None:
            return attempt.host
        return self.placement if isinstance(self.placement, HostReference) else None

    def forget_passing_refusal(self) -> None:
        """Launch again without a pause: the host stirred, so what kept it from answering may be over."""
        if self.refusal is not None and self.refusal.retry_at is not None:
            self.refusal = None
            self.launch_failures = 0

    def forget_attempt(self) -> None:
        """Drop what was remembered of an attempt that is over, or begins."""
        self.expected = self.refusal = self.launched_at = self.stop_signalled_at = None
        self.launch_failures = 0
        self.bound_here = self.oom_seen = False

    def renew(self, job: ContainerJob) -> None:
        """Take the object as our write left it, unless the watch brought a newer one before the answer came."""
        if not _older(job, self.job):
            self.accept(job)

    def accept(self, job: ContainerJob) -> None:
        """Take the object; what was remembered of one attempt must never be taken for another's."""
        if _attempt_name(job) != _attempt_name(self.job):
            self.forget_attempt()
        self.job = job


class LiveJobs:
    """Unfinished jobs by uid."""

    def __init__(self) -> None:
        self._jobs: dict[str, LiveJob] = {}
        self._finished: OrderedDict[str, None] = OrderedDict()

    def __len__(self) -> int:
        return len(self._jobs)

    def __iter__(self) -> Iterator[LiveJob]:
        return iter(self._jobs.values())

    def __contains__(self, uid: str) -> bool:
        return uid in self._jobs

    def get(self, uid: str) -> LiveJob | None:
        """Return the live job with this uid."""
        return self._jobs.get(uid)

    def uids(self) -> frozenset[str]:
        """Return the uids of all live jobs."""
        return frozenset(self._jobs)

    def observe(self, job: ContainerJob) -> LiveJob | None:
        """Take in an object as the API server has it; None where it is old news or a finished job."""
        uid = job.metadata.uid
        if uid in self._finished:
            return None
        if job.status.terminal:
            self.finish(uid)
            return None
        live = self._jobs.get(uid)
        if live is None:
            live = self._jobs[uid] = LiveJob(job)
            return live
        if _older(job, live.job):
            return None
        if job.metadata.generation != live.job.metadata.generation:
            live.changed.set()
        live.accept(job)
        return live

    def finish(self, uid: str) -> None:
        """Forget a job whose outcome is stored, and remember that it is over."""
        self._jobs.pop(uid, None)
        self._finished[uid] = None
        if len(self._finished) > TOMBSTONES:
            self._finished.popitem(last=False)

    def forget(self, uid: str) -> None:
        """Forget a job whose object is gone."""
        self._jobs.pop(uid, None)


def _attempt_name(job: ContainerJob) -> str | None:
    attempt = job.status.current
    return None if attempt is None else attempt.name


def _older(job: ContainerJob, known: ContainerJob) -> bool:
    """Compare resource versions, which are ordered numbers for every kind served from CRDs (KEP-5504)."""
    return int(job.metadata.resource_version) < int(known.metadata.resource_version)
