"""What the engine's API offers for images, whole archives streamed from and to files."""

import contextlib
import http.client
import json
import re
import shutil
import socket
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from tools.image.errors import ImageError

from containerjob_local.engine.unix_http import SCHEME, call

_TAR = {"Content-Type": "application/x-tar"}
# A step of a build may be silent for as long as an installation takes.
_SILENCE_SECONDS = 900.0
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_LAST = 5  # messages of a step that failed


class _Connection(http.client.HTTPConnection):
    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=_SILENCE_SECONDS)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def inspect(endpoint: str, image: str) -> dict[str, Any] | None:
    """Return what the engine knows of an image, or None when it has none of that name."""
    reply = call(endpoint, "GET", f"/images/{quote(image)}/json")
    if reply.status == http.client.NOT_FOUND:
        return None
    if reply.status != http.client.OK:
        raise ImageError(f"the engine does not tell whether it has {image}: {reply.words}")
    return dict(json.loads(reply.body))


def import_rootfs(endpoint: str, archive: Path, image: str, changes: list[str]) -> None:
    """Make an image of a root file system."""
    repository, _, tag = image.rpartition(":")
    query = [("fromSrc", "-"), ("repo", repository), ("tag", tag), *(("changes", change) for change in changes)]
    _send(endpoint, f"/images/create?{urlencode(query)}", archive, f"the engine does not import {image}")


def load(endpoint: str, archive: Path) -> None:
    """Bring the images of an archive to the engine."""
    _send(endpoint, "/images/load?quiet=1", archive, f"the engine does not load {archive}")


def build(endpoint: str, context: Path, target: str, image: str, values: Mapping[str, Mapping[str, str]]) -> None:
    """Build a target from a context; raise ImageError with the last words of the step that failed.

    `values` holds the API's own `buildargs` and `labels`.
    """
    query = {"t": image, "target": target, "rm": "1", "forcerm": "1", "networkmode": "none"}
    query |= {name: json.dumps(value) for name, value in values.items()}
    _send(endpoint, f"/build?{urlencode(query)}", context, "the image does not build")


def save(endpoint: str, images: list[str], into: Path) -> None:
    """Write images, with all their layers, into one archive."""
    with _exchange(endpoint, "GET", f"/images/get?{urlencode([('names', each) for each in images])}") as response:
        if response.status != http.client.OK:
            raise ImageError(f"the engine does not save {images[0]}: {_error(response.read())}")
        with into.open("wb") as file:
            shutil.copyfileobj(response, file, 1 << 20)


def _send(endpoint: str, path: str, archive: Path, failure: str) -> None:
    with archive.open("rb") as body, _exchange(endpoint, "POST", path, body) as response:
        if response.status >= http.client.BAD_REQUEST:
            raise ImageError(f"{failure}: {_error(response.read())}")
        said: list[str] = []
        for line in filter(None, map(bytes.strip, response)):
            message = json.loads(line)
            said = [*said, _COLOUR.sub("", str(message.get("stream", "")))][-_LAST:]
            if "error" in message:
                raise ImageError(f"{failure}: {' '.join((str(message['error']), *said)).strip()}".replace("\n", " "))


@contextlib.contextmanager
def _exchange(endpoint: str, method: str, path: str, body: Any = None) -> Iterator[http.client.HTTPResponse]:
    connection = _Connection(endpoint.removeprefix(SCHEME))
    try:
        connection.request(method, path, body=body, headers=_TAR if body else {})
        yield connection.getresponse()
    except (OSError, http.client.HTTPException) as error:
        raise ImageError(f"the connection to {endpoint} failed: {error or type(error).__name__}") from error
    finally:
        connection.close()


def _error(body: bytes) -> str:
    try:
        return str(json.loads(body)["message"])
    except (ValueError, KeyError, TypeError):
        return body.decode(errors="replace").strip()
