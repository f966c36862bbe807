"""Installing and unpacking packages, with scripts in the place of the system's package programs."""

import os
import subprocess
import time
from pathlib import Path

import pytest
from tests.fakes.programs import is_running, write_program

from containerjob_local.engine import EngineError, demo_image, packages
from containerjob_local.engine.packages import install, search_path, unpack


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that comes first in PATH; its apt-get writes down what it was asked."""
    folder = tmp_path / "programs"
    write_program(folder, "apt-get", f'echo "$@" >> {tmp_path}/asked')
    write_program(folder, "systemctl", "exit 3")
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    return folder


def asked(tmp_path: Path) -> list[str]:
    """Return the sub-command and the last argument of every call of apt-get."""
    calls = [line.split() for line in (tmp_path / "asked").read_text().splitlines()]
    return [" ".join(dict.fromkeys([call[3], call[-1]])) for call in calls]


def test_a_package_is_installed_without_others_and_without_removals(programs: Path, tmp_path: Path) -> None:
    install("docker.io", (), tmp_path / "log")

    command = (tmp_path / "asked").read_text()
    assert command.startswith("--quiet --option DPkg::Lock::Timeout=120 install --yes")
    assert "--no-install-recommends --no-remove docker.io" in command


def test_a_failure_is_tried_again_after_an_update_of_the_lists(programs: Path, tmp_path: Path) -> None:
    known = tmp_path / "known"
    write_program(
        programs,
        "apt-get",
        f'echo x "$@" >> {tmp_path}/asked; case "$*" in *update) touch {known};; *) test -e {known};; esac',
    )
    install("docker.io", (), tmp_path / "log")

    assert len((tmp_path / "asked").read_text().splitlines()) == 3


def test_a_package_that_cannot_be_had_is_named_with_the_last_words(programs: Path, tmp_path: Path) -> None:
    write_program(programs, "apt-get", 'echo "E: Unable to locate package"; exit 100')

    with pytest.raises(EngineError, match=r"cannot install nothing: E: Unable to locate package \(log: .*log\)"):
        install("nothing", (), tmp_path / "log")


def test_an_installation_that_hangs_is_given_up(
    programs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packages, "_APT_SECONDS", 0.2)
    write_program(programs, "apt-get", "exec sleep 60")

    with pytest.raises(EngineError, match=r"cannot install slow: .* timed out after"):
        install("slow", (), tmp_path / "log")


def test_what_a_package_starts_in_the_background_is_ended_and_nothing_else(programs: Path, tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    write_program(programs, "apt-get", f"setsid sleep 300 & echo $! > {pid_file}")
    bystander = subprocess.Popen(["sleep", "300"])
    try:
        install("docker.io", (), tmp_path / "log")

        assert not is_running(int(pid_file.read_text()))
        assert bystander.poll() is None
    finally:
        bystander.kill()
        bystander.wait()


def test_a_background_process_that_ignores_the_request_is_killed(
    programs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("containerjob_local.engine.leftovers._GRACE_SECONDS", 0.3)
    ready = tmp_path / "ready"
    service = write_program(programs, "service", f"trap '' TERM; touch {ready}; while :; do sleep 0.1; done")
    write_program(programs, "apt-get", f"setsid {service} & while ! test -e {ready}; do sleep 0.05; done")
    started = time.monotonic()
    install("docker.io", (), tmp_path / "log")

    assert time.monotonic() - started < 20


def test_services_the_package_started_are_stopped_and_those_before_are_not(programs: Path, tmp_path: Path) -> None:
    write_program(programs, "apt-get", f"touch {tmp_path}/new.active")
    (tmp_path / "old.active").touch()
    write_program(
        programs,
        "systemctl",
        "for unit; do :; done\n"
        f'case $1 in is-active) test -e {tmp_path}/$unit.active;; *) echo "$@" >> {tmp_path}/did;; esac',
    )
    install("docker.io", ("old", "new", "never"), tmp_path / "log")

    assert (tmp_path / "did").read_text() == "disable --now new\n"


def test_a_machine_without_apt_is_told_what_it_needs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(packages, "SYSTEM_FOLDERS", ())

    with pytest.raises(EngineError, match=r"package docker\.io is needed and this is no Debian"):
        install("docker.io", ("docker.service",), tmp_path / "log")


def test_programs_of_the_system_are_found_with_an_ordinary_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PATH")

    assert search_path().endswith(":/usr/sbin:/sbin")


def test_an_archive_that_cannot_be_unpacked_is_an_error(programs: Path, tmp_path: Path) -> None:
    write_program(programs, "apt-get", "echo broken > thing_1_amd64.deb")

    with pytest.raises(EngineError, match="package thing cannot be unpacked: "):
        unpack("thing", tmp_path / "into", tmp_path / "log")


def test_a_busybox_package_without_busybox_is_an_error(programs: Path, tmp_path: Path) -> None:
    write_program(programs, "busybox", "a script is no static program")
    write_program(programs, "apt-get", "touch busybox-static_1_amd64.deb")
    write_program(programs, "dpkg-deb", "exit 0")

    with pytest.raises(EngineError, match="brought no busybox"):
        demo_image.static_busybox(tmp_path / "into")
