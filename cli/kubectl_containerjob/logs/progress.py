"""How far each container's output was read: turns frames into events, and says how to ask for the rest. No I/O."""

import dataclasses
import json
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from containerjob_api.frames import ALL, Cursor, EndReason, Flag, Frame, Kind
from kubectl_containerjob.logs.events import MANY, Ended, Event, LogRequest, Missing, Output, Source, Started
from kubectl_containerjob.logs.kept_tails import SEEN_BYTES, unread

CURSOR_BYTES: Final = 96 * 1024
"""Of cursors in one request: a program's argument may have 128 KiB."""
_TIMES: Final = re.compile(rb"(?m)^\d{4}-\d\d-\d\dT\S+ ")


@dataclass(slots=True)
class _Read:
    """What was read of one container."""

    source: Source
    time: int = 0
    ordinal: int = 0
    ended: bool = False
    resumed: bool = False
    """Whether the next output may be what was read before; later not, as entries may be a little out of order."""
    seen: dict[int, bytes] = field(default_factory=dict)
    """The last bytes of each stream, to find in a kept tail what is new."""
    kept: set[int] = field(default_factory=set)
    """Streams whose kept tail was given out."""

    def note(self, frame: Frame) -> None:
        """Remember that this frame was given out."""
        self.time, self.ordinal = frame.time, frame.ordinal
        data = frame.data if len(frame.data) < SEEN_BYTES else frame.data[-SEEN_BYTES:]
        self.seen[frame.kind] = (self.seen.get(frame.kind, b"") + data)[-SEEN_BYTES:]


class Progress:
    """Lives as long as the reading, over all its connections."""

    def __init__(self, request: LogRequest) -> None:
        self.answered = False
        """Whether any frame ever came."""
        self.bytes = 0
        """Of output that was given out."""
        self._caught_up = False
        """Whether it fell silent once: all that was written before was read."""
        self._request = request
        self._began = time.monotonic()
        self._reads: dict[str, _Read] = {}
        self._numbers: dict[int, _Read] = {}

    def connected(self) -> str:
        """Return the path to ask, at first and again; source numbers begin anew."""
        self._numbers = {}
        for read in self._reads.values():
            read.resumed = True
        return self._rest().path(self._cursors()) if self._reads or self._caught_up else self._request.path()

    @property
    def full(self) -> bool:
        """Whether as many bytes were read as were asked for."""
        limit = self._request.limit_bytes
        return limit is not None and self.bytes >= limit

    def take(self, frame: Frame) -> Iterator[Event]:
        """Yield what a frame tells that was not told before; ValueError where it makes no sense."""
        self.answered = True
        if frame.kind in {Kind.STDOUT, Kind.STDERR}:
            yield from self._output(self._read(frame), frame)
        elif frame.kind is Kind.SOURCE:
            yield from self._source(frame)
        elif frame.kind is Kind.GAP:
            read = None if frame.source == ALL else self._read(frame)
            if read is None or not (read.ended or read.kept):
                yield Missing(read.source if read else None, str(_json(frame).get("message", "")))
        elif frame.kind is Kind.END:
            yield from self._end(frame)
        else:
            self._caught_up = True

    def _source(self, frame: Frame) -> Iterator[Event]:
        told = _json(frame)
        source = Source(
            str(told.get("namespace", "")),
            str(told.get("name", "")),
            int(told.get("attempt") or 0),
            str(told.get("container", "")),
            str(told.get("host") or ""),
        )
        if source.container not in self._reads:
            self._reads[source.container] = _Read(source)
            yield Started(source)
        self._numbers[frame.source] = self._reads[source.container]

    def _output(self, read: _Read, frame: Frame) -> Iterator[Event]:
        stream: Literal[1, 2] = 1 if frame.kind is Kind.STDOUT else 2
        if frame.flags & Flag.KEPT:
            yield from self._kept(read, stream, frame.data)
        elif not read.ended and not (read.resumed and (frame.time, frame.ordinal) <= (read.time, read.ordinal)):
            read.resumed = False
            read.note(frame)
            self.bytes += len(frame.data)
            if frame.data:  # none where --tail=0 begins
                yield Output(read.source, stream, frame.data)

    def _kept(self, read: _Read, stream: Literal[1, 2], data: bytes) -> Iterator[Event]:
        """Give out of a kept tail what was not read while the container was there."""
        if stream in read.kept:
            return
        read.kept.add(stream)
        rest: bytes | None = data
        if read.time:
            seen = read.seen.get(stream, b"")
            rest = unread(_TIMES.sub(b"", seen) if self._request.timestamps else seen, data)
            if rest is None:
                yield Missing(read.source, "the container was removed while it was read")
                rest = data
        if rest:
            self.bytes += len(rest)
            yield Output(read.source, stream, rest, kept=True)

    def _end(self, frame: Frame) -> Iterator[Event]:
        told = _json(frame)
        read = None if frame.source == ALL else self._read(frame)
        if read is not None:
            if read.ended:
                return
            read.ended = True
        code = told.get("exitCode")
        yield Ended(
            read.source if read else None,
            str(told.get("reason", "")),
            None if code is None else int(code),
            told.get("phase"),
            str(told.get("message") or ""),
        )

    def _read(self, frame: Frame) -> _Read:
        read = self._numbers.get(frame.source)
        if read is None:
            raise ValueError(f"source {frame.source} was not announced")
        return read

    def _rest(self) -> LogRequest:
        """Return the request for what is left: the same attempt, later containers in full, fewer bytes."""
        request = self._request
        pinned = request.name != MANY and (request.previous or not request.follow)
        newest = max((read.source.attempt for read in self._reads.values()), default=request.attempt)
        since = request.since_seconds
        return dataclasses.replace(
            request,
            attempt=newest if pinned else request.attempt,
            previous=request.previous and newest is None,
            since_seconds=None if since is None else since + int(time.monotonic() - self._began) + 1,
            tail=None,
            limit_bytes=None if request.limit_bytes is None else request.limit_bytes - self.bytes,
        )

    def _cursors(self) -> tuple[Cursor, ...]:
        """Return where to go on, living containers first; where there is no room, what was read is left out again."""
        found, room = [], CURSOR_BYTES
        for read in sorted(self._reads.values(), key=lambda read: read.ended):
            cursor = self._cursor(read)
            if cursor is None:
                continue
            room -= len(str(cursor)) + len("&cursor=")
            if room < 0:
                break
            found.append(cursor)
        return tuple(found)

    def _cursor(self, read: _Read) -> Cursor | None:
        """Return where to go on; one of which nothing was read is asked for as at first."""
        container = read.source.container
        if read.time:
            return Cursor(container, read.time, read.ordinal)
        if self._request.since_seconds is not None or self._request.since_time is not None:
            return None
        return Cursor(container, 0, 0)


def truncated() -> Ended:
    """Return the end of a reading that has all the bytes that were asked for."""
    return Ended(None, EndReason.TRUNCATED)


def _json(frame: Frame) -> dict[str, Any]:
    told = json.loads(frame.data)
    if isinstance(told, dict):
        return told
    raise ValueError(f"a frame of kind {frame.kind.name} without an object")
