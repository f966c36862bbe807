"""A release server on loopback that publishes programs of the two shapes the real ones have."""

import hashlib
import io
import tarfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from containerjob_local.binaries.releases import Release, machine


class _Handler(SimpleHTTPRequestHandler):
    def __init__(self, *args: Any, requests: list[str], **kwargs: Any) -> None:
        self._requests = requests
        super().__init__(*args, **kwargs)

    def log_message(self, *_: Any) -> None:
        self._requests.append(self.path)


@dataclass
class ReleaseServer:
    """Files below `folder`, served at `url`; every request is noted."""

    folder: Path
    url: str
    requests: list[str] = field(default_factory=list)

    def publish_bare(self, release: Release, name: str, content: bytes, checksum: str | None = None) -> None:
        """Publish a program as it is, with its checksum, or a wrong one, beside it."""
        self._publish(release.published.file, release, name, content)
        digest = checksum or hashlib.sha256(content).hexdigest()
        self._publish(release.published.checksum, release, name, digest.encode())

    def publish_archive(self, release: Release, files: dict[str, bytes], checksum: str | None = None) -> None:
        """Publish an archive, and the list of checksums of the whole release."""
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w:gz") as archive:
            for name, content in files.items():
                member = tarfile.TarInfo(_words(release.published.member, release, name))
                member.size = len(content)
                archive.addfile(member, io.BytesIO(content))
        path = self._publish(release.published.file, release, "", packed.getvalue())
        digest = checksum or hashlib.sha256(packed.getvalue()).hexdigest()
        checksums = f"{'0' * 64}  another.tar.gz\n{digest}  {path.name}\n"
        self._publish(release.published.checksum, release, "", checksums.encode())

    def _publish(self, template: str, release: Release, name: str, content: bytes) -> Path:
        path = self.folder / _words(template, release, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return path


def _words(template: str, release: Release, name: str) -> str:
    return template.format(version=release.version, machine=machine(), program=name)


@contextmanager
def release_server(folder: Path) -> Iterator[ReleaseServer]:
    """Serve a folder until the test ends."""
    requests: list[str] = []
    handler = partial(_Handler, directory=str(folder), requests=requests)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield ReleaseServer(folder, f"http://127.0.0.1:{server.server_port}", requests)
        finally:
            server.shutdown()
            thread.join()
