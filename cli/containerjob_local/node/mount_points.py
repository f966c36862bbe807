"""Folders that the node's programs insist on: made where they are missing, and removed again."""

import contextlib
import json
from collections.abc import Iterable
from pathlib import Path

from containerjob_local.files import write_private


def make(points: Iterable[Path], record: Path) -> None:
    """Make the folders that are missing; which, parents included, is written down before."""
    missing = list(dict.fromkeys(folder for point in points for folder in _missing(point)))
    write_private(record, json.dumps([str(folder) for folder in [*_recorded(record), *missing]]))
    for folder in missing:
        folder.mkdir(mode=0o755, exist_ok=True)


def remove(record: Path) -> None:
    """Remove the folders that were made, but for those that somebody uses by now."""
    for folder in reversed(_recorded(record)):
        if not _is_mounted_somewhere(folder):
            with contextlib.suppress(OSError):  # it is not empty, or gone: then it is not ours
                folder.rmdir()
    record.unlink(missing_ok=True)


def _missing(point: Path) -> list[Path]:
    return [folder for folder in reversed([point, *point.parents]) if not folder.exists()]


def _recorded(record: Path) -> list[Path]:
    try:
        return [Path(name) for name in json.loads(record.read_text())]
    except (FileNotFoundError, ValueError, TypeError):
        return []


def _is_mounted_somewhere(folder: Path) -> bool:
    """Ask every process's list of mounts: removing a folder takes away what another node has mounted there."""
    wanted = f" {folder} ".encode()
    return any(wanted in _content(mounts) for mounts in Path("/proc").glob("[0-9]*/mountinfo"))


def _content(mounts: Path) -> bytes:
    try:
        return mounts.read_bytes()
    except OSError:  # the process ended meanwhile, or is a zombie
        return b""
