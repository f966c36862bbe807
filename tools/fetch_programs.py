"""Fetch or build every program that tests start, before one with a time limit waits for it."""

import os
import sys

from containerjob_local.binaries.ladder import find_all
from containerjob_local.binaries.releases import CHART_RELEASES, NODES, PLANES, kubernetes_version
from containerjob_local.errors import LocalError

if __name__ == "__main__":
    try:
        version = kubernetes_version(os.environ)
        find_all((*PLANES[version], *NODES[version], *CHART_RELEASES), lambda line: print(line, flush=True))
    except LocalError as error:
        sys.exit(f"error: {error}")
