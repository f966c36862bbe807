"""kubectl run for what it prints itself; the module subprocess takes longer to load than all of this to run."""

import os
import signal
import time
from typing import Final

STOP_SECONDS: Final = 2.0
"""A kubectl that was asked to end gets this long."""
_LOOKS_EVERY: Final = 0.02
_OURS: Final = (signal.SIGPIPE, signal.SIGXFSZ)
"""Signals that Python ignores; a child is to die of them as it would under a shell."""


def shown(command: list[str]) -> tuple[int, str]:
    """Run a command with our own stdout and nothing to read; return its exit code, or -signal, and its stderr.

    It does not outlive an interruption of ours. FileNotFoundError names a program that PATH does not have.
    """
    reading, writing = os.pipe()
    with os.fdopen(reading, encoding="utf-8", errors="replace") as stderr:
        try:
            child = os.posix_spawnp(
                command[0],
                command,
                os.environ,
                file_actions=[
                    (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                    (os.POSIX_SPAWN_DUP2, writing, 2),
                ],
                setsigdef=_OURS,
            )
        finally:
            os.close(writing)
        try:
            told = stderr.read()
            _, status = os.waitpid(child, 0)
        except BaseException:
            _end(child)
            raise
    return os.waitstatus_to_exitcode(status), told


def _end(child: int) -> None:
    os.kill(child, signal.SIGTERM)
    patience = time.monotonic() + STOP_SECONDS
    while not os.waitpid(child, os.WNOHANG)[0]:
        if time.monotonic() > patience:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            return
        time.sleep(_LOOKS_EVERY)
