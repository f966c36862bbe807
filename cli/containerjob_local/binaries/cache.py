"""Programs that were fetched or built once, kept by version."""

import contextlib
import fcntl
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from containerjob_local.binaries.releases import Release
from containerjob_local.files import private_folder

# How temporary folders within the cache are named.
UNFINISHED = ".unfinished-"


def cache_folder(environment: Mapping[str, str]) -> Path:
    """Choose the cache folder as the XDG base directories say."""
    base = environment.get("XDG_CACHE_HOME") or str(Path(environment.get("HOME", "~")).expanduser() / ".cache")
    return Path(base) / "containerjob"


def release_folder(cache: Path, release: Release) -> Path:
    """Name the place of a release's programs in the cache, there or not."""
    return cache / "bin" / release.folder


def is_program(path: Path) -> bool:
    """Tell whether a path is something that can be run."""
    return path.is_file() and os.access(path, os.X_OK)


def keep(path: Path, destination: Path) -> None:
    """Move a finished program into the cache in one step, so that nobody ever runs half of one."""
    path.chmod(0o755)
    path.replace(destination)


@contextlib.contextmanager
def filling(folder: Path, report: Callable[[str], None]) -> Iterator[Path]:
    """Hold the right to fill a folder of the cache: two who need it at once fetch or build once."""
    with (private_folder(folder) / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            report(f"• another process is filling {folder}: waiting for it")
            fcntl.flock(lock, fcntl.LOCK_EX)
        for leftover in folder.glob(f"{UNFINISHED}*"):  # of one that was killed: whoever works here has the lock
            shutil.rmtree(leftover)
        yield folder
