"""`python -m bench`: one control plane and one engine for the run; plain tables on stdout, nothing kept."""

import os
import platform
import signal
import sys
from collections.abc import Awaitable, Callable
from types import FrameType

import click
import uvloop

from bench import fakehost, follow, image, latency, plugin, residents, throughput
from bench.cluster import BenchError
from bench.rig import Rig, rig
from containerjob_local.errors import LocalError

BENCHES = ("throughput", "fake", "latency", "residents", "plugin", "follow", "image")
FOLLOW_ROUNDS = 3
IMAGE_ROUNDS = 8
FULL = {
    "pairs": 5,
    "jobs": 60,
    "fake_jobs": 300,
    "singles": 40,
    "count": 10000,
    "idle_seconds": 30.0,
    "rounds": 30,
    "megabytes": 256,
}
QUICK = {
    "pairs": 1,
    "jobs": 6,
    "fake_jobs": 20,
    "singles": 5,
    "count": 200,
    "idle_seconds": 3.0,
    "rounds": 3,
    "megabytes": 8,
}


@click.command(context_settings={"show_default": True, "help_option_names": ["-h", "--help"]})
@click.argument("which", nargs=-1, type=click.Choice(BENCHES))
@click.option("--quick", is_flag=True, help="Small numbers: shows that it works, measures little.")
@click.option(
    "--pairs", type=click.IntRange(1), show_default="5, quick 1", help="Throughput, fake: blocks of each arm."
)
@click.option("--jobs", type=click.IntRange(1), show_default="60, quick 6", help="Throughput: jobs in a block.")
@click.option("--fake-jobs", type=click.IntRange(1), show_default="300, quick 20", help="Fake: jobs in a block.")
@click.option("--at-once", type=click.IntRange(1), default=8, help="Throughput, fake: jobs at a time.")
@click.option("--singles", type=click.IntRange(1), show_default="40, quick 5", help="Latency: jobs.")
@click.option("--count", type=click.IntRange(1), show_default="10000, quick 200", help="Residents: finished jobs.")
@click.option("--idle-seconds", type=click.FloatRange(1), show_default="30, quick 3", help="Residents: idle time.")
@click.option("--rounds", type=click.IntRange(1), show_default="30, quick 3", help="Plugin: calls of each command.")
@click.option("--megabytes", type=click.IntRange(1), show_default="256, quick 8", help="Follow: size of the log.")
def main(which: tuple[str, ...], quick: bool, at_once: int, **sizes: float | None) -> None:
    """Measure WHICH of the benchmarks; all of them when none is named."""
    signal.signal(signal.SIGTERM, _leave)
    size = {name: chosen or (QUICK if quick else FULL)[name] for name, chosen in sizes.items()}
    try:
        with rig() as built:
            click.echo(_where(built))
            for name in which or BENCHES:
                click.echo(uvloop.run(_measure(name, built, size, at_once)))
    except (LocalError, BenchError) as problem:
        raise click.ClickException(str(problem)) from problem


async def _measure(name: str, built: Rig, size: dict[str, float], at_once: int) -> str:
    pairs = int(size["pairs"])
    benches: dict[str, Callable[[], Awaitable[str]]] = {
        "throughput": lambda: throughput.measure(built, pairs=pairs, jobs=int(size["jobs"]), at_once=at_once),
        "fake": lambda: fakehost.measure(built, pairs=pairs, jobs=int(size["fake_jobs"]), at_once=at_once),
        "latency": lambda: latency.measure(built, count=int(size["singles"])),
        "residents": lambda: residents.measure(built, count=int(size["count"]), idle_seconds=size["idle_seconds"]),
        "plugin": lambda: plugin.measure(built, rounds=int(size["rounds"])),
        "follow": lambda: follow.measure(built, megabytes=int(size["megabytes"]), rounds=FOLLOW_ROUNDS),
        "image": lambda: image.measure(built, rounds=min(IMAGE_ROUNDS, int(size["rounds"]))),
    }
    return await benches[name]()


def _where(built: Rig) -> str:
    """Say what was measured on, and how busy it was already."""
    load = " ".join(f"{value:.1f}" for value in os.getloadavg())
    return (
        f"{os.cpu_count()} CPUs, Python {platform.python_version()}, Kubernetes {built.plane.version},"
        f" {built.engine.kind} {built.engine.version}; load of the machine before: {load}\n"
    )


def _leave(_signal: int, _frame: FrameType | None) -> None:
    """End as by Ctrl-C would: what was started is stopped."""
    sys.exit(143)


if __name__ == "__main__":
    main(prog_name="python -m bench")
