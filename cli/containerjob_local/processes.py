"""Children that outlive us: started detached, found again by pid and start time, stopped for certain."""

import contextlib
import json
import os
import select
import signal
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from containerjob_local.errors import ProcessError
from containerjob_local.files import write_private

STOP_GRACE_SECONDS = 20.0
KILL_GRACE_SECONDS = 10.0
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True, slots=True)
class StartedProcess:
    """A child and what tells it apart from a later process that was given the same pid."""

    name: str
    pid: int
    started: str


def start(
    name: str,
    command: Sequence[str],
    *,
    log: Path,
    record: Path,
    environment: Mapping[str, str] | None = None,
) -> StartedProcess:
    """Start `command` in a session of its own, its output appended to `log`; raise ProcessError if it cannot run."""
    log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    output_flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    try:
        pid = os.posix_spawn(
            command[0],
            list(command),
            dict(os.environ if environment is None else environment),
            file_actions=[
                (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                (os.POSIX_SPAWN_OPEN, 1, str(log), output_flags, 0o600),
                (os.POSIX_SPAWN_DUP2, 1, 2),
            ],
            setsid=True,  # a Ctrl-C or a closed terminal must not reach it
            setsigdef=[signal.SIGPIPE, signal.SIGXFSZ],  # Python ignores both, and a child would inherit that
        )
    except OSError as error:
        raise ProcessError(f"{name} cannot be started: {command[0]}: {error.strerror}") from error
    # A child that has ended already is a zombie of ours until we look: it gets its record like any other.
    process = StartedProcess(name, pid, _start_time(pid, zombies=True) or "unknown")
    write_private(record, json.dumps(asdict(process)))
    return process


def recorded(record: Path) -> StartedProcess | None:
    """Return the process a record speaks of if it is the same one and alive; remove a record that is stale."""
    try:
        process = StartedProcess(**json.loads(record.read_text()))
    except FileNotFoundError:
        return None
    except (ValueError, TypeError):  # cut off by a crash while it was written
        record.unlink(missing_ok=True)
        return None
    if not is_alive(process):
        record.unlink(missing_ok=True)
        return None
    return process


def is_alive(process: StartedProcess) -> bool:
    """Tell whether this very process runs; a zombie does not, and neither does a stranger with its pid."""
    _reap(process.pid)
    return _start_time(process.pid) == process.started


def command_line(process: StartedProcess) -> list[str]:
    """Return what a process was started with; empty when it is gone."""
    try:
        content = Path(f"/proc/{process.pid}/cmdline").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return []
    return content.split("\0")[:-1]


def stop(process: StartedProcess, grace_seconds: float = STOP_GRACE_SECONDS) -> None:
    """Ask with SIGTERM, insist with SIGKILL after `grace_seconds`; a process that is gone is fine."""
    try:
        handle = os.pidfd_open(process.pid)
    except ProcessLookupError:
        return
    try:
        if is_alive(process):  # checked while the handle pins the pid, so nobody else can be hit
            _end(process, handle, grace_seconds)
    finally:
        os.close(handle)
        _reap(process.pid)


def _end(process: StartedProcess, handle: int, grace_seconds: float) -> None:
    with contextlib.suppress(ProcessLookupError):  # it may end by itself at any moment
        signal.pidfd_send_signal(handle, signal.SIGTERM)
        if _wait_for_exit(handle, grace_seconds):
            return
        signal.pidfd_send_signal(handle, signal.SIGKILL)
        if not _wait_for_exit(handle, KILL_GRACE_SECONDS):
            raise ProcessError(f"{process.name} (pid {process.pid}) does not end even on SIGKILL")


def stop_recorded(record: Path, grace_seconds: float = STOP_GRACE_SECONDS) -> StartedProcess | None:
    """Stop the process of a record, remove the record, and return what was stopped."""
    process = recorded(record)
    if process is not None:
        stop(process, grace_seconds)
    record.unlink(missing_ok=True)
    return process


def last_line(log: Path) -> str:
    """Return the last line a program wrote, for an error message of one line."""
    try:
        lines = log.read_text(errors="replace").strip().splitlines()
    except FileNotFoundError:
        lines = []
    return lines[-1][:300] if lines else "it wrote nothing"


def _wait_for_exit(handle: int, seconds: float) -> bool:
    """Wait until the process behind a pidfd ends; it need not be our child."""
    poller = select.poll()
    poller.register(handle, select.POLLIN)
    return bool(poller.poll(seconds * 1000))


def _start_time(pid: int, *, zombies: bool = False) -> str | None:
    """Read a process's start, unique over reboots, or None when it is gone or, unless asked for, a zombie."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    state, threads, ticks = fields[0], int(fields[17]), fields[19]  # fields 3, 20 and 22 of proc(5)
    # While other threads of a zombie end, its ports and files are still held.
    if state in ("Z", "X") and threads <= 1 and not zombies:
        return None
    return f"{_BOOT_ID.read_text().strip()}:{ticks}"


def _reap(pid: int) -> None:
    """Collect the exit status of a child of ours, so that no zombie is left in a long-lived caller."""
    try:
        os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        return
