"""The one clock of the operator's own code; a test brings another one."""

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]
"""Returns the time of day, with its zone."""


def wall_clock() -> datetime:
    """Return the time of day."""
    return datetime.now(UTC)
