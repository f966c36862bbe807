"""What a person waits for at the prompt: the plugin beside the least that Python and kubectl take themselves."""

import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from bench.cluster import BenchError, Cluster, job
from bench.figures import table
from bench.rig import NAMESPACE, Rig

JOBS: Final = 20
WARM_UPS: Final = 2
HELP: Final = "plugin --help"
LIST: Final = "plugin list"
CLICK: Final = "python -c 'import click'"
GET: Final = "kubectl get cjob"


async def measure(rig: Rig, *, rounds: int) -> str:
    """Run each command in turn, `rounds` times, and return the table."""
    async with Cluster.open(rig.plane, NAMESPACE) as cluster:
        for number in range(JOBS):
            await cluster.create(job(f"listed-{number}", rig.image))
        seen = _timed(_commands(rig), environment(rig), rounds)
        await cluster.delete_all()
    middle = {name: statistics.median(times) * 1000 for name, times in seen.items()}
    rows = [
        (CLICK, middle[CLICK], ""),
        (HELP, middle[HELP], f"{middle[HELP] / middle[CLICK]:.2f} of the import (bar 1.2)"),
        (GET, middle[GET], ""),
        (LIST, middle[LIST], f"{middle[LIST] / (middle[CLICK] + 1.2 * middle[GET]):.2f} of import + 1.2 get (bar 1)"),
    ]
    return table(f"Plugin, medians of {rounds} calls in turn, {JOBS} jobs, ms", ("", "ms", ""), rows)


def _commands(rig: Rig) -> Mapping[str, Sequence[str]]:
    kubectl = str(rig.plane.kubectl.program)
    return {
        CLICK: (sys.executable, "-c", "import click"),
        HELP: (plugin(), "--help"),
        GET: (kubectl, "get", "containerjobs.containerjobs.io", "-n", NAMESPACE),
        LIST: (plugin(), "list", "-n", NAMESPACE),
    }


def plugin() -> str:
    """Return the plugin's program, as it is called directly."""
    found = shutil.which("kubectl-containerjob", path=str(Path(sys.executable).parent))
    if found is None:
        raise BenchError("kubectl-containerjob is not installed beside this Python")
    return found


def environment(rig: Rig) -> dict[str, str]:
    """Point kubectl at the plane, and have the plugin find that very kubectl."""
    environment = dict(rig.plane.kubectl.environment())
    environment["PATH"] = os.pathsep.join((str(rig.plane.kubectl.program.parent), environment["PATH"]))
    return environment


def _timed(
    commands: Mapping[str, Sequence[str]], environment: dict[str, str], rounds: int
) -> Mapping[str, list[float]]:
    seen: dict[str, list[float]] = {name: [] for name in commands}
    for turn in range(-WARM_UPS, rounds):
        for name, command in commands.items():
            began = time.perf_counter()
            done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
            took = time.perf_counter() - began
            if done.returncode != 0:
                raise BenchError(f"{name}: {done.stderr.strip()}")
            if turn >= 0:
                seen[name].append(took)
    return seen
