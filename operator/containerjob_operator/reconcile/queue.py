"""The work queue: keys, not payloads. A key is worked on once at a time, and again if it was added meanwhile."""

import asyncio
import heapq
from collections import deque
from datetime import datetime

from containerjob_operator import metrics
from containerjob_operator.reconcile.clock import Clock, wall_clock


class WorkQueue:
    """De-duplicated keys with due times, all in one heap; belongs to one event loop."""

    def __init__(self, clock: Clock = wall_clock) -> None:
        self._clock = clock
        self._loop = asyncio.get_running_loop()
        self._ready: deque[str] = deque()
        self._queued: dict[str, float] = {}
        """What is ready, and since when."""
        self._active: set[str] = set()
        self._again: set[str] = set()
        self._due: dict[str, float] = {}
        self._heap: list[tuple[float, str]] = []
        self._timer: asyncio.Handle | None = None
        self._rings_at = 0.0
        self._wakeup = asyncio.Event()

    def __len__(self) -> int:
        return len(self._queued) + len(self._due)

    @property
    def ready(self) -> int:
        """How many keys are due and not worked on."""
        return len(self._ready)

    @property
    def active(self) -> int:
        """How many keys are being worked on."""
        return len(self._active)

    def add(self, key: str, delay: float = 0.0) -> None:
        """Have the key worked on after `delay` seconds; an earlier wish stays."""
        if delay > 0:
            self._add_later(key, self._loop.time() + delay)
            return
        self._due.pop(key, None)
        if key in self._active:
            self._again.add(key)
        elif key not in self._queued:
            self._queued[key] = self._loop.time()
            self._ready.append(key)
            self._wakeup.set()

    def add_at(self, key: str, moment: datetime | None) -> None:
        """Have the key worked on at this wall-clock time; None is never."""
        if moment is not None:
            self.add(key, max(0.0, (moment - self._clock()).total_seconds()))

    async def get(self) -> str:
        """Wait for the next key; call `done` with it afterwards, whatever happened."""
        while not self._ready:
            self._wakeup.clear()
            await self._wakeup.wait()
        key = self._ready.popleft()
        metrics.WORKQUEUE_LATENCY.observe(self._loop.time() - self._queued.pop(key))
        self._active.add(key)
        return key

    def done(self, key: str) -> None:
        """Let the key be worked on again."""
        self._active.discard(key)
        if key in self._again:
            self._again.discard(key)
            self.add(key)

    def forget(self, key: str) -> None:
        """Drop a due time; a key that is ready already is still handed out once."""
        self._due.pop(key, None)

    def _add_later(self, key: str, when: float) -> None:
        known = self._due.get(key)
        if known is not None and known <= when:
            return
        self._due[key] = when
        heapq.heappush(self._heap, (when, key))
        if len(self._heap) > 2 * len(self._due) + 64:
            self._compact()
        if self._timer is None or self._rings_at > when:
            self._arm()

    def _compact(self) -> None:
        """Drop entries that were overtaken; a key that is woken often before a far deadline leaves many."""
        self._heap = [(when, key) for key, when in self._due.items()]
        heapq.heapify(self._heap)

    def _arm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        while self._heap and self._due.get(self._heap[0][1]) != self._heap[0][0]:
            heapq.heappop(self._heap)
        if self._heap:
            # Kept here: uvloop gives a handle that does not tell its time where that is now.
            self._rings_at = self._heap[0][0]
            self._timer = self._loop.call_at(self._rings_at, self._ring)

    def _ring(self) -> None:
        self._timer = None
        now = self._loop.time()
        while self._heap and self._heap[0][0] <= now:
            when, key = heapq.heappop(self._heap)
            if self._due.get(key) == when:
                del self._due[key]
                self.add(key)
        self._arm()
