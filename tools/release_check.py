"""Say whether the tree is what a tag claims: one version everywhere, and an entry in the changelog."""

import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[1]
TAG = re.compile(r"v(\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?)")


def complaints(root: Path, tag: str) -> Iterator[str]:
    """Give every reason not to release the tree under this tag."""
    named = TAG.fullmatch(tag)
    if named is None:
        yield f"the tag {tag} is no version: v1.2.3 or v1.2.3-rc.1 are"
        return
    version = named[1]
    chart = yaml.safe_load((root / "charts/containerjob-operator/Chart.yaml").read_text())
    found = {
        "pyproject.toml": tomllib.loads((root / "pyproject.toml").read_text())["project"]["version"],
        "Chart.yaml's version": chart["version"],
        "Chart.yaml's appVersion": chart["appVersion"],
    }
    for place, other in found.items():
        if other != version:
            yield f"{place} says {other}: set it to {version}, or tag another commit"
    if not re.search(rf"^## \[{re.escape(version)}\]", (root / "CHANGELOG.md").read_text(), re.MULTILINE):
        yield f"CHANGELOG.md has no section [{version}]: name what changed"


def notes(root: Path, tag: str) -> str:
    """Return the changelog's section of a version, without its heading."""
    version = re.escape(tag.removeprefix("v"))
    section = re.search(
        rf"^## \[{version}\][^\n]*\n(.*?)(?=^## \[|\Z)", (root / "CHANGELOG.md").read_text(), re.MULTILINE | re.DOTALL
    )
    return section[1].strip() + "\n" if section else ""


def main(arguments: list[str]) -> int:
    """Check a tag; print its notes, or what is wrong, a line each."""
    (tag,) = arguments
    found = list(complaints(ROOT, tag))
    for line in found:
        print(f"error: {line}", file=sys.stderr)
    if not found:
        print(notes(ROOT, tag), end="")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
