"""Durations for people, in the form `kubectl get jobs` uses: 4.2s, 3m5s, 2h10m; below a second 340ms."""

from datetime import datetime


def human_duration(start: datetime | None, end: datetime | None) -> str | None:
    """Return the time between both, None where one is unknown; clocks that step back give 0ms."""
    if start is None or end is None:
        return None
    seconds = max(0.0, (end - start).total_seconds())
    if seconds < 0.9995:
        return f"{seconds * 1000:.0f}ms"
    if seconds < 10:
        return f"{seconds:.1f}".removesuffix(".0") + "s"
    whole = round(seconds)
    hours, rest = divmod(whole, 3600)
    minutes, secs = divmod(rest, 60)
    if hours >= 10:
        return f"{hours}h"
    if hours:
        return f"{hours}h{minutes}m"
    return f"{minutes}m{secs}s" if minutes else f"{secs}s"
