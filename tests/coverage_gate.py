"""Fail when coverage of lines and branches is under 90 % in all, or under 80 % in any one file.

Reads the report of `coverage json`. A source file that no test ever imported may be missing from that report, so the
tree itself says which files there are.
"""

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

IN_ALL = 90.0
IN_A_FILE = 80.0
SOURCES = ("operator", "cli")
SHOWN = 5


def main(arguments: list[str]) -> int:
    """Print the worst files and the total; return 1 where the gate stays shut."""
    report = json.loads(Path(arguments[0]).read_text())
    files = percent_by_file(report, Path())
    total = report["totals"]
    low = sum(percent < IN_A_FILE for percent in files.values())
    for path, percent in sorted(files.items(), key=lambda item: item[1])[: max(SHOWN, low)]:
        print(f"{percent:6.1f} %  {path}")
    print(
        f"{total['percent_covered']:6.1f} %  in all: {total['covered_lines']} of {total['num_statements']} lines, "
        f"{total['covered_branches']} of {total['num_branches']} branches"
    )
    reasons = list(shortfalls(low, total["percent_covered"]))
    for reason in reasons:
        print(f"coverage gate: {reason}", file=sys.stderr)
    return 1 if reasons else 0


def percent_by_file(report: Mapping[str, Any], root: Path) -> dict[str, float]:
    """Return the percentage of every source file; 0 for one with code that the report does not know."""
    known = {path: float(entry["summary"]["percent_covered"]) for path, entry in report["files"].items()}
    tree = (path for source in SOURCES for path in (root / source).rglob("*.py") if path.read_text().strip())
    return {str(path.relative_to(root)): 0.0 for path in tree} | known


def shortfalls(low: int, total: float) -> Iterator[str]:
    """Yield one sentence for every bar that is missed."""
    if total < IN_ALL:
        yield f"{total:.1f} % in all, and {IN_ALL:.0f} % are needed"
    if low:
        yield f"{low} {'file has' if low == 1 else 'files have'} less than {IN_A_FILE:.0f} %"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
