"""A base image of this machine's own Debian: from where, and what of it."""

import platform
import tarfile
from pathlib import Path

import pytest
from tools.image import rootfs
from tools.image.base import default_image
from tools.image.errors import ImageError
from tools.image.prepare_base import installers
from tools.image.rootfs import Source, own_source, pack


@pytest.fixture
def bookworm(monkeypatch: pytest.MonkeyPatch) -> None:
    release = {"VERSION_CODENAME": "bookworm", "PRETTY_NAME": "Debian 12"}
    monkeypatch.setattr(platform, "freedesktop_os_release", lambda: release)


@pytest.mark.usefixtures("bookworm")
def test_the_archive_this_machine_was_installed_from_is_chosen() -> None:
    targets = [
        "https://vendor.test/apt/ nodistro main",
        "http://security.test/debian-security/ bookworm-security main",
        "http://mirror.test/debian/ bookworm contrib",
        "http://mirror.test/debian/ bookworm main",
    ]
    assert own_source(targets) == Source("http://mirror.test/debian", "bookworm")


@pytest.mark.usefixtures("bookworm")
def test_a_machine_without_such_an_archive_is_told_the_remedy() -> None:
    with pytest.raises(
        ImageError, match="apt on Debian 12 names no archive of bookworm: name a base image with --base"
    ):
        own_source(["https://vendor.test/apt/ nodistro main"])


@pytest.mark.usefixtures("bookworm")
def test_only_root_makes_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rootfs, "_index_targets", lambda: ["http://mirror.test/debian/ bookworm main"])
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    with pytest.raises(ImageError, match="only root can make one: name one with --base"):
        rootfs.archive(tmp_path, print)


def test_a_machine_without_apt_is_told_the_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("containerjob_local.engine.packages.find_program", lambda _: None)
    with pytest.raises(ImageError, match="one is made only on Debian and its kin: use --base"):
        rootfs.archive(tmp_path, print)


def test_lists_manuals_and_devices_stay_out_of_the_archive(tmp_path: Path) -> None:
    root = tmp_path / "root"
    for name in (
        "usr/bin/python3",
        "usr/share/doc/a",
        "var/lib/apt/lists/b",
        "dev/null",
        "etc/resolv.conf",
        "etc/passwd",
    ):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("")
    (root / "tmp").mkdir()
    pack(root, tmp_path / "root.tar")
    with tarfile.open(tmp_path / "root.tar") as archive:
        names = set(archive.getnames())
    assert {"./usr/bin/python3", "./etc/passwd", "./dev", "./tmp"} <= names
    assert not names & {"./usr/share/doc/a", "./var/lib/apt/lists/b", "./dev/null", "./etc/resolv.conf"}


def test_a_dockerfile_without_a_base_is_named(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM scratch\n")
    with pytest.raises(ImageError, match="Dockerfile names no base"):
        default_image(tmp_path / "Dockerfile")


def test_installers_are_found_with_their_metadata_and_others_are_left(tmp_path: Path) -> None:
    kept = ["pipeline", "json", "wheelhouse-1.dist-info", "threading.py"]
    gone = [
        "pip",
        "pip-25.1.dist-info",
        "setuptools",
        "distutils-precedence.pth",
        "ensurepip",
        "wheel-0.45.dist-info",
    ]
    for name in (*kept, *gone):
        (tmp_path / name).mkdir()
    (tmp_path / "pip-23.0.1-py3-none-any.whl").write_text("")
    found = {path.name for path in installers([tmp_path, tmp_path / "absent"])}
    assert found == {*gone, "pip-23.0.1-py3-none-any.whl"}
