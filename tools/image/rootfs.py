"""A base image where none can be pulled: this machine's own Debian, as small as it comes, with its Python."""

import os
import platform
import re
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from tools.image.errors import ImageError

from containerjob_local.binaries.cache import UNFINISHED, filling
from containerjob_local.engine import packages

PACKAGES = ("python3",)
_PROGRAM = "debootstrap"
_SECONDS = 900.0
_REVISION = "1"
"""To be raised when what is in the archive changes."""
# Nothing of it is read in a container, and the package manager's lists are old the day after.
_LEFT_OUT = ("var/cache/apt", "var/lib/apt/lists", "var/log", "usr/share/doc", "usr/share/man", "usr/share/locale")
_EMPTY_FOLDERS = ("dev", "proc", "sys", "run", "tmp")
_OF_THIS_MACHINE = ("etc/hostname", "etc/resolv.conf")

Report = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Archive:
    """A root file system as a tar archive, and the version (major.minor) of the Python in it."""

    path: Path
    python: str


@dataclass(frozen=True, slots=True)
class Source:
    """Where this machine gets its own packages from."""

    mirror: str
    suite: str


def archive(cache: Path, report: Report) -> Archive:
    """Return the archive, made the first time; raise ImageError where this machine is not fit to make it."""
    source = own_source(_index_targets())
    name = f"{source.suite}-{platform.machine()}-{_REVISION}.tar"
    with filling(cache / "rootfs", report) as folder:
        ready = folder / name
        if not ready.is_file():
            _make(source, folder, ready, report)
    return Archive(ready, _python_in(ready))


def own_source(targets: Iterable[str]) -> Source:
    """Choose the distribution's own archive among apt's sources: the one that this machine was installed from."""
    release = platform.freedesktop_os_release()
    suite = release.get("VERSION_CODENAME", "")
    for line in targets:
        site, _, rest = line.partition(" ")
        if rest.split() == [suite, "main"]:
            return Source(site.rstrip("/"), suite)
    name = release.get("PRETTY_NAME", "this system")
    raise ImageError(f"apt on {name} names no archive of {suite or 'a release'}: name a base image with --base")


def _index_targets() -> list[str]:
    apt_get = packages.find_program("apt-get")
    if apt_get is None:
        raise ImageError("no base image can be pulled, and one is made only on Debian and its kin: use --base")
    command = [apt_get, "indextargets", "--format", "$(SITE) $(CODENAME) $(COMPONENT)", "Created-By: Packages"]
    # Before the first update apt knows no code name, only what the source's line calls the release.
    older = [*command[:3], "$(SITE) $(RELEASE) $(COMPONENT)", command[4]]
    outputs = (subprocess.run(each, capture_output=True, text=True, check=False).stdout for each in (command, older))
    return [line for output in outputs for line in output.splitlines()]


def _make(source: Source, folder: Path, ready: Path, report: Report) -> None:
    if os.geteuid() != 0:
        raise ImageError("no base image can be pulled, and only root can make one: name one with --base")
    log = folder / "debootstrap.log"
    program = packages.find_program(_PROGRAM)
    if program is None:
        report(f"installing the system package {_PROGRAM} (log: {log})")
        packages.install(_PROGRAM, (), log)
        program = packages.find_program(_PROGRAM) or _PROGRAM
    report(f"making a base image of {source.suite} with {_PROGRAM} (log: {log})")
    work = Path(tempfile.mkdtemp(prefix=UNFINISHED, dir=folder))
    try:
        _debootstrap(program, source, work / "root", log)
        unfinished = work / "root.tar"
        pack(work / "root", unfinished)
        unfinished.replace(ready)
    finally:
        shutil.rmtree(work)


def _debootstrap(program: str, source: Source, root: Path, log: Path) -> None:
    command = [
        program,
        "--variant=minbase",
        f"--include={','.join(PACKAGES)}",
        source.suite,
        str(root),
        source.mirror,
    ]
    environment = os.environ | {"PATH": packages.search_path(), "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C"}
    with log.open("ab") as output:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=environment,
            timeout=_SECONDS,
            check=False,
        )
    if done.returncode != 0:
        raise ImageError(f"{_PROGRAM} failed with exit code {done.returncode} (log: {log})")


def pack(root: Path, into: Path) -> None:
    """Write a root file system as an archive that is the same for the same files."""

    def chosen(entry: tarfile.TarInfo) -> tarfile.TarInfo | None:
        path = entry.name.removeprefix("./")
        if path in _OF_THIS_MACHINE or path.startswith(
            tuple(f"{folder}/" for folder in (*_LEFT_OUT, *_EMPTY_FOLDERS))
        ):
            return None
        entry.mtime = int(entry.mtime)  # fractions would need a header of their own for each file
        return entry

    with tarfile.open(into, "w") as content:
        content.add(root, ".", filter=chosen)


def _python_in(path: Path) -> str:
    """Read which Python is in an archive off the name of its library."""
    with tarfile.open(path) as content:
        for entry in content:
            if (found := re.fullmatch(r"\./usr/lib/python(3\.\d+)", entry.name)) is not None:
                return found[1]
    raise ImageError(f"{path} holds no Python 3: remove it and try again")
