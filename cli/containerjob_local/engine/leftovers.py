"""What a container engine leaves behind when it is killed: processes and mounts, found by what is ours alone."""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from containerjob_local.engine.errors import EngineError

_PROC = Path("/proc")
_PROGRAMS = ("dockerd", "containerd", "docker-proxy", "runc")
_GRACE_SECONDS = 20.0

Find = Callable[[], list[int]]


def with_environment(name: str, value: str) -> list[int]:
    """Return the processes that were started with this variable."""
    wanted = f"{name}={value}".encode()
    return [pid for pid in _pids() if wanted in _fields(pid, "environ")]


def of_engine(folder: Path, program: str | None = None) -> list[int]:
    """Return the processes of the engine whose sockets are below `folder`, its containers' first.

    With `program`, only the processes that run it.
    """
    ours = [pid for pid in _pids() if (_program(pid) or "").startswith(_PROGRAMS) and _mentions(pid, folder)]
    if program is not None:
        return [pid for pid in ours if _program(pid) == program]
    return [pid for pid in _pids() if pid not in ours and _parent(pid) in ours] + ours


def arguments_of(program: str) -> list[list[bytes]]:
    """Return the command lines of all processes that run a program."""
    return [_fields(pid, "cmdline") for pid in _pids() if _program(pid) == program]


def end_gently(find: Find) -> None:
    """Ask the processes found to end, and insist after a grace."""
    _signal(find(), signal.SIGTERM)
    if not _wait_until_none(find):
        end_at_once(find)


def end_at_once(find: Find) -> None:
    """Kill the processes found, and those that come up meanwhile; raise EngineError when some stay."""
    deadline = time.monotonic() + _GRACE_SECONDS
    while found := find():
        if time.monotonic() > deadline:
            raise EngineError(f"these processes do not end: {', '.join(map(str, found))}")
        _signal(found, signal.SIGKILL)
        time.sleep(0.05)


def unmount_beneath(folder: Path) -> None:
    """Unmount everything at or below a folder, the deepest first; raise EngineError if one stays."""
    inside = [point for point in _mount_points() if point == folder or folder in point.parents]
    for point in reversed(inside):
        done = subprocess.run(["umount", "--lazy", str(point)], capture_output=True, text=True, check=False)
        if done.returncode != 0 and point in _mount_points():
            raise EngineError(f"{point} cannot be unmounted: {done.stderr.strip()}")


def remove_folder(folder: Path) -> None:
    """Remove a folder that may have been removed already."""
    with contextlib.suppress(FileNotFoundError):
        shutil.rmtree(folder)


def _signal(pids: Iterable[int], number: signal.Signals) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


def _wait_until_none(find: Find) -> bool:
    deadline = time.monotonic() + _GRACE_SECONDS
    while find():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def _pids() -> list[int]:
    return [int(entry.name) for entry in _PROC.iterdir() if entry.name.isdigit()]


def _fields(pid: int, name: str) -> list[bytes]:
    """Read one of the zero-separated lists below /proc; a process that ends meanwhile has none."""
    try:
        return (_PROC / str(pid) / name).read_bytes().split(b"\0")
    except (OSError, ProcessLookupError):
        return []


def _mentions(pid: int, folder: Path) -> bool:
    return any(f"{folder}/".encode() in argument for argument in _fields(pid, "cmdline"))


def _program(pid: int) -> str | None:
    """Return the name of the file a process runs, which tells an engine from, say, a person's `tail` on its log."""
    try:
        return (_PROC / str(pid) / "exe").readlink().name
    except OSError:
        return None


def _parent(pid: int) -> int | None:
    """Read field 4 of proc(5)'s stat, counted from behind the name, which may hold blanks and brackets."""
    try:
        return int((_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()[1])
    except (OSError, IndexError):
        return None


def _mount_points() -> list[Path]:
    """List mount points in the order in which they were mounted; the kernel writes blanks as octal escapes."""
    points = [line.split()[4] for line in (_PROC / "self" / "mountinfo").read_text().splitlines()]
    return [Path(re.sub(r"\\(\d{3})", lambda code: chr(int(code[1], 8)), point)) for point in points]
