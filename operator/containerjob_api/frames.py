"""The frames of a log stream, as the log API sends and the plugin reads them. Standard library only.

A frame is a header of 24 bytes, big-endian, and its bytes: kind (1 byte), flags (1), source (2), length (4), time (8,
nanoseconds since 1970) and ordinal (8). An output frame holds one or more log entries of one stream of one container;
time is that of its last entry, and ordinal counts the container's entries of that very time, so that both together,
with the container's name, say exactly what was read: the cursor from which a later request goes on.
A stream without an end frame of the source ALL has broken off: ask again with the cursors.
"""

import struct
from dataclasses import dataclass
from enum import IntEnum, IntFlag, StrEnum
from typing import Final

HEADER: Final = struct.Struct(">BBHIqQ")
DATA_LIMIT: Final = 64 * 1024
"""Bytes in one frame at most."""
ALL: Final = 0xFFFF
"""The source that means the whole stream."""
KEEP_ALIVE_SECONDS: Final = 15.0
"""A stream that says nothing for longer than three times this is dead."""


class Kind(IntEnum):
    """What a frame is."""

    KEEP_ALIVE = 0
    """Nothing was written; the connection lives."""
    STDOUT = 1
    STDERR = 2
    SOURCE = 3
    """JSON: a container whose output follows under this source number: namespace, name, attempt, container, host."""
    GAP = 4
    """JSON: output is missing here, `message` says why; most often the engine has rotated it away."""
    END = 5
    """JSON: no more of this source, or of ALL: `reason`, and what is known of exitCode, phase and message."""


class Flag(IntFlag):
    """What is special about an output frame."""

    PARTIAL = 1
    """Its last entry is not the end of a line."""
    KEPT = 2
    """From the tail kept in the job's status, since the container is gone; has no time."""


class EndReason(StrEnum):
    """Why nothing more follows."""

    EXITED = "exited"
    """All there is was sent."""
    GONE = "gone"
    """The container is not there any more; the kept tail, if any, was sent."""
    TRUNCATED = "truncated"
    """limitBytes was reached."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame."""

    kind: Kind
    data: bytes = b""
    source: int = 0
    flags: int = 0
    time: int = 0
    ordinal: int = 0

    def to_bytes(self) -> bytes:
        """Return what goes over the wire."""
        return HEADER.pack(self.kind, self.flags, self.source, len(self.data), self.time, self.ordinal) + self.data


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far one container's output was read."""

    container: str
    time: int
    ordinal: int

    def __str__(self) -> str:
        """Write it as the `cursor` parameter takes it."""
        return f"{self.container}@{self.time}.{self.ordinal}"

    @classmethod
    def parse(cls, text: str) -> "Cursor":
        """Read what str() wrote; ValueError otherwise."""
        container, at, rest = text.rpartition("@")
        time, dot, ordinal = rest.partition(".")
        if not (container and at and dot):
            raise ValueError(f"not a cursor: {text}")
        return cls(container, _count(time), _count(ordinal))


def _count(text: str) -> int:
    """Read a number as a frame has room for; int() takes much more, and numbers of any length."""
    if not (text.isascii() and text.isdigit() and len(text) <= 19 and int(text) < 2**63):
        raise ValueError(f"no number of 63 bits: {text}")
    return int(text)


class Decoder:
    """Cuts a byte stream into frames; a half frame at the end of a broken stream is never given out."""

    def __init__(self) -> None:
        self._rest = bytearray()

    def feed(self, data: bytes) -> list[Frame]:
        """Take the next bytes, cut anywhere, and return what is whole; ValueError where it is no frame."""
        rest = self._rest
        rest += data
        frames: list[Frame] = []
        at = 0
        while len(rest) - at >= HEADER.size:
            kind, flags, source, length, time, ordinal = HEADER.unpack_from(rest, at)
            if length > DATA_LIMIT:
                raise ValueError(f"a frame of {length} bytes: this is no log stream")
            end = at + HEADER.size + length
            if end > len(rest):
                break
            data_of = bytes(memoryview(rest)[at + HEADER.size : end])
            frames.append(Frame(Kind(kind), data_of, source, flags, time, ordinal))
            at = end
        del rest[:at]
        return frames
