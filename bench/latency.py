"""How long one job takes to start, and its end to be told, when nothing else runs."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from datetime import datetime
from typing import Any, Final

from bench.cluster import BenchError, Cluster, job
from bench.figures import percentile, table
from bench.rawloop import RawLoop
from bench.rig import NAMESPACE, Rig, report

WARM_UP_JOBS: Final = 3
JOB_SECONDS: Final = 30.0


def _seconds(text: str) -> float:
    """Return an engine's time, which has nanoseconds, in seconds since 1970."""
    return datetime.fromisoformat(text).timestamp()


async def _raw(raw: RawLoop) -> float:
    """Return the seconds from asking for a container until it started."""
    asked = time.time()
    return _seconds((await raw.started())["State"]["StartedAt"]) - asked


async def _ours(name: str, rig: Rig, cluster: Cluster, finishes: AsyncIterator[str]) -> tuple[float, float]:
    """Return the seconds from asking for a job until it started, and from its end until that is readable."""
    asked = time.time()
    async with asyncio.timeout(JOB_SECONDS):
        await cluster.create(job(name, rig.image))
        if await anext(finishes) != name:
            raise BenchError(f"another job than {name} finished")
    told = time.time()
    attempt: dict[str, Any] = (await cluster.read(name))["status"]["attempts"][0]
    return _seconds(attempt["startedAt"]) - asked, told - _seconds(attempt["finishedAt"])


async def measure(rig: Rig, *, count: int) -> str:
    """Run single jobs and single containers in turn, and return the table."""
    rig.allow(8)
    bare, starts, ends = [], [], []
    with rig.operator():
        rig.wait_for_host()
        async with (
            RawLoop.open(rig.engine.endpoint, rig.image) as raw,
            Cluster.open(rig.plane, NAMESPACE) as cluster,
            cluster.finishes() as finishes,
        ):
            for number in range(-WARM_UP_JOBS, count):
                from_bare = await _raw(raw)
                start, end = await _ours(f"single-{number + WARM_UP_JOBS}", rig, cluster, finishes)
                await raw.none_left(rig.plane.cluster_uid)
                if number >= 0:
                    bare.append(from_bare)
                    starts.append(start)
                    ends.append(end)
            await cluster.delete_all()
    report(f"latency: {count} jobs, one after the other")
    return _table(bare, starts, ends)


def _table(bare: list[float], starts: list[float], ends: list[float]) -> str:
    def row(name: str, of: Callable[[float], float]) -> tuple[str, float, float]:
        return name, of(50) * 1000, of(99) * 1000

    rows = [
        row("raw: create asked -> container started", lambda at: percentile(bare, at)),
        row("ours: job asked -> container started", lambda at: percentile(starts, at)),
        row("added until the start", lambda at: percentile(starts, at) - percentile(bare, at)),
        row("ours: container ended -> outcome readable", lambda at: percentile(ends, at)),
    ]
    return table(f"Latency of {len(starts)} single jobs, ms", ("", "p50", "p99"), rows)
