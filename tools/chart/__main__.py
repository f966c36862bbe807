"""`python -m tools.chart [--check]`: write the chart's generated files, or say which are stale."""

import sys

from tools.chart.documents import COMMAND, documents, strangers
from tools.chart.places import ROOT


def main(arguments: list[str]) -> int:
    """Write them; with --check only compare, and return 1 where one is stale."""
    found = documents()
    if "--check" not in arguments:
        for path, text in found.items():
            path.write_text(text)
        for path in strangers():
            path.unlink()
        return 0
    stale = [path for path, text in found.items() if not path.is_file() or path.read_text() != text]
    for path in (*stale, *strangers()):
        print(f"{path.relative_to(ROOT)} is stale: run `{COMMAND}`", file=sys.stderr)
    return 1 if stale or strangers() else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
