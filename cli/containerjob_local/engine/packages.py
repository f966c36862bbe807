"""Debian packages: installed where a program must live in the system, else only unpacked into a folder of ours."""

import os
import secrets
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from containerjob_local import processes
from containerjob_local.engine import leftovers
from containerjob_local.engine.errors import EngineError

_APT_SECONDS = 900.0
_LOCK_SECONDS = 120
SYSTEM_FOLDERS = ("/usr/sbin", "/sbin")
# Everything a package's scripts start inherits it: this is how we know what an installation left running.
_MARK = "CONTAINERJOB_PACKAGE_INSTALLATION"


def search_path() -> str:
    """Return PATH with the folders of system programs, which an ordinary user's PATH lacks on Debian."""
    return os.pathsep.join([os.environ.get("PATH", os.defpath), *SYSTEM_FOLDERS])


def find_program(name: str) -> str | None:
    """Return the full path of a program of the system, or None."""
    return shutil.which(name, path=search_path())


def install(package: str, units: Sequence[str], log: Path) -> None:
    """Install a package, quietly and without removing another; leave none of its services running.

    `units` are the systemd units it brings; those that were active before are left as they are.
    """
    mark = secrets.token_hex(8)
    idle = [unit for unit in units if not _is_active(unit)]
    command = ["install", "--yes", "--no-install-recommends", "--no-remove", package]
    try:
        _apt_get(command, log, {_MARK: mark})
    finally:
        for unit in filter(_is_active, idle):
            _run(["systemctl", "disable", "--now", unit], log, {})
        leftovers.end_gently(lambda: leftovers.with_environment(_MARK, mark))


def unpack(package: str, into: Path, log: Path) -> Path:
    """Download a package and unpack its files below `into`: nothing of the system changes, nothing is started."""
    into.mkdir(mode=0o700, parents=True, exist_ok=True)
    _apt_get(["download", package], log, {}, cwd=into)
    archive = next(into.glob(f"{package}_*.deb"))
    if not _run(["dpkg-deb", "--extract", str(archive), str(into)], log, {}):
        raise EngineError(f"package {package} cannot be unpacked: {processes.last_line(log)} (log: {log})")
    archive.unlink()
    return into


def _apt_get(arguments: Sequence[str], log: Path, extra: dict[str, str], cwd: Path | None = None) -> None:
    """Run apt-get, once more after an update when it fails: fresh machines have no package lists, or old ones."""
    apt_get = find_program("apt-get")
    if apt_get is None:
        raise EngineError(f"package {arguments[-1]} is needed and this is no Debian: install it and try again")
    command = [apt_get, "--quiet", "--option", f"DPkg::Lock::Timeout={_LOCK_SECONDS}", *arguments]
    if _run(command, log, extra, cwd):
        return
    if _run([apt_get, "--quiet", "update"], log, extra) and _run(command, log, extra, cwd):
        return
    raise EngineError(f"apt-get cannot {arguments[0]} {arguments[-1]}: {processes.last_line(log)} (log: {log})")


def _run(command: Sequence[str], log: Path, extra: dict[str, str], cwd: Path | None = None) -> bool:
    """Run to the end with all output in `log`; tell whether it succeeded."""
    log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    environment = os.environ | {"PATH": search_path(), "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C"} | extra
    with log.open("ab") as output:
        try:
            done = subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=environment,
                cwd=cwd,
                timeout=_APT_SECONDS,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            output.write(f"{error}\n".encode())
            return False
    return done.returncode == 0


def _is_active(unit: str) -> bool:
    """Ask systemd about a unit; where there is no systemd, nothing is active."""
    systemctl = find_program("systemctl")
    if systemctl is None:
        return False
    command = [systemctl, "is-active", "--quiet", unit]
    return subprocess.run(command, stderr=subprocess.DEVNULL, check=False).returncode == 0
