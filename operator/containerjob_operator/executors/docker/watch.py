"""Looks after one follow of a log that is rotated: engines skip files of it, and go deaf, without a word."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from aiohttp import StreamReader

from containerjob_operator.executors.docker.entries import Entry
from containerjob_operator.executors.docker.rotation import Vigil

SILENCE_SECONDS: Final = 0.3
"""After which the log's last entry is asked for; twice as long each time it is known already."""
LONGEST_SECONDS: Final = 60.0
"""Between such questions; and how long an engine may search its log before it says anything."""


class Watch:
    """Ends a follow that may have skipped something."""

    def __init__(self, file_size: int, newest: Callable[[], Awaitable[bytes]], last: bytes) -> None:
        self._vigil: Final = Vigil(file_size, last)
        self._newest: Final = newest
        self._last: Final = last
        self._seen = b""
        self._silence = SILENCE_SECONDS

    def trusted(self, read: bytes, entries: Sequence[Entry], waited: float) -> Sequence[Entry]:
        """Return the entries before which no file can be missing since `read`."""
        return entries[: self._vigil.trusted(read, entries, waited)]

    def saw(self, entries: Sequence[Entry]) -> None:
        """Remember what has come, wanted or not."""
        self._seen = entries[-1][1]
        self._silence = SILENCE_SECONDS

    async def next(self, content: StreamReader) -> bytes:
        """Wait for more; nothing where the engine has ended, or keeps back what it has."""
        while True:
            data = await _within(self._silence, content)
            if data is not None:
                return data
            searched = self._seen >= self._last or self._silence >= LONGEST_SECONDS
            if searched and await self._newest() not in {self._seen, self._last}:
                # What was written just now needs a moment to come.
                return await _within(SILENCE_SECONDS, content) or b""
            self._silence = min(2 * self._silence, LONGEST_SECONDS)


async def _within(seconds: float, content: StreamReader) -> bytes | None:
    """Read what there is; None where nothing comes in time."""
    try:
        async with asyncio.timeout(seconds):
            return await content.readany()
    except TimeoutError:
        return None
