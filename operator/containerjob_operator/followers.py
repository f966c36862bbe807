"""Whose output is being read in this process, so that a finished container is not removed under its reader.

Readers in other replicas are not known here: theirs end as if the container had been removed by hand.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

DRAIN_SECONDS: Final = 10.0
"""How long a removal waits for readers, from when it was first wanted."""
MEMORY_SECONDS: Final = 600.0
"""How long that moment is remembered: readers that come and go must not hold a container for ever."""


class Followers:
    """Names of containers with their readers. Belongs to one event loop."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._readers: Counter[str] = Counter()
        self._wanted_at: dict[str, float] = {}

    @contextmanager
    def reading(self, container: str) -> Iterator[None]:
        """Say that the container is read meanwhile."""
        self._readers[container] += 1
        try:
            yield
        finally:
            self._readers[container] -= 1
            if not self._readers[container]:
                del self._readers[container]

    @property
    def count(self) -> int:
        """How many containers are being read."""
        return len(self._readers)

    def hold(self, container: str) -> bool:
        """Say, to who wants to remove the container, whether that has to wait; ask again in a while."""
        now = self._clock()
        while self._wanted_at and now - next(iter(self._wanted_at.values())) > MEMORY_SECONDS:
            del self._wanted_at[next(iter(self._wanted_at))]
        if container not in self._readers:
            return False
        return now - self._wanted_at.setdefault(container, now) < DRAIN_SECONDS
