"""`python -m containerjob_api.crd [--check] [--directory crds]`."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from containerjob_api.crd.documents import differences, write


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the definitions; with --check only compare, and return 1 with a diff where they are stale."""
    parser = argparse.ArgumentParser(prog="python -m containerjob_api.crd", description=main.__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing; fail when a file is stale")
    parser.add_argument("--directory", type=Path, default=Path("crds"), help="where the files are (default: crds)")
    options = parser.parse_args(arguments)
    directory: Path = options.directory
    if not options.check:
        write(directory)
        return 0
    diff = list(differences(directory))
    sys.stdout.writelines(diff)
    if diff:
        sys.stderr.write(f"{directory} is stale: run `python -m containerjob_api.crd --directory {directory}`\n")
    return 1 if diff else 0


if __name__ == "__main__":
    sys.exit(main())
