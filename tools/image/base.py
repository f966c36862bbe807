"""The image that ours is built on: one that is there or can be pulled, or one made of this machine's Debian."""

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tools.image import engine, rootfs
from tools.image.errors import ImageError

from containerjob_local.engine.images import pull_image

MADE = "containerjob-base"
_LABEL = "io.containerjobs.rootfs"
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

Report = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Base:
    """A base image: its name, what stands for its content, its Python (major.minor), and where it is made of."""

    image: str
    identity: str
    python: str
    rootfs: Path | None = None


def default_image(dockerfile: Path) -> str:
    """Read which base the Dockerfile names."""
    found = re.search(r"^ARG BASE=(\S+)$", dockerfile.read_text(), re.MULTILINE)
    if found is None:
        raise ImageError(f"{dockerfile} names no base: it needs a line `ARG BASE=…`")
    return found[1]


def choose(endpoint: str, wanted: str | None, dockerfile: Path, cache: Path, report: Report) -> Base:
    """Choose the base that was asked for, else the Dockerfile's own, else one made here: see `bring`."""
    image = wanted or default_image(dockerfile)
    if engine.inspect(endpoint, image) is None:
        refusal = pull_image(endpoint, image)
        if refusal is not None and wanted is not None:
            raise ImageError(f"the base image {image} cannot be pulled: {refusal}")
        if refusal is not None:
            report(f"{image} cannot be pulled ({refusal}): making a base image")
            return _made(cache, report)
    return _known(endpoint, image)


def _known(endpoint: str, image: str) -> Base:
    """Describe a pulled image; those of Python, and ours, tell their version in their environment."""
    known = engine.inspect(endpoint, image)
    if known is None:
        raise ImageError(f"the base image {image} is gone from the engine: try again")
    variables = dict(line.split("=", 1) for line in known["Config"].get("Env") or [])
    version = re.match(r"3\.\d+", variables.get("PYTHON_VERSION", ""))
    if version is None:
        raise ImageError(f"the base image {image} does not set PYTHON_VERSION: take one with Python 3.11 or newer")
    return Base(image, str(known["Id"]), version[0])


def _made(cache: Path, report: Report) -> Base:
    archive = rootfs.archive(cache, report)
    with archive.path.open("rb") as content:
        identity = hashlib.file_digest(content, "sha256").hexdigest()
    return Base(f"{MADE}:{archive.path.stem}", identity, archive.python, archive.path)


def bring(endpoint: str, base: Base) -> None:
    """Have a base that was made here on the engine; any other is there since it was chosen."""
    if base.rootfs is None:
        return
    known = engine.inspect(endpoint, base.image)
    if known is None or (known["Config"]["Labels"] or {}).get(_LABEL) != base.identity:
        changes = [f"ENV PATH={_PATH}", f"ENV PYTHON_VERSION={base.python}", f"LABEL {_LABEL}={base.identity}"]
        engine.import_rootfs(endpoint, base.rootfs, base.image, changes)
