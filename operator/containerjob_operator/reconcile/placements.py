"""Runs the schedule whenever a job arrives, a slot becomes free or a host changes; holds who has which slot."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Protocol

from containerjob_api.hostrefs import HostReference
from containerjob_operator.decide.facts import Unplaced
from containerjob_operator.reconcile.live_jobs import LiveJob
from containerjob_operator.reconcile.queue import WorkQueue
from containerjob_operator.schedule.placement import Ceiling, HostView, PendingJob, schedule

_Group = tuple[str, HostReference | None, frozenset[HostReference]]
"""Namespace, the host that placement.hostRef names, and the hosts to avoid: all that decides who takes a job."""


class HostViews(Protocol):
    """Whoever can describe the hosts, given the slots in use."""

    def views(self, held: Mapping[HostReference, set[str]]) -> list[HostView]:
        """Describe every host to the schedule."""
        ...

    def all_asked(self) -> bool:
        """Say whether every host has been asked at least once, so that no verdict is premature."""
        ...


class Placements:
    """Waiting jobs, in groups that the same hosts take: no head that cannot start ever blocks other groups' heads."""

    def __init__(self, hosts: HostViews, queue: WorkQueue, max_concurrent: int | None = None) -> None:
        self._hosts = hosts
        self._max_concurrent = max_concurrent
        self._queue = queue
        self._groups: defaultdict[_Group, dict[str, LiveJob]] = defaultdict(dict)
        self._fresh: dict[str, LiveJob] = {}
        self._all_again = False
        self._wakeup = asyncio.Event()
        self.held: defaultdict[HostReference, set[str]] = defaultdict(set)
        """Uids that hold a slot, by host."""
        self.namespaces: dict[str, Mapping[str, str]] = {}
        """Labels of every namespace."""

    def wait_for_host(self, live: LiveJob) -> None:
        """Queue a job that has no attempt under way, hence no slot; it must never wait for its own."""
        key = (live.job.metadata.namespace, _pinned(live), _avoided(live))
        if live.uid not in self._groups.get(key, ()):
            self._drop(live.uid)
            self._groups[key][live.uid] = live
            self._fresh[live.uid] = live
            self._wakeup.set()

    def hold(self, live: LiveJob) -> None:
        """Count the slot of a job that is bound already, whoever bound it."""
        if live.host is not None:
            self._drop(live.uid)
            self.held[live.host].add(live.uid)

    def release(self, live: LiveJob) -> None:
        """Give up whatever the job held or waited for; a verdict over it holds no longer."""
        self._drop(live.uid)
        live.placement = None
        self._wakeup.set()

    def hosts_changed(self) -> None:
        """Judge every waiting job again: a host, or a namespace's labels, changed."""
        self._all_again = True
        self._wakeup.set()

    def waiting(self) -> Iterator[LiveJob]:
        """Yield every job that waits for a host or a slot."""
        for group in self._groups.values():
            yield from group.values()

    async def run(self) -> None:
        """Pass whenever there is a reason to, until cancelled."""
        while True:
            await self._wakeup.wait()
            self._wakeup.clear()
            self.pass_once()
            await asyncio.sleep(0)

    def pass_once(self) -> None:
        """Run the schedule over the jobs whose verdict may have changed, and hand those on."""
        hosts = self._hosts.views(self.held)
        batch = self._batch(hosts)
        self._fresh.clear()
        self._all_again = False
        verdict = schedule((_pending(live) for live in batch.values()), hosts, self.namespaces, self._ceiling())
        for uid, host in verdict.assigned.items():
            self._assign(batch[uid], host)
        if self._hosts.all_asked():
            for uid, why in verdict.unplaced.items():
                self._tell(batch[uid], why)

    def _batch(self, hosts: list[HostView]) -> dict[str, LiveJob]:
        """Take as many heads of each group as could start now, and whoever has had no verdict yet."""
        free = sum(max(0, host.free) for host in hosts)
        ceiling = self._ceiling()
        if ceiling is not None:
            free = min(free, max(0, ceiling.limit - ceiling.held))
        chosen: Iterable[LiveJob]
        if self._all_again:
            chosen = [live for group in self._groups.values() for live in group.values()]
        else:
            heads = [live for group in self._groups.values() for live in islice(group.values(), free)]
            chosen = [*heads, *self._fresh.values()]
        ordered = sorted(chosen, key=lambda live: (live.job.metadata.creation_timestamp, live.uid))
        return {live.uid: live for live in ordered}

    def _ceiling(self) -> Ceiling | None:
        if self._max_concurrent is None:
            return None
        return Ceiling(self._max_concurrent, sum(map(len, self.held.values())))

    def _drop(self, uid: str) -> None:
        """Take the job out of every group and from every host; what it waits for or is bound to may have changed."""
        for group in [key for key, jobs in self._groups.items() if jobs.pop(uid, None) and not jobs]:
            del self._groups[group]
        self._fresh.pop(uid, None)
        for uids in self.held.values():
            uids.discard(uid)

    def _assign(self, live: LiveJob, host: HostReference) -> None:
        self._drop(live.uid)
        live.placement = host
        self.held[host].add(live.uid)
        self._queue.add(live.uid)

    def _tell(self, live: LiveJob, why: Unplaced) -> None:
        if live.placement != why:
            live.placement = why
            self._queue.add(live.uid)


def _pinned(live: LiveJob) -> HostReference | None:
    return live.job.spec.placement.host_ref


def _pending(live: LiveJob) -> PendingJob:
    return PendingJob(live.uid, live.job.metadata.namespace, _pinned(live), _avoided(live))


def _avoided(live: LiveJob) -> frozenset[HostReference]:
    if not live.job.spec.retry_policy.avoid_failed_host:
        return frozenset()
    return frozenset(attempt.host for attempt in live.job.status.attempts if attempt.failure_class is not None)
