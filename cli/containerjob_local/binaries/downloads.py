"""The official release downloads, each checked against the checksum published beside it."""

import hashlib
import http.client
import tarfile
import tempfile
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import IO

from containerjob_local.binaries.cache import UNFINISHED, keep
from containerjob_local.binaries.releases import Program, Release, machine
from containerjob_local.errors import BinaryError

URL_VARIABLE = "CONTAINERJOB_DOWNLOAD_URL"
TIMEOUT_SECONDS = 5.0
_CHUNK_BYTES = 1 << 20


class ChecksumError(BinaryError):
    """What was downloaded is not what was published; it has been deleted."""


def download(release: Release, names: list[str], folder: Path, environment: Mapping[str, str]) -> None:
    """Fetch programs into their cache folder; raise BinaryError when one cannot be had, or not as published."""
    base = (environment.get(URL_VARIABLE) or release.download_url).rstrip("/")
    with tempfile.TemporaryDirectory(dir=folder, prefix=UNFINISHED) as temporary:
        for name in names:
            keep(_fetch(base, release, release.program(name), Path(temporary)), folder / name)


def _fetch(base: str, release: Release, program: Program, temporary: Path) -> Path:
    """Fetch what a release publishes, checked, and take the program out of it if it is packed."""
    words = {"version": release.version, "machine": machine(), "program": program.published or program.name}
    url = f"{base}/{release.published.file.format(**words)}"
    file = url.rpartition("/")[2]
    checksums = _read_text(f"{base}/{release.published.checksum.format(**words)}")
    fetched = _fetch_checked(url, _checksum(checksums, file), temporary / file)
    member = release.published.member.format(**words)
    if not member:
        return fetched
    try:
        with tarfile.open(fetched) as content:
            content.extract(member, temporary, filter="data")
    except (KeyError, tarfile.TarError) as error:
        raise BinaryError(f"{file} holds no {program.name}: {error}") from error
    return temporary / member


def _checksum(text: str, file: str) -> str:
    """Find a file's checksum in a list of them, or take the only one of a text that names no file."""
    lines = [line.split() for line in text.splitlines()]
    return next((line[0] for line in lines if line[1:] in ([], [file]) and line), "")


def _fetch_checked(url: str, published: str, destination: Path) -> Path:
    digest = hashlib.sha256()
    try:
        with _open(url) as response, destination.open("wb") as output:
            while chunk := response.read(_CHUNK_BYTES):
                digest.update(chunk)
                output.write(chunk)
    except (OSError, http.client.HTTPException) as error:  # the connection broke half-way
        raise BinaryError(f"{url}: {error}") from error
    if digest.hexdigest() != published.lower():
        destination.unlink()
        raise ChecksumError(
            f"{url}: the checksum is {digest.hexdigest()}, published is {published or 'none'}; deleted"
        )
    return destination


def _read_text(url: str) -> str:
    try:
        with _open(url) as response:
            return response.read().decode("ascii", errors="replace")
    except (OSError, http.client.HTTPException) as error:
        raise BinaryError(f"{url}: {error}") from error


def _open(url: str) -> IO[bytes]:
    if not url.startswith(("https://", "http://")):
        raise BinaryError(f"{URL_VARIABLE}: {url} is not a web address")
    try:
        response: IO[bytes] = urllib.request.urlopen(url, timeout=TIMEOUT_SECONDS)  # noqa: S310 - checked above
    except urllib.error.HTTPError as error:
        error.close()
        raise BinaryError(f"{url}: {error.code} {error.reason}") from error
    except (OSError, http.client.HTTPException) as error:  # URLError is an OSError
        raise BinaryError(f"{url}: {getattr(error, 'reason', error)}") from error
    return response
