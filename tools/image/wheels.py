"""The packages of the image, collected on this machine: its builder may reach no registry, and know no private CA."""

import hashlib
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from tools.image.errors import ImageError
from tools.image.locks import direct, part_of

from containerjob_local.binaries.cache import UNFINISHED, filling

_DOWNLOAD_SECONDS = 900.0
# What a base with glibc 2.36 (Debian 12) or newer takes; a wheel names the oldest it runs on.
_MANYLINUX = (
    "manylinux2014",
    "manylinux_2_17",
    "manylinux_2_24",
    "manylinux_2_28",
    "manylinux_2_31",
    "manylinux_2_34",
)
_KEPT = 2  # folders of wheels: that of the lock in use, and the one before it

Report = Callable[[str], None]


def collect(root: Path, extras: Sequence[str], python: str, cache: Path, report: Report) -> Path:
    """Return a folder with the wheels of some extras and of the build's tools, for CPython `python` (3.13, say)."""
    wanted = {
        "operator.txt": part_of((root / "requirements.lock").read_text(), direct(root / "pyproject.toml", extras)),
        "build.txt": (root / "tools/image/build.lock").read_text(),
        "bootstrap.txt": (root / "tools/bootstrap.lock").read_text(),
    }
    key = hashlib.sha256("\0".join([python, platform.machine(), *wanted.values()]).encode()).hexdigest()[:16]
    with filling(cache / "wheels", report) as folder:
        ready = folder / key
        if not ready.is_dir():
            report(f"collecting the image's packages for Python {python}")
            unfinished = Path(tempfile.mkdtemp(prefix=UNFINISHED, dir=folder))
            for name, text in wanted.items():
                (unfinished / name).write_text(text)
                _download(_pip(cache, report), unfinished, name, python)
                (unfinished / name).unlink()
            unfinished.rename(ready)
        os.utime(ready)
        _forget_older(folder)
    return ready


def _pip(cache: Path, report: Report) -> Path:
    """Return a Python that has pip; the environment of `make` has none."""
    folder = cache / "pip"
    python = folder / "bin" / "python"
    if not python.is_file():
        shutil.rmtree(folder, ignore_errors=True)
        _run([sys.executable, "-m", "venv", str(folder)], "a virtual environment with pip cannot be made")
        report(f"made {folder}")
    return python


def _download(python: Path, folder: Path, requirements: str, version: str) -> None:
    machine = platform.machine()
    command = [str(python), "-m", "pip", "--quiet", "--disable-pip-version-check", "download", "--require-hashes"]
    command += ["--no-deps", "--only-binary=:all:", f"--python-version={version}", "--implementation=cp"]
    command += [f"--platform={kind}_{machine}" for kind in _MANYLINUX]
    command += [f"--requirement={folder / requirements}", f"--dest={folder}"]
    _run(command, "the image's packages cannot be collected")


def _run(command: Sequence[str], failure: str) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_DOWNLOAD_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ImageError(f"{failure}: {error}") from error
    if done.returncode != 0:
        words = (done.stderr or done.stdout).strip().splitlines() or ["it said nothing"]
        raise ImageError(f"{failure}: {words[-1]}")


def _forget_older(folder: Path) -> None:
    """Keep the newest few: nobody asks for the packages of an older lock again."""
    found = sorted((each for each in folder.iterdir() if each.is_dir()), key=lambda each: each.stat().st_mtime)
    for old in found[:-_KEPT]:
        shutil.rmtree(old)
