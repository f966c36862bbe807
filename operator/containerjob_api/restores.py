"""What tells of an object that a backup brought back, perhaps without its record. Standard library only."""

from collections.abc import Iterable
from typing import Final

from containerjob_api.names import LABEL_RESTORED

VELERO: Final = "velero.io/restore-name"
"""Velero puts it on everything it restores."""
MARKS: Final = (LABEL_RESTORED, VELERO)


def marks_restored(labels: Iterable[str]) -> tuple[str, ...]:
    """Return those labels that say that an object was restored."""
    return tuple(mark for mark in MARKS if mark in labels)
