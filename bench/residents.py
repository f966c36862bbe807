"""What finished jobs cost an operator that starts after them: time, memory, CPU, requests."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from bench.cluster import AT_ONCE, BenchError, Cluster, at_most, job
from bench.figures import table
from bench.meters import cpu_ms, memory_mb, writes
from bench.rawloop import RawLoop
from bench.rig import NAMESPACE, Rig, report

SETTLE_SECONDS: Final = 6.0
"""Past the first tick of the hosts' timer."""
MODEL: Final = "model"
JOB_SECONDS: Final = 60.0
REPORT_EVERY: Final = 2000


@dataclass(frozen=True, slots=True)
class Residence:
    """One operator, from its start to the end of an idle time."""

    start_seconds: float
    memory_mb: float
    peak_mb: float
    idle_percent: float
    idle_writes: int
    idle_requests: int


async def measure(rig: Rig, *, count: int, idle_seconds: float) -> str:
    """Start an operator without and with finished jobs in the cluster, and return the table."""
    rig.allow(8)
    async with Cluster.open(rig.plane, NAMESPACE) as cluster:
        model = await _finished_job(rig, cluster)
        await cluster.delete_all()
        without = await _reside(rig, idle_seconds)
        report(f"residents: storing {count} finished jobs")
        await at_most(AT_ONCE, (_store(cluster, model, number) for number in range(count)))
        stored = len(await cluster.list(fieldSelector="status.finished=true"))
        if stored != count:
            raise BenchError(f"{stored} of {count} finished jobs are stored")
        there = await _reside(rig, idle_seconds)
        await cluster.delete_all()
    return _table(without, there, count, idle_seconds)


async def _finished_job(rig: Rig, cluster: Cluster) -> dict[str, Any]:
    """Have one job run, so that the stored ones are what an operator would have left."""
    with rig.operator():
        rig.wait_for_host()
        async with asyncio.timeout(JOB_SECONDS), cluster.finishes() as finishes:
            await cluster.create(job(MODEL, rig.image, ("echo", "done")))
            await anext(finishes)
        async with RawLoop.open(rig.engine.endpoint, rig.image) as engine:
            await engine.none_left(rig.plane.cluster_uid)
        return await cluster.read(MODEL)


async def _store(cluster: Cluster, model: dict[str, Any], number: int) -> None:
    name = f"resident-{number}"
    await cluster.create({**job(name, ""), "spec": model["spec"]})
    await cluster.write_status(name, model["status"])
    if number and number % REPORT_EVERY == 0:
        report(f"residents: about {number} are stored")


async def _reside(rig: Rig, idle_seconds: float) -> Residence:
    with rig.operator() as operator:
        rig.wait_for_host()
        await asyncio.sleep(SETTLE_SECONDS)
        began, before = datetime.now(UTC), cpu_ms([operator.pid])
        await asyncio.sleep(idle_seconds)
        used = cpu_ms([operator.pid]) - before
        asked = rig.audit.requests(began)
        return Residence(
            start_seconds=operator.loaded_seconds,
            memory_mb=memory_mb(operator.pid),
            peak_mb=memory_mb(operator.pid, "VmHWM"),
            idle_percent=used / (idle_seconds * 10),
            idle_writes=writes(asked),
            idle_requests=asked.total(),
        )


def _table(without: Residence, there: Residence, count: int, idle_seconds: float) -> str:
    rows = [
        ("process start -> leads and has loaded, s", without.start_seconds, there.start_seconds),
        ("memory (RSS), MB", without.memory_mb, there.memory_mb),
        ("most memory ever (RSS), MB", without.peak_mb, there.peak_mb),
        (f"CPU of one core, idle for {idle_seconds:g} s, %", without.idle_percent, there.idle_percent),
        ("writes meanwhile, but for the Lease", without.idle_writes, there.idle_writes),
        ("requests meanwhile, but for the Lease", without.idle_requests, there.idle_requests),
    ]
    compared = [(name, before, after, after - before) for name, before, after in rows]
    return table(f"{count} finished jobs in the cluster", ("", "without", "with", "difference"), compared)
