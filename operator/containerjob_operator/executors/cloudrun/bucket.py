"""The quota of a project's log reads, shared by all of this process that reads there."""

import asyncio
import time
from typing import Final
from weakref import WeakValueDictionary

_BURST_SHARE: Final = 6
"""One sixth of a minute's reads may come at once; the rest is spread, so that no minute has more than all."""


_TICK: Final = 0.001
"""Seconds; less is lost in rounding."""


class Bucket:
    """Lets so many pass a minute, in the order in which they came."""

    def __init__(self, per_minute: float) -> None:
        self.per_minute = per_minute
        self._tokens = self._burst
        self._filled_at = time.monotonic()
        self._turn: Final = asyncio.Lock()

    @property
    def _burst(self) -> float:
        return max(1.0, self.per_minute / _BURST_SHARE)

    @property
    def _per_second(self) -> float:
        return max(self.per_minute - self._burst, self.per_minute / 2) / 60

    async def take(self) -> None:
        """Wait for one's turn."""
        async with self._turn:
            self._fill()
            while self._tokens < 1:
                await asyncio.sleep(max(_TICK, (1 - self._tokens) / self._per_second))
                self._fill()
            self._tokens -= 1

    def drain(self, seconds: float) -> None:
        """Let nobody pass for so long: somebody else has used up what Google allows."""
        self._fill()
        self._tokens = min(self._tokens, 1 - seconds * self._per_second)

    def _fill(self) -> None:
        now = time.monotonic()
        self._tokens = min(self._burst, self._tokens + (now - self._filled_at) * self._per_second)
        self._filled_at = now


_BUCKETS: Final[WeakValueDictionary[tuple[str, str], Bucket]] = WeakValueDictionary()


def bucket_of(endpoint: str, project: str, per_minute: float) -> Bucket:
    """Return the project's one bucket; where two hosts are told different quotas, the smaller one holds."""
    found = _BUCKETS.get((endpoint, project))
    if found is None:
        found = _BUCKETS[endpoint, project] = Bucket(per_minute)
    found.per_minute = min(found.per_minute, per_minute)
    return found
