"""Namespaces of the node's own: its mounts, interfaces, firewall rules and processes end with their first process."""

import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from containerjob_local import processes
from containerjob_local.engine import leftovers, packages
from containerjob_local.errors import NodeError
from containerjob_local.node.layout import Layout
from containerjob_local.node.system import System
from containerjob_local.readiness import wait_until

NAME = "node"
# Every process of a node but its containers' inherits it: this is how they are found, whatever records say.
MARK = "CONTAINERJOB_NODE"
_READY_SECONDS = 10.0
_COMMAND_SECONDS = 60.0
# The first process of a namespace has to collect what is orphaned there; a shell does so while it waits.
_FIRST_PROCESS = "while :; do sleep 86400 & wait; done"
# What the kubelet wants these to be, and would set for the whole machine and for good.
_KERNEL_SETTINGS = {
    "kernel/keys/root_maxbytes": 25_000_000,
    "kernel/keys/root_maxkeys": 1_000_000,
    "kernel/panic": 10,
    "kernel/panic_on_oops": 1,
    "vm/overcommit_memory": 1,
    "vm/panic_on_oom": 0,
}


@dataclass(frozen=True, slots=True)
class Namespaces:
    """Namespaces that exist, and their first process as the machine numbers it."""

    nsenter: Path
    pid: int

    def command(self, *command: str) -> list[str]:
        """Compose a command line that runs another one within."""
        return [str(self.nsenter), "--target", str(self.pid), "--mount", "--net", "--pid", "--", *command]

    def run(self, *command: str, stdin: Path | None = None, seconds: float | None = None) -> str:
        """Run a command within to its end and return what it printed; raise NodeError with its own words."""
        return run(self.command(*command), stdin, seconds)


def run(command: Sequence[str], stdin: Path | None = None, seconds: float | None = None) -> str:
    """Run a command to its end and return what it printed; raise NodeError with its own words."""
    with (stdin or Path(os.devnull)).open("rb") as stream:
        try:
            done = subprocess.run(
                command,
                stdin=stream,
                capture_output=True,
                text=True,
                env=environment(),
                timeout=seconds or _COMMAND_SECONDS,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise NodeError(f"{command[0]}: {error}") from error
    if done.returncode != 0:
        lines = (done.stderr or done.stdout).strip().splitlines()
        raise NodeError(f"{' '.join(command)}: {lines[-1] if lines else f'exit code {done.returncode}'}")
    return done.stdout


def environment() -> dict[str, str]:
    """Give the node's programs the folders of system programs, as an administrator has them."""
    return os.environ | {"PATH": packages.search_path()}


def make(layout: Layout, system: System) -> Namespaces:
    """Make the namespaces and everything mounted within; raise NodeError with the kernel's words."""
    command = [str(system.unshare), "--mount", "--net", "--pid", "--propagation=slave", "--mount-proc"]
    command += ["--fork", "--kill-child", "--", "/bin/sh", "-c", _FIRST_PROCESS]
    log = layout.state.log(NAME)
    holder = processes.start(
        NAME, command, log=log, record=layout.namespaces, environment=marked_environment(layout.folder)
    )
    wait_until(
        lambda: first_process(holder.pid) is not None,
        what="the node's first process",
        seconds=_READY_SECONDS,
        needs=[(holder, log)],
    )
    made = Namespaces(system.nsenter, first_process(holder.pid) or 0)
    _mount_folders(layout, made)
    _shield_kernel_settings(layout, made)
    return made


def find(layout: Layout, system: System) -> Namespaces | None:
    """Return the namespaces that an earlier call made, if they are still there."""
    holder = processes.recorded(layout.namespaces)
    first = first_process(holder.pid) if holder is not None else None
    return Namespaces(system.nsenter, first) if first is not None else None


def first_process(holder: int) -> int | None:
    """Return the first process of the namespaces that `unshare` holds, once it is the shell."""
    try:
        children = Path(f"/proc/{holder}/task/{holder}/children").read_text().split()
        return next((int(pid) for pid in children if not _is_unshare(pid)), None)
    except (FileNotFoundError, ProcessLookupError):
        return None


def end(folder: Path) -> None:
    """Kill every process of the node in a folder: with the first of the namespace its containers go too."""
    leftovers.end_at_once(lambda: leftovers.with_environment(MARK, str(folder)))


def marked_environment(folder: Path) -> dict[str, str]:
    """Return the environment by which a node's processes are known."""
    return environment() | {MARK: str(folder)}


def _is_unshare(pid: str) -> bool:
    """Tell the child that has not become the shell yet: /proc is not mounted for it."""
    return Path(f"/proc/{pid}/comm").read_text().strip() == "unshare"


def _mount_folders(layout: Layout, made: Namespaces) -> None:
    for point, folder in layout.mounts.items():
        if folder is None:
            made.run("mount", "-t", "tmpfs", "-o", "mode=0711", "tmpfs", str(point))
            continue
        folder.mkdir(mode=0o755, exist_ok=True)
        made.run("mount", "--bind", str(folder), str(point))


def _shield_kernel_settings(layout: Layout, made: Namespaces) -> None:
    """Have the kubelet find its settings made, in files of ours, so that it leaves the machine's alone."""
    folder = layout.folder / "kernel-settings"
    folder.mkdir(mode=0o755, exist_ok=True)
    for name, value in _KERNEL_SETTINGS.items():
        file = folder / name.replace("/", "-")
        file.write_text(f"{value}\n")
        made.run("mount", "--bind", str(file), f"/proc/sys/{name}")
