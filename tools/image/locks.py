"""Parts of the lock: what some extras need, found by the packages that the lock itself names as the reason."""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from tools.image.errors import ImageError

_BLOCK = re.compile(r"^(?=[A-Za-z0-9])", re.MULTILINE)
_NAME = re.compile(r"[A-Za-z0-9._-]+")
_REASON = re.compile(r"^ +#(?: via|  ) +([A-Za-z0-9._-]+)", re.MULTILINE)


def direct(project: Path, extras: Iterable[str]) -> set[str]:
    """Return the names of what the project itself asks for, with some extras; an extra may include another."""
    table = tomllib.loads(project.read_text())["project"]
    lines, open_extras = list(table["dependencies"]), list(extras)
    names: set[str] = set()
    while lines or open_extras:
        if not lines:
            lines += _lines(table["optional-dependencies"], open_extras.pop())
            continue
        requirement = Requirement(lines.pop())
        if requirement.name == table["name"]:
            open_extras += requirement.extras
        else:
            names.add(str(canonicalize_name(requirement.name)))
    return names


def _lines(extras: Mapping[str, list[str]], name: str) -> list[str]:
    if name not in extras:
        raise ImageError(f"pyproject.toml has no extra {name}: choose another target")
    return extras[name]


def part_of(lock: str, roots: Iterable[str]) -> str:
    """Return the blocks of a lock that the named packages need, the packages themselves included."""
    blocks = dict(_blocks(lock))
    kept = set(roots)
    if unknown := kept - blocks.keys():
        raise ImageError(f"the lock has no {', '.join(sorted(unknown))}: run `make lock`")
    while more := {name for name, block in blocks.items() if kept & set(_REASON.findall(block))} - kept:
        kept |= more
    return "".join(block for name, block in blocks.items() if name in kept)


def _blocks(lock: str) -> Iterator[tuple[str, str]]:
    for block in _BLOCK.split(lock):
        if (named := _NAME.match(block)) is not None:
            yield str(canonicalize_name(named[0])), block
