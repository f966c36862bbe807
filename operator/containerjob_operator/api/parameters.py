"""The query of a log request; whatever cannot be read is refused with the parameter's name."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final, Literal

from multidict import MultiMapping

from containerjob_api.frames import Cursor
from containerjob_operator.api.refusals import Refusal
from containerjob_operator.executors.outputs import STDERR, STDOUT

EPOCH: Final = datetime.fromtimestamp(0, UTC)
MAX_SOURCES: Final = 50
"""Containers of one request that are read at a time; the others wait for their turn."""
MOST_SOURCES: Final = 500
_LARGEST: Final = 2**63 - 1
_BOOLEANS: Final = {"": True, "true": True, "1": True, "false": False, "0": False}
_STREAMS: Final[dict[str, Literal[1, 2]]] = {"stdout": STDOUT, "stderr": STDERR}


@dataclass(frozen=True, slots=True)
class LogQuery:
    """What is wanted of the output."""

    follow: bool = False
    previous: bool = False
    attempt: int | None = None
    since: int | None = None
    """Nanoseconds since 1970."""
    tail: int | None = None
    timestamps: bool = False
    limit: int | None = None
    """Bytes of output, all sources together."""
    stream: Literal[1, 2] | None = None
    """None is both."""
    framed: bool = False
    cursors: Mapping[str, Cursor] = field(default_factory=dict)
    """By container."""
    max_sources: int = MAX_SOURCES


def log_query(query: MultiMapping[str], now: datetime) -> LogQuery:
    """Read the parameters of a log request; those that are not ours are left alone, as Kubernetes does."""
    if "sinceSeconds" in query and "sinceTime" in query:
        raise Refusal(400, "sinceSeconds and sinceTime: give one of them")
    attempt, previous = _number(query, "attempt", 0), _boolean(query, "previous")
    if previous and attempt is not None:
        raise Refusal(400, "previous and attempt: give one of them")
    return LogQuery(
        follow=_boolean(query, "follow"),
        previous=previous,
        attempt=attempt,
        since=_since(query, now),
        tail=_number(query, "tailLines", 0),
        timestamps=_boolean(query, "timestamps"),
        limit=_number(query, "limitBytes", 1),
        stream=_stream(query),
        framed=_framed(query),
        cursors=_cursors(query),
        max_sources=_number(query, "maxSources", 1, MOST_SOURCES) or MAX_SOURCES,
    )


def _boolean(query: MultiMapping[str], name: str) -> bool:
    text = query.get(name, "false")
    if text.lower() not in _BOOLEANS:
        raise Refusal(400, f"{name}: {text[:100]!r} is neither true nor false")
    return _BOOLEANS[text.lower()]


def _number(query: MultiMapping[str], name: str, least: int, most: int = _LARGEST) -> int | None:
    text = query.get(name)
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 19 and least <= int(text) <= most):
        upper = "" if most == _LARGEST else f" and at most {most}"
        raise Refusal(400, f"{name}: {text[:100]!r} is not a whole number of at least {least}{upper}")
    return int(text)


def _since(query: MultiMapping[str], now: datetime) -> int | None:
    seconds = _number(query, "sinceSeconds", 1)
    if seconds is not None:
        return max(0, _nanoseconds(now) - seconds * 10**9)
    text = query.get("sinceTime")
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise Refusal(400, f"sinceTime: {text[:100]!r} is not a time with its zone, such as 2026-01-31T18:00:00Z")
    return min(max(0, _nanoseconds(moment)), _LARGEST)


def _nanoseconds(moment: datetime) -> int:
    return (moment - EPOCH) // timedelta(microseconds=1) * 1000


def _stream(query: MultiMapping[str]) -> Literal[1, 2] | None:
    text = query.get("stream")
    if text is not None and text not in _STREAMS:
        raise Refusal(400, f"stream: {text[:100]!r} is neither stdout nor stderr; leave it out for both")
    return None if text is None else _STREAMS[text]


def _framed(query: MultiMapping[str]) -> bool:
    text = query.get("framing")
    if text not in {None, "v1"}:
        raise Refusal(400, f"framing: {text!r:.100} is not v1; leave it out for plain text")
    return text is not None


def _cursors(query: MultiMapping[str]) -> dict[str, Cursor]:
    found: dict[str, Cursor] = {}
    for text in query.getall("cursor", []):
        try:
            cursor = Cursor.parse(text)
        except ValueError:
            raise Refusal(400, f"cursor: {text[:200]!r} is not CONTAINER@TIME.ORDINAL") from None
        found[cursor.container] = cursor
    return found
