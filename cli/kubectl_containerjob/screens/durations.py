"""Times as people read them: ages as kubectl writes them, run times to the millisecond, moments in UTC."""

import re
from datetime import UTC, datetime, timedelta
from typing import Final

_MINUTE: Final = 60
_HOUR: Final = 3600
_DAY: Final = 86400
_YEAR: Final = 365 * _DAY
_COARSER: Final = (
    (2 * _MINUTE, (1, "s"), (0, "")),
    (10 * _MINUTE, (_MINUTE, "m"), (1, "s")),
    (3 * _HOUR, (_MINUTE, "m"), (0, "")),
    (8 * _HOUR, (_HOUR, "h"), (_MINUTE, "m")),
    (2 * _DAY, (_HOUR, "h"), (0, "")),
    (8 * _DAY, (_DAY, "d"), (_HOUR, "h")),
    (2 * _YEAR, (_DAY, "d"), (0, "")),
    (8 * _YEAR, (_YEAR, "y"), (_DAY, "d")),
)
"""Below how many seconds, and the units that are written then; k8s.io/apimachinery's HumanDuration has the same."""
_UNITS: Final = {"s": 1, "m": _MINUTE, "h": _HOUR, "d": _DAY, "y": _YEAR}


def moment(text: str | None) -> datetime | None:
    """Read a time as the API server writes it; None for none."""
    return datetime.fromisoformat(text) if text else None


def absolute(when: datetime) -> str:
    """Write a moment in UTC, to the second."""
    return f"{when.astimezone(UTC):%Y-%m-%d %H:%M:%SZ}"


def age(span: timedelta) -> str:
    """Write a span as kubectl's column AGE does: coarser the longer it is."""
    seconds = max(0, int(span.total_seconds()))
    for below, (large, large_unit), (small, small_unit) in _COARSER:
        if seconds < below:
            rest = seconds % large // small if small else 0
            return f"{seconds // large}{large_unit}" + (f"{rest}{small_unit}" if rest else "")
    return f"{seconds // _YEAR}y"


def seconds_of(age_text: str) -> int:
    """Read what `age` wrote; 0 for what kubectl writes when it does not know."""
    return sum(int(number) * _UNITS[unit] for number, unit in re.findall(r"(\d+)([smhdy])", age_text))


def ago(when: datetime, now: datetime) -> str:
    """Write a moment with its distance from now, whichever way it lies."""
    span = now - when
    return f"{absolute(when)} ({age(span)} ago)" if span >= timedelta() else f"{absolute(when)} (in {age(-span)})"


def run_time(start: datetime | None, end: datetime | None) -> str:
    """Write how long something ran, as the column DURATION does; empty where it is not known."""
    if start is None or end is None:
        return ""
    seconds = max(0.0, (end - start).total_seconds())
    if seconds < 0.9995:
        return f"{seconds * 1000:.0f}ms"
    if seconds < 10:
        return f"{seconds:.1f}".removesuffix(".0") + "s"
    whole = round(seconds)
    if whole >= 10 * _HOUR:
        return f"{whole // _HOUR}h"
    if whole >= _HOUR:
        return f"{whole // _HOUR}h{whole % _HOUR // _MINUTE}m"
    return f"{whole // _MINUTE}m{whole % _MINUTE}s" if whole >= _MINUTE else f"{whole}s"
