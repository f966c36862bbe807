"""The download rung, against a server on loopback."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.fakes.broken_server import broken_server
from tests.fakes.release_server import ReleaseServer, release_server

from containerjob_local.binaries import downloads
from containerjob_local.binaries.downloads import URL_VARIABLE, ChecksumError, download
from containerjob_local.binaries.releases import ETCD, HELM, HELM3, KUBECONFORM, KUBERNETES, Release
from containerjob_local.errors import BinaryError
from containerjob_local.ports import free_ports

PROGRAM = b"#!/bin/sh\necho hello\n"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ReleaseServer]:
    (tmp_path / "published").mkdir()
    with release_server(tmp_path / "published") as server:
        yield server


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "cache"
    folder.mkdir()
    return folder


def test_a_bare_program_with_the_right_checksum_is_kept_and_can_be_run(server: ReleaseServer, folder: Path) -> None:
    server.publish_bare(KUBERNETES, "kubectl", PROGRAM)
    download(KUBERNETES, ["kubectl"], folder, {URL_VARIABLE: server.url + "/"})
    assert (folder / "kubectl").read_bytes() == PROGRAM
    assert (folder / "kubectl").stat().st_mode & 0o777 == 0o755
    assert [path.name for path in folder.iterdir()] == ["kubectl"]


def test_a_program_is_taken_out_of_an_archive(server: ReleaseServer, folder: Path) -> None:
    server.publish_archive(ETCD, {"README.md": b"read me", "etcd": PROGRAM})
    download(ETCD, ["etcd"], folder, {URL_VARIABLE: server.url})
    assert (folder / "etcd").read_bytes() == PROGRAM
    assert [path.name for path in folder.iterdir()] == ["etcd"]


@pytest.mark.parametrize(
    ("release", "member", "name"),
    [(HELM, "helm", "helm"), (HELM3, "helm", "helm3"), (KUBECONFORM, "kubeconform", "kubeconform")],
)
def test_every_release_has_its_own_archive_and_list_of_checksums(
    server: ReleaseServer, folder: Path, release: Release, member: str, name: str
) -> None:
    server.publish_archive(release, {"LICENSE": b"", member: PROGRAM})
    download(release, [name], folder, {URL_VARIABLE: server.url})
    assert (folder / name).read_bytes() == PROGRAM
    assert [path.name for path in folder.iterdir()] == [name]


def test_a_wrong_checksum_is_an_error_that_deletes_the_file(server: ReleaseServer, folder: Path) -> None:
    server.publish_bare(KUBERNETES, "kubectl", PROGRAM, checksum="0" * 64)
    with pytest.raises(ChecksumError, match=f"published is {'0' * 64}; deleted"):
        download(KUBERNETES, ["kubectl"], folder, {URL_VARIABLE: server.url})
    assert list(folder.iterdir()) == []


def test_an_archive_with_a_wrong_checksum_is_not_opened(server: ReleaseServer, folder: Path) -> None:
    server.publish_archive(ETCD, {"etcd": PROGRAM}, checksum="0" * 64)
    with pytest.raises(ChecksumError, match="deleted"):
        download(ETCD, ["etcd"], folder, {URL_VARIABLE: server.url})
    assert list(folder.iterdir()) == []


def test_an_empty_checksum_is_a_wrong_one(server: ReleaseServer, folder: Path) -> None:
    server.publish_bare(KUBERNETES, "kubectl", PROGRAM, checksum=" ")
    with pytest.raises(ChecksumError, match="published is none"):
        download(KUBERNETES, ["kubectl"], folder, {URL_VARIABLE: server.url})


def test_an_archive_without_the_program_says_so(server: ReleaseServer, folder: Path) -> None:
    server.publish_archive(ETCD, {"README.md": b"read me"})
    with pytest.raises(BinaryError, match="holds no etcd"):
        download(ETCD, ["etcd"], folder, {URL_VARIABLE: server.url})


def test_a_program_that_is_not_published_is_an_error_with_its_address(server: ReleaseServer, folder: Path) -> None:
    with pytest.raises(BinaryError, match=r"kubectl\.sha256: 404"):
        download(KUBERNETES, ["kubectl"], folder, {URL_VARIABLE: server.url})


def test_a_server_that_refuses_is_an_error_with_its_address(folder: Path) -> None:
    url = f"http://127.0.0.1:{free_ports(1)[0]}"
    with pytest.raises(BinaryError, match=f"{url}.*refused"):
        download(KUBERNETES, ["kubectl"], folder, {URL_VARIABLE: url})


def test_a_server_that_keeps_silent_is_given_up_soon(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(downloads, "TIMEOUT_SECONDS", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(BinaryError, match="timed out"):
            download(KUBERNETES, ["kubectl"], folder, {URL_VARIABLE: url})


def test_an_address_that_is_not_of_the_web_is_refused(folder: Path) -> None:
    with pytest.raises(BinaryError, match=f"{URL_VARIABLE}: file:///etc/.* is not a web address"):
        download(KUBERNETES, ["kubectl"], folder, {URL_VARIABLE: "file:///etc"})


def test_a_connection_that_stalls_half_way_is_given_up(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(downloads, "TIMEOUT_SECONDS", 0.2)
    checksum = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc"
    stalled = b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhalf"
    with (
        broken_server([checksum, stalled], reset=False) as url,
        pytest.raises(BinaryError, match=r"kubectl: .*timed out"),
    ):
        download(KUBERNETES, ["kubectl"], folder, {URL_VARIABLE: url})
    assert list(folder.iterdir()) == []


def test_an_answer_that_breaks_off_before_the_checksum_is_an_error(folder: Path) -> None:
    with (
        broken_server([b"HTTP/1.1 200 OK\r\nContent-Length: 64\r\n\r\nab"]) as url,
        pytest.raises(BinaryError, match=r"kubectl\.sha256: .*IncompleteRead"),
    ):
        download(KUBERNETES, ["kubectl"], folder, {URL_VARIABLE: url})
