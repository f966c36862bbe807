"""A page of docs/ with parts that are generated: write it, or say that it is stale."""

import sys
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def write_or_check(page: Path, rendered: Callable[[str], str], arguments: list[str]) -> int:
    """Write the page anew; with --check only compare, and return 1 where it is stale."""
    old = page.read_text()
    new = rendered(old)
    if "--check" not in arguments:
        page.write_text(new)
    elif new != old:
        print(f"{page.relative_to(ROOT)} is stale: run `make crds`", file=sys.stderr)
        return 1
    return 0
