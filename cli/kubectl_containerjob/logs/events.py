"""What is asked of the log API, and what comes back: the words between its client, its printer and the commands."""

from dataclasses import dataclass
from typing import Final, Literal
from urllib.parse import urlencode

from containerjob_api.frames import Cursor
from kubectl_containerjob.kubectl import SUBRESOURCES, path_of

MANY: Final = "-"
"""Stands for a name where a selector chooses the jobs."""
STDOUT: Final = 1
STDERR: Final = 2


@dataclass(frozen=True, slots=True)
class LogRequest:
    """Whose output is wanted, and which part of it."""

    namespace: str | None
    """None for the jobs of all namespaces, which needs MANY as name."""
    name: str = MANY
    selector: str | None = None
    """With MANY: labels; None for all jobs."""
    follow: bool = False
    """Wait for a job that has not started, and go on until it, with all its attempts, has finished."""
    attempt: int | None = None
    previous: bool = False
    since_seconds: int | None = None
    since_time: str | None = None
    """RFC 3339."""
    tail: int | None = None
    """Lines of each container at first."""
    timestamps: bool = False
    """Lines come with their time and a blank before them, but for kept ones."""
    limit_bytes: int | None = None
    stream: Literal["stdout", "stderr"] | None = None
    max_sources: int | None = None
    """The most containers to read at a time; the server refuses more."""

    def path(self, cursors: tuple[Cursor, ...] = ()) -> str:
        """Return path and query; with cursors, go on behind them."""
        asked = {
            "framing": "v1",
            "labelSelector": self.selector,
            "follow": self.follow,
            "attempt": self.attempt,
            "previous": self.previous,
            "sinceSeconds": self.since_seconds,
            "sinceTime": self.since_time,
            "tailLines": self.tail,
            "timestamps": self.timestamps,
            "limitBytes": self.limit_bytes,
            "stream": self.stream,
            "maxSources": self.max_sources,
        }
        pairs = [(key, _value(value)) for key, value in asked.items() if value is not None and value is not False]
        pairs += [("cursor", str(cursor)) for cursor in cursors]
        where = path_of("containerjobs", self.namespace, f"{self.name}/log", base=SUBRESOURCES)
        return f"{where}?{urlencode(pairs, safe='@:')}"


@dataclass(frozen=True, slots=True)
class Source:
    """A container whose output is read."""

    namespace: str
    name: str
    attempt: int
    container: str
    host: str = ""


@dataclass(frozen=True, slots=True)
class Started:
    """Output of this container follows."""

    source: Source


@dataclass(frozen=True, slots=True)
class Output:
    """Whole entries of one stream, several lines at a time."""

    source: Source
    stream: Literal[1, 2]
    data: bytes
    kept: bool = False
    """From the tail that the job's status keeps; such lines have no time."""


@dataclass(frozen=True, slots=True)
class Missing:
    """Output is missing here."""

    source: Source | None
    message: str


@dataclass(frozen=True, slots=True)
class Ended:
    """No more of this container; without a source, no more at all, which is the last event of every reading."""

    source: Source | None
    reason: str
    """One of EndReason."""
    exit_code: int | None = None
    phase: str | None = None
    message: str = ""


@dataclass(frozen=True, slots=True)
class Outage:
    """The connection is lost for long enough to be told; it is tried again and again."""

    reason: str


@dataclass(frozen=True, slots=True)
class Restored:
    """The connection that was told to be lost is there again."""


@dataclass(frozen=True, slots=True)
class Quiet:
    """Nothing came for a while; so that the caller can look at something else."""


Event = Started | Output | Missing | Ended | Outage | Restored | Quiet


def _value(value: object) -> str:
    return "true" if value is True else str(value)
