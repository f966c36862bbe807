"""Scripts of faults as plain data, and what is known of each while it is planted in a proxy.

A request is named by one line that each proxy composes, such as `patch containerjobs/status team-a/hello` or
`POST /containers/create`; a fault is for the requests whose line its pattern fits.
"""

import asyncio
import fnmatch
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from tests.fakes.troubles import When


class NotPlayedError(Exception):
    """A fault could not be played as meant, which says nothing about who it was meant for."""


class What(StrEnum):
    """What befalls a request."""

    DROP = "drop"
    """Its connection is cut."""
    HOLD = "hold"
    """Nothing happens until the fault is released; without that the client never hears anything."""
    ANSWER = "answer"
    """The proxy answers by itself; nothing gets through."""
    STALL = "stall"
    """An answer that is a stream gives no more bytes until the fault is lifted: the connection stays."""
    FREEZE = "freeze"
    """The same for ever: the other side is gone without a word."""


FOR_EVER = 1_000_000


@dataclass(frozen=True)
class Fault:
    """One fault: for which requests, what, on which side of the effect, how often."""

    match: str
    what: What
    when: When = When.BEFORE
    times: int = FOR_EVER
    status: int = 503
    """Of an answer; so are headers and body."""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b"{}"


@dataclass
class Planted:
    """A fault at work. The test's thread waits for `reached`; the proxy's loop waits for `released`."""

    fault: Fault
    loop: asyncio.AbstractEventLoop
    reached: threading.Event = field(default_factory=threading.Event)
    met: int = 0
    lifted: bool = False
    _released: asyncio.Event = field(default_factory=asyncio.Event)

    def fits(self, line: str) -> bool:
        """Say whether the fault is for this request."""
        return not self.lifted and self.met < self.fault.times and fnmatch.fnmatchcase(line, self.fault.match)

    def strike(self) -> None:
        """Count one request that was hit."""
        self.met += 1
        self.reached.set()

    def wait(self, seconds: float = 90.0) -> None:
        """Return once a request was hit."""
        if not self.reached.wait(seconds):
            raise NotPlayedError(f"no request came that fits {self.fault.match!r}")

    def release(self) -> None:
        """Let go what is held, from any thread; nothing more is hit."""
        self.lifted = True
        self.loop.call_soon_threadsafe(self._released.set)

    async def held(self) -> None:
        """Wait for the release."""
        await self._released.wait()
