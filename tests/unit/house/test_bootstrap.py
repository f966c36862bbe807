"""`tools/ensure-python` on machines that lack something: it installs that, or says what to install."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ENSURE = Path(__file__).parents[3] / "tools" / "ensure-python"
TOO_OLD = """
case "$*" in
--version) echo "Python 3.9.2" ;;
*"sys.exit(sys.version_info >="*) exit 0 ;;
*) exit 1 ;;
esac
"""
WITHOUT_VENV = "exit 1"


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """Return the only folder of programs that the machine has."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("sh", "cat", "chmod"):
        (folder / name).symlink_to(str(shutil.which(name)))
    install(folder, "id", "echo 1000")
    return folder


def install(folder: Path, name: str, script: str) -> None:
    (folder / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / name).chmod(0o755)


def ensure(machine: Path, python: str = "python3") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [ENSURE, python], env={**os.environ, "PATH": str(machine)}, capture_output=True, text=True, check=False
    )


def test_a_python_that_is_new_enough_is_left_alone(machine: Path) -> None:
    result = ensure(machine, sys.executable)
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


def test_without_python_it_says_what_to_install(machine: Path) -> None:
    result = ensure(machine)
    assert result.returncode == 1
    assert "python3 was not found. Install Python 3.11" in result.stderr
    assert "apt install python3 python3-venv" in result.stderr


def test_an_old_python_is_named_with_its_version(machine: Path) -> None:
    install(machine, "python3", TOO_OLD)
    result = ensure(machine)
    assert result.returncode == 1
    assert "python3 is Python 3.9.2, and 3.11 or newer is needed" in result.stderr
    assert "make PYTHON=" in result.stderr


def test_a_python_without_venv_is_told_from_an_old_one(machine: Path) -> None:
    install(machine, "python3", WITHOUT_VENV)
    result = ensure(machine)
    assert result.returncode == 1
    assert "cannot make virtual environments" in result.stderr


def test_root_on_debian_gets_what_is_missing(machine: Path, tmp_path: Path) -> None:
    install(machine, "id", "echo 0")
    python = machine / "python3"
    log = tmp_path / "apt.log"
    makes_python = f"printf '#!/bin/sh\\nexec {sys.executable} \"$@\"\\n' >{python}; chmod +x {python}"
    install(machine, "apt-get", f'echo "$@" >>{log}; case "$1" in install) {makes_python} ;; esac')
    assert ensure(machine).returncode == 0
    assert [line.split()[0] for line in log.read_text().splitlines()] == ["update", "install"]
    assert log.read_text().rstrip().endswith("python3 python3-venv")


def test_a_python_that_was_named_is_never_replaced(machine: Path) -> None:
    install(machine, "id", "echo 0")
    install(machine, "apt-get", "exit 9")
    result = ensure(machine, "python3.99")
    assert result.returncode == 1
    assert "python3.99 was not found" in result.stderr
