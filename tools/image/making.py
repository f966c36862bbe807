"""From the sources in a folder to an image on an engine; what was built once is only loaded."""

import hashlib
import tempfile
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tools.image import base, context, engine, wheels
from tools.image.errors import ImageError

from containerjob_local.binaries.cache import UNFINISHED, filling

REPOSITORY: Final = "containerjob-operator"
EXTRAS: Final = {"operator": ("operator",), "cloudrun": ("operator", "cloudrun")}
"""The Dockerfile's targets, and the extras of ours that each installs."""
CONTENT: Final = "io.containerjobs.content"
"""The label that tells whether an image is made of the sources at hand."""
_KEPT = 3  # archives of a target: checkouts take turns

Report = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Order:
    """What to build: the sources' folder, the target, and, where it matters, name, base and the labels' values."""

    root: Path
    target: str = "operator"
    tag: str | None = None
    base: str | None = None
    revision: str = "unknown"
    source: str = ""

    @property
    def version(self) -> str:
        return str(tomllib.loads((self.root / "pyproject.toml").read_text())["project"]["version"])

    @property
    def image(self) -> str:
        suffix = "" if self.target == "operator" else f"-{self.target}"
        return self.tag or f"{REPOSITORY}:{self.version}{suffix}"


@dataclass(frozen=True, slots=True)
class Built:
    """An image on the engine, its base there, and an archive of both in the cache, for other engines."""

    image: str
    base: str
    archive: Path


def make(order: Order, endpoint: str, cache: Path, report: Report) -> Built:
    """Return the image, built unless the engine or the cache has one of the very same content."""
    if order.target not in EXTRAS:
        raise ImageError(f"there is no target {order.target}: choose one of {', '.join(EXTRAS)}")
    found = base.choose(endpoint, order.base, order.root / context.DOCKERFILE, cache, report)
    packages = wheels.collect(order.root, EXTRAS[order.target], found.python, cache, report)
    arguments = _arguments(order, found)
    content = _content(order, found, packages, arguments)
    with filling(cache / "archives", report) as folder:
        archive = folder / f"{order.target}-{content[:16]}.tar"
        if _label(endpoint, order.image) == content:
            report(f"{order.image} is there already")
        elif archive.is_file():
            report(f"loading {order.image} from {archive}")
            engine.load(endpoint, archive)
        else:
            report(f"building {order.image} on {found.image}")
            base.bring(endpoint, found)
            _build(order, endpoint, packages, {**arguments, "labels": {CONTENT: content}}, folder)
        if not archive.is_file():
            _keep(endpoint, [order.image, found.image], archive)
    return Built(order.image, found.image, archive)


def _arguments(order: Order, found: base.Base) -> dict[str, dict[str, str]]:
    values = {"BASE": found.image, "VERSION": order.version, "REVISION": order.revision, "SOURCE": order.source}
    return {"buildargs": values}


def _content(order: Order, found: base.Base, packages: Path, arguments: object) -> str:
    parts = [context.digest(order.root, packages), found.identity, order.target, order.image, repr(arguments)]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def _label(endpoint: str, image: str) -> str | None:
    known = engine.inspect(endpoint, image)
    return None if known is None else (known["Config"]["Labels"] or {}).get(CONTENT)


def _build(order: Order, endpoint: str, packages: Path, arguments: dict[str, dict[str, str]], folder: Path) -> None:
    with tempfile.NamedTemporaryFile(prefix=UNFINISHED, dir=folder) as sent:
        with Path(sent.name).open("wb") as file:
            context.write(order.root, packages, file)
        engine.build(endpoint, Path(sent.name), order.target, order.image, arguments)


def _keep(endpoint: str, images: list[str], archive: Path) -> None:
    """Save the images, and drop the archives of older sources."""
    unfinished = archive.with_name(f"{UNFINISHED}{archive.name}")
    engine.save(endpoint, images, unfinished)
    unfinished.replace(archive)
    target = archive.name.partition("-")[0]
    older = sorted(archive.parent.glob(f"{target}-*.tar"), key=lambda each: each.stat().st_mtime)[:-_KEPT]
    for old in older:
        old.unlink()
