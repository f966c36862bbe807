"""The control group of the node's pods, in every hierarchy the machine has."""

import contextlib
import os
import re
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from containerjob_local.errors import NodeError

_MOUNTS = Path("/proc/self/mountinfo")
_GONE_SECONDS = 20.0
# What the kubelet asks for in the second version, where a group has to hand controllers down.
_CONTROLLERS = ("cpu", "cpuset", "io", "memory", "pids")


@dataclass(frozen=True, slots=True)
class Hierarchy:
    """One mounted tree of control groups."""

    root: Path
    unified: bool


def hierarchies(mounts: Path = _MOUNTS) -> list[Hierarchy]:
    """List the trees: one per controller in the first version of control groups, one for all in the second."""
    found = []
    for line in mounts.read_text().splitlines():
        before, _, after = line.partition(" - ")
        kind = after.split()[0]
        if kind in ("cgroup", "cgroup2"):
            found.append(Hierarchy(Path(before.split()[4]), kind == "cgroup2"))
    return found


def make(name: str, trees: list[Hierarchy]) -> None:
    """Make the group wherever it is missing; raise NodeError with the kernel's words."""
    only_second = all(tree.unified for tree in trees)
    try:
        for tree in trees:
            if tree.unified and only_second:
                _hand_down(tree.root)
            (tree.root / name).mkdir(exist_ok=True)
    except OSError as error:
        raise NodeError(f"the control group {name} cannot be made: {error.filename}: {error.strerror}") from error


def remove(name: str, trees: list[Hierarchy]) -> None:
    """Kill what still runs in the group, then remove it; raise NodeError when it stays."""
    deadline = time.monotonic() + _GONE_SECONDS
    while remaining := [tree.root / name for tree in trees if (tree.root / name).exists()]:
        if time.monotonic() > deadline:
            raise NodeError(f"the control group {remaining[0]} cannot be removed: processes in it do not end")
        for top in remaining:
            for group in _deepest_first(top):
                _kill(group)
                with contextlib.suppress(OSError):  # a process in it is still ending: the next round
                    group.rmdir()
        time.sleep(0.02)


def _hand_down(group: Path) -> None:
    there = (group / "cgroup.controllers").read_text().split()
    wanted = " ".join(f"+{controller}" for controller in _CONTROLLERS if controller in there)
    (group / "cgroup.subtree_control").write_text(wanted)


def _deepest_first(top: Path) -> Iterator[Path]:
    for folder, _, _ in os.walk(top, topdown=False):
        yield Path(folder)


def _kill(group: Path) -> None:
    with contextlib.suppress(OSError):  # it went meanwhile
        for pid in re.findall(r"\d+", (group / "cgroup.procs").read_text()):
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(pid), signal.SIGKILL)
