"""A container's output as an executor reads it, and what it uses while it runs. Pure values."""

from dataclasses import dataclass
from typing import Literal

STDOUT: Literal[1] = 1
STDERR: Literal[2] = 2


@dataclass(frozen=True, slots=True)
class OutputQuery:
    """Which part of the output is wanted."""

    follow: bool = False
    """Go on until the container has ended."""
    since: int | None = None
    """Nanoseconds since 1970; only entries of this time or later."""
    tail: int | None = None
    """Only so many of the last lines of the wanted streams together; None for all."""
    stdout: bool = True
    stderr: bool = True
    timestamps: bool = False
    """Put each line's time before it, as `kubectl logs --timestamps` does."""
    after: tuple[int, int] | None = None
    """Time and ordinal of the last entry that was read before; goes on behind it. Overrides `since` and `tail`."""


@dataclass(frozen=True, slots=True)
class Output:
    """One or more entries of one stream, 64 KiB at most."""

    stream: Literal[1, 2]
    data: bytes
    time: int
    """Of the newest entry up to the last one here, in nanoseconds since 1970, by the engine's clock."""
    ordinal: int
    """How many entries there were from the first of this time up to here; both streams count, whichever is wanted."""
    partial: bool = False
    """The last entry is not the end of a line."""


@dataclass(frozen=True, slots=True)
class Gap:
    """Output is missing here; most often the engine has rotated it away before it was read."""

    message: str


@dataclass(frozen=True, slots=True)
class Usage:
    """What a running container uses just now."""

    cpu_percent: float
    """100 is one CPU."""
    memory_bytes: int
    memory_limit_bytes: int
    """The host's memory where the container has no limit."""
    processes: int
