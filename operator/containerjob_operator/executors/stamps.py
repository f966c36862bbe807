"""Times of log entries as engines write them: RFC 3339, in UTC, to the nanosecond. Pure.

Written with nine digits and a Z they are in order as bytes, too, so that most of them need not be read at all.
"""

from calendar import timegm
from datetime import UTC, datetime
from typing import Final

_SECOND: Final = 10**9


def stamp_of(time: int) -> bytes:
    """Write nanoseconds since 1970 as Docker does; such stamps are in order as bytes, too."""
    seconds, rest = divmod(time, _SECOND)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{rest:09d}Z".encode()


def time_of(stamp: bytes) -> int:
    """Read a stamp: nanoseconds since 1970; 0 where nothing was read yet."""
    if not stamp:
        return 0
    parts = (
        int(stamp[:4]),
        int(stamp[5:7]),
        int(stamp[8:10]),
        int(stamp[11:13]),
        int(stamp[14:16]),
        int(stamp[17:19]),
    )
    return timegm(parts) * _SECOND + int(stamp[20:29])


def parsed(stamp: bytes) -> int:
    """Read RFC 3339 with an offset and any number of digits; ValueError where it is none."""
    text = stamp.decode("ascii")
    whole, dot, rest = text.partition(".")
    digits = rest[: len(rest) - len(rest.lstrip("0123456789"))]
    offset = rest[len(digits) :] if dot else ""
    moment = datetime.fromisoformat(whole + offset)
    if moment.tzinfo is None:
        raise ValueError(f"a log entry's time has no offset: {text}")
    return int(moment.timestamp()) * _SECOND + int((digits + "0" * 9)[:9])
