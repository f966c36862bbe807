"""What cannot be removed is said, not passed over."""

import os
import subprocess
from pathlib import Path

import pytest
from tests.fakes.programs import write_program

from containerjob_local.engine import EngineError, leftovers

pytestmark = pytest.mark.real


def test_a_process_that_does_not_go_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leftovers, "_GRACE_SECONDS", 0.2)
    dead = subprocess.Popen(["true"])  # stays in the process table until we collect it
    try:
        with pytest.raises(EngineError, match=f"these processes do not end: {dead.pid}"):
            leftovers.end_at_once(lambda: [dead.pid])
    finally:
        dead.wait()


def test_a_process_that_went_meanwhile_is_fine() -> None:
    gone = subprocess.Popen(["true"])
    gone.wait()
    found = [[gone.pid], []]

    leftovers.end_at_once(lambda: found.pop(0))
    assert found == []


def test_mounts_below_a_folder_are_undone_whatever_their_names(tmp_path: Path) -> None:
    outer, beside = tmp_path / "a folder", tmp_path / "a folder beside"
    for folder in (outer, beside):
        folder.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "none", str(folder)], check=True)
    (outer / "inner").mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "none", str(outer / "inner")], check=True)
    try:
        leftovers.unmount_beneath(outer)

        assert not outer.is_mount()
        assert beside.is_mount()
    finally:
        leftovers.unmount_beneath(beside)
    assert not beside.is_mount()


def test_a_mount_that_stays_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "mounted"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "none", str(folder)], check=True)
    try:
        with monkeypatch.context() as patched:
            write_program(tmp_path / "programs", "umount", "echo target is busy >&2; exit 32")
            patched.setenv("PATH", f"{tmp_path / 'programs'}:{os.environ['PATH']}")
            with pytest.raises(EngineError, match="mounted cannot be unmounted: target is busy"):
                leftovers.unmount_beneath(folder)
    finally:
        leftovers.unmount_beneath(folder)
    assert not folder.is_mount()
