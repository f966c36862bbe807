"""The demo image, made from the system's static busybox where no registry answers."""

import io
import subprocess
import tarfile
import tempfile
from pathlib import Path

from containerjob_local.engine import packages
from containerjob_local.engine.errors import EngineError
from containerjob_local.engine.unix_http import progress, with_query

PACKAGE = "busybox-static"
LABEL = "containerjobs.io/made-locally=true"
_IMPORT_SECONDS = 120.0
_FOLDERS = {"bin": 0o755, "etc": 0o755, "root": 0o700, "tmp": 0o1777, "usr": 0o755, "usr/bin": 0o755}
_FILES = {
    "etc/passwd": "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n",
    "etc/group": "root:x:0:\nnogroup:x:65534:\n",
}
# Programs name their interpreter near the start of the file; a static one names none.
_INTERPRETERS = (b"ld-linux", b"ld-musl", b"ld64.so")
_HEAD_BYTES = 4096


def make_demo_image(endpoint: str, repository: str, tag: str) -> None:
    """Import the image into the engine; raise EngineError where there is no static busybox to make it of."""
    with tempfile.TemporaryDirectory(prefix="containerjob-") as folder:
        content = image_tar(static_busybox(Path(folder)))
    query = [("fromSrc", "-"), ("repo", repository), ("tag", tag)]
    changes = [("changes", 'CMD ["sh"]'), ("changes", f"LABEL {LABEL}")]
    words = progress(
        endpoint,
        with_query("/images/create", [*query, *changes]),
        timeout=_IMPORT_SECONDS,
        limit=_IMPORT_SECONDS,
        body=content,
        headers={"Content-Type": "application/x-tar"},
    )
    if words is not None:
        raise EngineError(f"the engine does not import {repository}:{tag}: {words}")


def static_busybox(folder: Path) -> Path:
    """Return the system's busybox if it is static, else one unpacked below `folder` from the system's packages."""
    found = packages.find_program("busybox")
    if found is not None and is_static(Path(found)):
        return Path(found)
    unpacked = packages.unpack(PACKAGE, folder / "package", folder / "packages.log")
    for place in ("bin/busybox", "usr/bin/busybox"):
        if (unpacked / place).is_file():
            return unpacked / place
    raise EngineError(f"package {PACKAGE} brought no busybox: install a static busybox and try again")


def is_static(program: Path) -> bool:
    """Tell whether a program runs without any library of the system it is moved to."""
    with program.open("rb") as stream:
        head = stream.read(_HEAD_BYTES)
    return head.startswith(b"\x7fELF") and not any(name in head for name in _INTERPRETERS)


def image_tar(busybox: Path) -> bytes:
    """Pack a root file system of busybox, a link per applet, and the few files a shell expects."""
    listed = subprocess.run([busybox, "--list"], capture_output=True, text=True, check=True)
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as archive:
        for name, mode in _FOLDERS.items():
            archive.addfile(_entry(name, tarfile.DIRTYPE, mode))
        for name, text in _FILES.items():
            _add_file(archive, name, text.encode(), 0o644)
        _add_file(archive, "bin/busybox", busybox.read_bytes(), 0o755)
        for applet in sorted(set(listed.stdout.split()) - {"busybox"}):
            archive.addfile(_link(f"bin/{applet}", "busybox"))
        archive.addfile(_link("usr/bin/env", "../../bin/busybox"))  # scripts name their interpreter through it
    return content.getvalue()


def _entry(name: str, kind: bytes, mode: int) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.type, entry.mode = kind, mode
    return entry


def _add_file(archive: tarfile.TarFile, name: str, content: bytes, mode: int) -> None:
    entry = _entry(name, tarfile.REGTYPE, mode)
    entry.size = len(content)
    archive.addfile(entry, io.BytesIO(content))


def _link(name: str, target: str) -> tarfile.TarInfo:
    entry = _entry(name, tarfile.SYMTYPE, 0o777)
    entry.linkname = target
    return entry
