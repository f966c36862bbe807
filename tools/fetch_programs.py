"""Fetch or build the control plane's programs before tests with a time limit wait for them."""

import sys

from containerjob_local.binaries import find_binaries
from containerjob_local.errors import LocalError

if __name__ == "__main__":
    try:
        find_binaries(lambda line: print(line, flush=True))
    except LocalError as error:
        sys.exit(f"error: {error}")
