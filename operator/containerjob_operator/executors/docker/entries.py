"""The engine's framed log stream, cut into entries, and entries put together into outputs. Pure.

The engine sends 8 bytes before each log entry (stream, three zeros, length), and, as we always ask for it, the
entry's time and a space. A line is one entry; one of more than 16 KiB is several of the same time.
"""

import struct
from collections.abc import Sequence
from typing import Final, TypeAlias

from containerjob_operator.executors.outputs import STDERR, STDOUT, Output
from containerjob_operator.executors.stamps import parsed, stamp_of, time_of

Entry: TypeAlias = tuple[int, bytes, bytes]
"""Stream, stamp and text; a plain tuple, since there are a hundred thousand of them each second."""
OUTPUT_LIMIT: Final = 64 * 1024
"""Bytes in one output at most."""
ENTRY_LIMIT: Final = 1024 * 1024
"""Bytes; the engines we know split what is longer than 16 KiB, so this is no log stream."""
_HEADER: Final = struct.Struct(">BxxxI")
_COMPLAINT: Final = 3
"""The stream on which the engine says that it cannot read its log."""
_STAMP: Final = len("2006-01-02T15:04:05.000000000Z")
_SPACE: Final = ord(" ")
_ZULU: Final = ord("Z")


class Cutter:
    """Cuts the stream of one answer into entries."""

    def __init__(self, *, timestamps: bool = False) -> None:
        self.complaint = ""
        """What the engine says kept it from reading on; nothing follows it."""
        self._timestamps: Final = timestamps
        self._within: Final = {STDOUT: False, STDERR: False}
        self._rest = b""

    def feed(self, data: bytes) -> list[Entry]:
        """Take the next bytes, cut anywhere; ValueError where this is no log stream."""
        buffer = self._rest + data if self._rest else data
        at, end = 0, len(buffer)
        entries: list[Entry] = []
        while end - at >= _HEADER.size and not self.complaint:
            stream, size = _HEADER.unpack_from(buffer, at)
            start = at + _HEADER.size
            stop = start + size
            if stop > end:
                _check(stream, size)
                break
            split = start + _STAMP
            if split < stop and buffer[split] == _SPACE and buffer[split - 1] == _ZULU and stream < _COMPLAINT:
                entries.append((stream or STDOUT, buffer[start:split], buffer[split + 1 : stop]))
            else:
                self._odd(stream, buffer[start:stop], entries)
            at = stop
        self._rest = buffer[at:]
        return [self._stamped(*entry) for entry in entries] if self._timestamps else entries

    def _odd(self, stream: int, content: bytes, entries: list[Entry]) -> None:
        """Take what is not written as Docker writes entries: Podman's times, or the engine's own words."""
        _check(stream, len(content))
        if stream == _COMPLAINT:
            self.complaint = content.decode(errors="replace").strip()
            return
        stamp, _, text = content.partition(b" ")
        entries.append((stream or STDOUT, stamp_of(parsed(stamp)), text))

    def _stamped(self, stream: int, stamp: bytes, text: bytes) -> Entry:
        """Put the time before the line, not before its later parts."""
        within, self._within[stream] = self._within[stream], text[-1:] != b"\n"
        return (stream, stamp, text if within else stamp + b" " + text)


class Batcher:
    """Puts successive entries of one stream together, and knows how far everything was read."""

    def __init__(self, cursor: tuple[bytes, int] = (b"", 0), *, stdout: bool = True, stderr: bool = True) -> None:
        self.cursor = cursor
        """Stamp of the newest entry so far, and how many there were from the first one of this time on."""
        self._wanted: Final = (False, stdout, stderr)
        self._given = cursor

    def feed(self, entries: Sequence[Entry]) -> list[Output]:
        """Return the wanted entries; several of one stream in one output."""
        outputs: list[Output] = []
        pieces: list[bytes] = []
        size = current = 0
        newest, count = self.cursor
        for stream, stamp, text in entries:
            wanted = self._wanted[stream]
            if wanted and pieces and (stream != current or size + len(text) > OUTPUT_LIMIT):
                self._put(outputs, current, pieces, (newest, count))
                pieces, size = [], 0
            # Not all are in order: streams are stamped before they are written in turn.
            newest, count = (stamp, 1) if stamp > newest else (newest, count + 1)
            if wanted:
                pieces.append(text)
                size += len(text)
                current = stream
        self.cursor = newest, count
        if pieces:
            self._put(outputs, current, pieces, self.cursor)
        return outputs

    def pass_over(self, entries: Sequence[Entry]) -> None:
        """Count what nobody asked for."""
        newest, count = self.cursor
        for _, stamp, _ in entries:
            newest, count = (stamp, 1) if stamp > newest else (newest, count + 1)
        self.cursor = newest, count

    def _put(self, outputs: list[Output], stream: int, pieces: list[bytes], cursor: tuple[bytes, int]) -> None:
        data = b"".join(pieces)
        of: Final = STDERR if stream == STDERR else STDOUT
        while len(data) > OUTPUT_LIMIT:
            # Only the last piece of a huge entry says that it was read.
            outputs.append(Output(of, data[:OUTPUT_LIMIT], time_of(self._given[0]), self._given[1], partial=True))
            data = data[OUTPUT_LIMIT:]
        self._given = cursor
        outputs.append(Output(of, data, time_of(cursor[0]), cursor[1], partial=data[-1:] != b"\n"))


def _check(stream: int, size: int) -> None:
    if stream > _COMPLAINT or size > ENTRY_LIMIT:
        raise ValueError(f"this is no log stream: an entry of {size} bytes for stream {stream}")
