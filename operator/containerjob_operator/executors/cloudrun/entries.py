"""Entries of a log as they are read, and their order though some come late. Pure, and without Google's library.

Google orders entries by time and insert id. One that it received late would then lie before what was told already, so
it counts from the moment when it came, less what is usual: every reader finds the same order, and it only grows.
One that Google itself was late to show is known as such to this process alone, which keeps it where it was told.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from containerjob_operator.executors.outputs import STDERR, STDOUT, OutputQuery

SECOND: Final = 10**9
Identity: TypeAlias = tuple[int, str]
"""Time and insert id: what Google tells entries apart by, and in which order it lists them."""
Spot: TypeAlias = tuple[int, int, str]
"""Where an entry is in the order."""
Late: TypeAlias = dict[Identity, Spot]
"""Where entries are that came after what lies behind them had been told."""


@dataclass(frozen=True, slots=True)
class Ask:
    """Which entries are wanted."""

    executions: tuple[str, ...]
    """By their short names."""
    since: int | None = None
    """Nanoseconds since 1970; entries of this time or later."""
    newest_first: bool = False
    streams: tuple[int, ...] = (STDOUT, STDERR)


@dataclass(frozen=True, slots=True)
class Entry:
    """One line, or a part of a long one."""

    execution: str
    stream: Literal[1, 2]
    time: int
    received: int
    id: str
    data: bytes

    @property
    def identity(self) -> Identity:
        """What Google tells it from others by."""
        return self.time, self.id


@dataclass(frozen=True, slots=True)
class Page:
    """Some of the wanted entries, and where the rest goes on."""

    entries: tuple[Entry, ...]
    token: str
    """Of the next page; empty where this is the last."""


class Order:
    """Puts one execution's entries in order, and lets each pass once."""

    def __init__(self, delay_seconds: float, late: Late | None = None) -> None:
        self.newest: int | None = None
        """Time of the newest entry so far."""
        self._delay_seconds: Final = delay_seconds
        self._delay: Final = int(delay_seconds * SECOND)
        self._late: Final[Late] = {} if late is None else late
        self._told_to: Spot = (0, 0, "")
        self._waiting: list[tuple[Spot, float, Entry]] = []
        self._known: set[Identity] = set()

    def feed(self, entries: Iterable[Entry], now: float, *, since: int | None = None) -> int:
        """Take entries, known or not; return how many are new. Those before `since` were read long ago."""
        before = len(self._known)
        for entry in entries:
            if entry.identity in self._known or (since is not None and entry.time < since):
                continue
            self._known.add(entry.identity)
            self._waiting.append((self._spot(entry), now, entry))
            self.newest = max(self.newest or 0, entry.time)
        self._waiting.sort(key=lambda waiting: waiting[0])
        return len(self._known) - before

    def settled(self, until: int) -> list[Entry]:
        """Release what lies up to this time: nothing can come before it any more."""
        count = sum(spot[0] <= until for spot, _, _ in self._waiting)
        return self._release(count)

    def due(self, now: float) -> list[Entry]:
        """Release what has waited long enough for older entries, and these."""
        waited = [number for number, (_, came, _) in enumerate(self._waiting) if now - came >= self._delay_seconds]
        return self._release(waited[-1] + 1 if waited else 0)

    def rest(self) -> list[Entry]:
        """Release all."""
        return self._release(len(self._waiting))

    def forget(self, before: int) -> None:
        """Drop the memory of entries that will not be read again."""
        self._known = {known for known in self._known if known[0] >= before}

    def _spot(self, entry: Entry) -> Spot:
        spot = self._late.get(entry.identity)
        if spot is None:
            spot = max(entry.time, entry.received - self._delay), entry.time, entry.id
            if spot < self._told_to:
                told, time, identity = self._told_to
                spot = self._late[entry.identity] = told, time, f"{identity} {entry.time:020} {entry.id}"
        return spot

    def _release(self, count: int) -> list[Entry]:
        released, self._waiting = self._waiting[:count], self._waiting[count:]
        if released:
            self._told_to = max(self._told_to, released[-1][0])
        return [entry for _, _, entry in released]


class Beginning:
    """Tells which entries lie before what a query wants."""

    def __init__(self, query: OutputQuery, anchor: Entry | None = None, *, beyond: bool = False) -> None:
        self._after: Final = query.after
        self._since: Final = query.since or 0
        self._anchor: Final = None if anchor is None else anchor.identity
        # Whether the anchor itself, the newest entry when a follow began, is old already.
        self._beyond: Final = beyond
        self._newest = 0
        self._count = 0

    def wants(self, entry: Entry) -> bool:
        """Judge the next entry; every one has to be asked about, in order."""
        later = entry.time > self._newest
        self._newest, self._count = (entry.time, 1) if later else (self._newest, self._count + 1)
        if self._after is not None:
            return (self._newest, self._count) > self._after
        if self._anchor is not None and entry.identity < self._anchor:
            return False
        return entry.time >= self._since and not (self._beyond and entry.identity == self._anchor)
