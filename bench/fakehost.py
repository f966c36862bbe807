"""Jobs per second on a host without an engine, against a bare loop that makes the same writes.

With no container to wait for, what is left is the API server and the operator: the ratio is what its thinking costs.
"""

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any, Final

from bench.cluster import AT_ONCE, BenchError, Cluster, at_most, job
from bench.meters import cpu_ms
from bench.rig import NAMESPACE, Rig
from bench.throughput import BLOCK_SECONDS, CALM_SECONDS, WARM_UP_JOBS, Block, paired_blocks, tables
from containerjob_operator.kube.patches import merge_patch

HOST: Final = "fake"
MODEL: Final = "model"

Created = Callable[[str], None]
"""Told the name of each job that was created."""


@dataclass(frozen=True, slots=True)
class Model:
    """What an operator wrote for one job."""

    patches: list[dict[str, Any]]
    events: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class FakeThroughput:
    """Runs blocks of `jobs` jobs, `at_once` at a time; in every block one process writes, and no other."""

    rig: Rig
    cluster: Cluster
    model: Model
    jobs: int
    at_once: int

    async def raw_block(self, count: int) -> Block:
        """Have the bare loop write; no operator runs."""
        async with self._bare_writer() as (pid, tell):
            await self._round(WARM_UP_JOBS, tell)
            return await self._measured(pid, self._round(count, tell), count)

    async def our_block(self, count: int) -> Block:
        """Have an operator run the jobs."""
        with self.rig.operator("--allow-fake-hosts") as operator:
            self.rig.wait_for_host(HOST)
            await self._round(WARM_UP_JOBS, lambda _name: None)
            moment = datetime.now(UTC)
            block = await self._measured(operator.pid, self._round(count, lambda _name: None), count)
            await asyncio.sleep(CALM_SECONDS)  # the last Events are written after the end
        asked = self.rig.audit.requests(moment)
        block.requests = {f"{verb} {resource}": number / count for (verb, resource), number in asked.items()}
        return block

    async def _measured(self, pid: int, work: Coroutine[Any, Any, float], count: int) -> Block:
        before = self._cpu(pid)
        seconds = await work
        cpu = {name: (now - before[name]) / count for name, now in self._cpu(pid).items()}
        return Block(count / seconds, cpu)

    async def _round(self, count: int, created: Created) -> float:
        """Create jobs, return the seconds until each final status is readable, and delete them."""
        async with asyncio.timeout(BLOCK_SECONDS), self.cluster.finishes() as finishes:
            began = time.monotonic()

            async def create(name: str) -> None:
                await self.cluster.create(fake_job(name))
                created(name)

            creating = asyncio.create_task(at_most(AT_ONCE, (create(f"job-{number}") for number in range(count))))
            finished: set[str] = set()
            async for name in finishes:
                finished.add(name)
                if len(finished) == count:
                    break
            seconds = time.monotonic() - began
            await creating
        phases = [found["status"]["phase"] for found in await self.cluster.list()]
        if phases != ["Succeeded"] * count:
            raise BenchError(f"not all of {count} jobs succeeded: {sorted(set(phases))}")
        await self.cluster.delete_all()
        return seconds

    @asynccontextmanager
    async def _bare_writer(self) -> AsyncIterator[tuple[int, Created]]:
        """Run the bare loop in a process of its own, with the operator's account."""
        command = ("-m", "bench.barewriter", str(self.rig.kubeconfig), NAMESPACE, str(self.at_once))
        process = await asyncio.create_subprocess_exec(sys.executable, *command, stdin=asyncio.subprocess.PIPE)
        stdin = process.stdin
        assert stdin is not None
        model = {"patches": self.model.patches, "events": self.model.events}
        stdin.write(json.dumps(model).encode() + b"\n")
        yield process.pid, lambda name: stdin.write(f"{name}\n".encode())
        stdin.close()
        if await process.wait() != 0:
            raise BenchError(f"the bare loop ended with {process.returncode}")

    def _cpu(self, pid: int) -> dict[str, float]:
        return {"the writing process": cpu_ms([pid]), "control plane": cpu_ms(self.rig.plane_pids())}


def fake_job(name: str) -> dict[str, Any]:
    """Build a job that only the fake host takes."""
    return job(name, "none", placement={"hostRef": {"name": HOST}})


async def measure(rig: Rig, *, pairs: int, jobs: int, at_once: int) -> str:
    """Run the blocks in the order A-B-B-A and return the tables."""
    rig.allow(at_once, HOST, f"fake://{HOST}?runForSeconds=0")
    async with Cluster.open(rig.plane, NAMESPACE) as cluster:
        model = await _model(rig, cluster)
        bench = FakeThroughput(rig, cluster, model, jobs, at_once)
        theirs, ours = await paired_blocks(bench, pairs)
    written = f"{len(model.patches)} status patches, {len(model.events)} Events a job"
    return tables(f"Fake host: {jobs} jobs, {at_once} at a time, {written}, jobs/s", "bare writes", theirs, ours)


async def _model(rig: Rig, cluster: Cluster) -> Model:
    """Have one job run, so that the bare loop writes what an operator does."""
    with rig.operator("--allow-fake-hosts"):
        rig.wait_for_host(HOST)
        async with asyncio.timeout(BLOCK_SECONDS):
            statuses = await cluster.history(fake_job(MODEL))
        await asyncio.sleep(CALM_SECONDS)
        about = f"--field-selector=involvedObject.name={MODEL}"
        events = rig.plane.kubectl.json("get", "events", "-n", NAMESPACE, about)["items"]
    await cluster.delete_all()
    return Model([{"status": merge_patch(old, new)} for old, new in pairwise(statuses)], events)
