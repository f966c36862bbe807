"""Jobs per second, against a bare loop over the same engine; in turn, so that a slow minute hits both."""

import asyncio
import statistics
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final, Protocol

from bench.cluster import BenchError, Cluster, job
from bench.figures import ratio_interval, table
from bench.meters import cpu_ms, machine_cpu_ms
from bench.rawloop import RawLoop
from bench.rig import NAMESPACE, Rig, RunningOperator, report

WARM_UP_JOBS: Final = 8
CALM_SECONDS: Final = 1.0
BLOCK_SECONDS: Final = 300.0


@dataclass(slots=True)
class Block:
    """What one block of jobs took; CPU in milliseconds per job."""

    jobs_per_second: float
    cpu: dict[str, float]
    requests: dict[str, float] = field(default_factory=dict)


class Arms(Protocol):
    """Two ways of doing the same, one block at a time."""

    @property
    def jobs(self) -> int:
        """Jobs in a block."""
        ...

    async def raw_block(self, count: int) -> Block:
        """Do it without an operator."""
        ...

    async def our_block(self, count: int) -> Block:
        """Do it with the operator."""
        ...


@dataclass(frozen=True, slots=True)
class Throughput:
    """Runs blocks of `jobs` jobs, `at_once` at a time."""

    rig: Rig
    operator: RunningOperator
    raw: RawLoop
    cluster: Cluster
    jobs: int
    at_once: int

    async def raw_block(self, count: int) -> Block:
        """Run the bare loop; the control plane and the operator idle beside it."""
        before, began = self._cpu(), time.monotonic()
        await self.raw.run(count, self.at_once)
        seconds = time.monotonic() - began
        return Block(count / seconds, self._cpu_per_job(before, count))

    async def our_block(self, count: int) -> Block:
        """Create ContainerJobs; over when each final status is readable and every container is gone."""
        moment, before = datetime.now(UTC), self._cpu()
        async with asyncio.timeout(BLOCK_SECONDS), self.cluster.finishes() as finishes:
            began = time.monotonic()
            creating = asyncio.create_task(
                self.cluster.create_all(job(f"job-{number}", self.rig.image) for number in range(count))
            )
            finished: set[str] = set()
            async for name in finishes:
                finished.add(name)
                if len(finished) == count:
                    break
            await creating
            await self.raw.none_left(self.rig.plane.cluster_uid)
            seconds = time.monotonic() - began
        block = Block(count / seconds, self._cpu_per_job(before, count))
        await self._check(count)
        await asyncio.sleep(CALM_SECONDS)  # the last Events are written after the end
        asked = self.rig.audit.requests(moment)
        block.requests = {f"{verb} {resource}": number / count for (verb, resource), number in asked.items()}
        await self.cluster.delete_all()
        return block

    async def _check(self, count: int) -> None:
        """A fast failure would be no throughput."""
        phases = [found["status"]["phase"] for found in await self.cluster.list()]
        if phases != ["Succeeded"] * count:
            raise BenchError(f"not all of {count} jobs succeeded: {sorted(set(phases))}")

    def _cpu(self) -> dict[str, float]:
        return {
            "operator": cpu_ms([self.operator.pid]),
            "control plane": cpu_ms(self.rig.plane_pids()),
            "dockerd, containerd": cpu_ms(self.rig.engine_pids()),
            "whole machine": machine_cpu_ms(),
        }

    def _cpu_per_job(self, before: dict[str, float], count: int) -> dict[str, float]:
        return {name: (now - before[name]) / count for name, now in self._cpu().items()}


async def measure(rig: Rig, *, pairs: int, jobs: int, at_once: int) -> str:
    """Run the blocks in the order A-B-B-A and return the tables."""
    rig.allow(at_once)
    with rig.operator() as operator:
        rig.wait_for_host()
        async with (
            RawLoop.open(rig.engine.endpoint, rig.image) as raw,
            Cluster.open(rig.plane, NAMESPACE) as cluster,
        ):
            bench = Throughput(rig, operator, raw, cluster, jobs, at_once)
            await bench.raw_block(WARM_UP_JOBS)
            await bench.our_block(WARM_UP_JOBS)
            theirs, ours = await paired_blocks(bench, pairs)
    return tables(f"Throughput: {jobs} jobs `true`, {at_once} at a time, jobs/s", "raw", theirs, ours)


async def paired_blocks(bench: Arms, pairs: int) -> tuple[list[Block], list[Block]]:
    """Run blocks of both arms in turn, so that a slow minute hits both."""
    theirs: list[Block] = []
    ours: list[Block] = []
    for pair in range(pairs):
        for arm in ("raw", "ours") if pair % 2 == 0 else ("ours", "raw"):
            await asyncio.sleep(CALM_SECONDS)
            if arm == "raw":
                theirs.append(await bench.raw_block(bench.jobs))
            else:
                ours.append(await bench.our_block(bench.jobs))
        report(
            f"pair {pair + 1} of {pairs}: raw {theirs[-1].jobs_per_second:.2f},"
            f" ours {ours[-1].jobs_per_second:.2f} jobs/s"
        )
    return theirs, ours


def tables(title: str, other: str, theirs: list[Block], ours: list[Block]) -> str:
    """Lay out both arms side by side; `other` is what ours is compared with."""
    raw_rates = [block.jobs_per_second for block in theirs]
    our_rates = [block.jobs_per_second for block in ours]
    raw_median, our_median = statistics.median(raw_rates), statistics.median(our_rates)
    low, high = ratio_interval(raw_rates, our_rates)
    rates = [
        *((f"pair {at + 1}", a, b, b / a) for at, (a, b) in enumerate(zip(raw_rates, our_rates, strict=True))),
        ("median", raw_median, our_median, our_median / raw_median),
        ("95 % of the ratio", "", "", f"{low:.2f}-{high:.2f}"),
    ]
    costs = [
        (name, statistics.median(block.cpu[name] for block in theirs), statistics.median(b.cpu[name] for b in ours))
        for name in theirs[0].cpu
    ]
    asked = sorted({name for block in ours for name in block.requests})
    requests = [(name, statistics.median(block.requests.get(name, 0.0) for block in ours)) for name in asked]
    return "\n".join(
        [
            table(title, ("", other, "ours", "ratio"), rates),
            table("CPU, ms per job (medians)", ("", other, "ours"), costs),
            table("Requests of the operator per job (medians)", ("", "ours"), requests),
        ]
    )
