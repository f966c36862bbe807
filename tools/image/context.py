"""What is sent to the builder: the sources that the image is made of and the wheels, as one archive."""

import hashlib
import io
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

SOURCES = (
    "LICENSE",
    "README.md",
    "charts/containerjob-operator/files",
    "cli",
    "crds",
    "examples",
    "operator",
    "pyproject.toml",
    "requirements.lock",
    "tests/emulators",
    "tools/bootstrap.lock",
    "tools/image",
)
"""The same as .dockerignore lets through, but for the wheels."""
DOCKERFILE = "Dockerfile"


def files(root: Path, wheels: Path) -> Iterator[tuple[str, Path]]:
    """Give every file of the context with its name there, in one order."""
    yield DOCKERFILE, root / DOCKERFILE
    for source in SOURCES:
        yield from ((str(path.relative_to(root)), path) for path in _below(root / source))
    yield from ((f"wheels/{path.name}", path) for path in _below(wheels))


def _below(path: Path) -> Iterator[Path]:
    found = [path] if path.is_file() else sorted(each for each in path.rglob("*") if each.is_file())
    return (each for each in found if "__pycache__" not in each.parts)


def digest(root: Path, wheels: Path) -> str:
    """Return what stands for the content: equal for equal files, whenever they were written."""
    whole = hashlib.sha256()
    for name, path in files(root, wheels):
        # A wheel's name carries its version, and its hash is checked where it is installed.
        own = "" if name.startswith("wheels/") else hashlib.sha256(path.read_bytes()).hexdigest()
        whole.update(f"{name}\0{own}\0".encode())
    return whole.hexdigest()


def write(root: Path, wheels: Path, into: IO[bytes]) -> None:
    """Write the archive; owners, times and modes say nothing, so that the builder's cache holds."""
    with tarfile.open(fileobj=into, mode="w|") as archive:
        for name, path in files(root, wheels):
            entry = tarfile.TarInfo(name)
            content = path.read_bytes()
            entry.size, entry.mode = len(content), 0o644
            archive.addfile(entry, io.BytesIO(content))
