"""What is inside the demo image, and which busybox it is made of."""

import io
import tarfile
from pathlib import Path

import pytest
from tests.fakes.programs import write_program

from containerjob_local.engine.demo_image import image_tar, is_static, static_busybox


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> tarfile.TarFile:
    content = image_tar(static_busybox(tmp_path_factory.mktemp("busybox")))
    return tarfile.open(fileobj=io.BytesIO(content))


def test_every_applet_is_a_link_to_the_one_program(archive: tarfile.TarFile) -> None:
    assert archive.getmember("bin/busybox").mode == 0o755
    assert {archive.getmember(f"bin/{name}").linkname for name in ("sh", "sleep", "true")} == {"busybox"}
    assert archive.getmember("usr/bin/env").issym()


def test_a_shell_finds_its_users_and_a_place_to_write(archive: tarfile.TarFile) -> None:
    passwd = archive.extractfile("etc/passwd")
    assert passwd is not None
    assert passwd.read().startswith(b"root:x:0:0:")
    assert archive.getmember("tmp").mode == 0o1777


def test_the_same_image_comes_out_every_time(archive: tarfile.TarFile, tmp_path: Path) -> None:
    assert image_tar(static_busybox(tmp_path)) == image_tar(static_busybox(tmp_path))


def test_programs_that_need_libraries_and_scripts_are_not_static(tmp_path: Path) -> None:
    assert not is_static(Path("/bin/sh"))
    assert not is_static(write_program(tmp_path, "busybox", ":"))
    assert is_static(static_busybox(tmp_path))
