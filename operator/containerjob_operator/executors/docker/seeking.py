"""Where in a log to begin: behind a cursor, or so many lines before the end. Pure.

An engine finds its last entries at once, and all entries since a time by reading its whole log. So a place is looked
for in the last thousand entries first, then in more, and in the whole log at last.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from containerjob_operator.executors.docker.entries import Entry
from containerjob_operator.executors.stamps import stamp_of

DEPTHS: Final[tuple[int | None, ...]] = (1000, 32_000, None)
"""Entries to look through, from the end; None is the whole log."""
MARGIN: Final = 10**9
"""Nanoseconds by which an entry may be written behind a newer one."""
LINE_MARGIN: Final = 600 * 10**9
"""Likewise where the entry is part of a line of more than 16 KiB: it has the time of the line's beginning."""


class Everything:
    """Takes all entries."""

    shallow = False
    missed = False

    def feed(self, entries: Sequence[Entry]) -> Sequence[Entry]:
        """Return all."""
        return entries


@dataclass(frozen=True)
class Since:
    """The beginning, or a time; what the engine itself can find."""

    time: int | None = None
    depths: Sequence[int | None] = (None,)

    def params(self, depth: int | None) -> dict[str, str]:
        """Ask for this time and later."""
        return {} if self.time is None else since(self.time)

    def seek(self, depth: int | None) -> Everything:
        """Drop nothing."""
        return Everything()


@dataclass(frozen=True)
class After:
    """Behind the entry that was read last."""

    time: int
    ordinal: int
    depths: Sequence[int | None] = DEPTHS

    def params(self, depth: int | None) -> dict[str, str]:
        """Ask for the last entries, or for a little more than this time and later."""
        if depth is None:
            return since(max(0, self.time - MARGIN))
        # The time keeps engines from unpacking old files for it.
        return {"tail": str(depth), **since(max(0, self.time - LINE_MARGIN))}

    def seek(self, depth: int | None) -> "AfterSeek":
        """Look for the entry."""
        return AfterSeek(stamp_of(self.time), self.ordinal, whole=depth is None)


class AfterSeek:
    """Drops up to the last entry that was read; everything before it in the log is as old or older."""

    def __init__(self, stamp: bytes, ordinal: int, *, whole: bool) -> None:
        self.shallow = False
        """The place is further back than what was asked for."""
        self.missed = False
        """The place is not there any more; what comes is the oldest there is."""
        self._stamp: Final = stamp
        self._ordinal: Final = ordinal
        self._seen = 0
        self._found = False
        # Of a part of the log, entries of this time may be missing, unless older ones were seen before them: two of
        # one stream, since one may be written late; what follows it in its stream got its time only after that.
        self._complete = whole
        self._older: Final[set[int]] = set()

    def feed(self, entries: Sequence[Entry]) -> Sequence[Entry]:
        """Return what comes after it."""
        if self._found:
            return entries
        for index, (stream, stamp, text) in enumerate(entries):
            if stamp < self._stamp and not self._seen:
                self._complete = self._complete or stream in self._older
                # Parts of a line share the time of its beginning.
                (self._older.add if text[-1:] == b"\n" else self._older.discard)(stream)
                continue
            if not self._complete:
                self.shallow = True
                return ()
            if stamp > self._stamp or self._seen == self._ordinal:
                self._found = True
                self.missed = self._seen == 0 < self._ordinal
                return entries[index:]
            self._seen += 1
        return ()


@dataclass(frozen=True)
class FromLine:
    """So many lines behind the first entry of a time."""

    stamp: bytes
    """Empty: the log's beginning."""
    lines: int
    streams: frozenset[int]
    since: bytes = b""
    depths: Sequence[int | None] = (None,)

    def params(self, depth: int | None) -> dict[str, str]:
        """Ask for the last entries, or for everything."""
        return {} if depth is None else {"tail": str(depth)}

    def seek(self, depth: int | None) -> "LineSeek":
        """Look for the line."""
        return LineSeek(self, whole=depth is None)


class Lines:
    """Tells which entries begin a line of a wanted stream."""

    def __init__(self, streams: frozenset[int]) -> None:
        self._streams: Final = streams
        self._within: Final[set[int]] = set()

    def begins(self, stream: int, text: bytes) -> bool:
        """Take the next entry."""
        begins = stream in self._streams and stream not in self._within
        (self._within.discard if text[-1:] == b"\n" else self._within.add)(stream)
        return begins


class LineSeek:
    """Drops what comes before the line, and what is older than is wanted."""

    missed = False

    def __init__(self, place: FromLine, *, whole: bool) -> None:
        self.shallow = False
        self._place: Final = place
        self._lines: Final = Lines(place.streams)
        self._left = place.lines
        self._reached = self._found = False
        self._complete = whole

    def feed(self, entries: Sequence[Entry]) -> Sequence[Entry]:
        """Return what comes from the line on."""
        if not self._found:
            entries = self._from_line(entries)
        oldest = self._place.since
        return [entry for entry in entries if entry[1] >= oldest] if oldest else entries

    def _from_line(self, entries: Sequence[Entry]) -> Sequence[Entry]:
        for index, (stream, stamp, text) in enumerate(entries):
            begins = self._lines.begins(stream, text)
            if stamp < self._place.stamp and not self._reached:
                self._complete = True
                continue
            if not self._complete:
                self.shallow = True
                return ()
            self._reached = True
            if begins and self._left == 0:
                self._found = True
                return entries[index:]
            self._left -= begins
        return ()


Place: TypeAlias = Since | After | FromLine
"""Where to read from: what to ask the engine for, and what to drop of its answer."""


class TailCount:
    """Counts lines in the last entries, and those behind the first change of time among them."""

    def __init__(self, streams: frozenset[int]) -> None:
        self.entries = 0
        self.lines = 0
        self.lines_behind = 0
        self.anchor = b""
        """The time behind which lines are counted: only where an older entry is seen, all of this time are."""
        self._first = b""
        self._lines: Final = Lines(streams)

    def feed(self, entries: Sequence[Entry]) -> None:
        """Take the next entries."""
        self.entries += len(entries)
        for stream, stamp, text in entries:
            begins = self._lines.begins(stream, text)
            self._first = self._first or stamp
            if not self.anchor and stamp > self._first:
                self.anchor = stamp
            self.lines += begins
            self.lines_behind += begins and bool(self.anchor)


def since(time: int) -> dict[str, str]:
    """Write a time as engines take it, to the nanosecond."""
    seconds, rest = divmod(time, 10**9)
    return {"since": f"{seconds}.{rest:09d}"}
