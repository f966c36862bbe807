"""How fast a long output is read: `kubectl containerjob logs -f` beside `docker logs -f`, the same bytes from both.

The log is one that the engine does not rotate, so that all of it is there to be read.
"""

import hashlib
import statistics
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import aiodocker
import aiohttp

from bench.cluster import BenchError, Cluster, job
from bench.figures import table
from bench.meters import memory_mb
from bench.plugin import environment, plugin
from bench.rig import NAMESPACE, Rig, report
from containerjob_api.jobs import ContainerJob
from containerjob_local import log_api
from containerjob_operator.decide.runs import run_spec
from containerjob_operator.executors.docker.build import create_body

HOST: Final = "talkative"
JOB: Final = "talk"
LINE: Final = 100
CHUNK: Final = 1 << 20
WRITTEN_SECONDS: Final = 900
KEPT_SECONDS: Final = 86400
"""An ended container stays: its log is what is read."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One reading of the whole log."""

    seconds: float
    digest: str
    megabytes: float
    peak: float = 0.0
    """The operator's memory, MB."""


async def measure(rig: Rig, *, megabytes: int, rounds: int) -> str:
    """Have a job print so much, read all of it by both ways in turn, and return the table."""
    rig.allow(1, HOST, kept_seconds=KEPT_SECONDS)
    state = rig.plane.state
    with rig.operator(*log_api.operator_options(state, log_api.choose_port(state))) as operator:
        log_api.register_log_api(rig.plane, report)
        rig.wait_for_host(HOST)
        async with Cluster.open(rig.plane, NAMESPACE) as cluster:
            container = await _talk(rig, cluster, megabytes)
            before = memory_mb(operator.pid)
            theirs, ours = [], []
            for _ in range(rounds):
                theirs.append(_read(("docker", f"--host={rig.engine.endpoint}", "logs", "-f", container), {}, 0))
                ours.append(_read((plugin(), "logs", "-f", JOB, "-n", NAMESPACE), environment(rig), operator.pid))
            await cluster.delete_all()
    if len({reading.digest for reading in (*theirs, *ours)}) != 1:
        raise BenchError("not every reading had the same bytes")
    return _table(theirs, ours, before)


async def _talk(rig: Rig, cluster: Cluster, megabytes: int) -> str:
    """Run the job in a container made by us, which the operator adopts: its own would rotate the log away."""
    script = f"yes {'x' * (LINE - 1)} | head -c {megabytes * 1_000_000 // LINE * LINE}"
    wanted = job(JOB, rig.image, placement={"hostRef": {"name": HOST}}, suspend=True)
    wanted["spec"]["template"]["spec"]["containers"][0] |= {"command": ["sh", "-c", script]}
    await cluster.create(wanted)
    run = run_spec(ContainerJob.from_body(await cluster.read(JOB)), 0, rig.plane.cluster_uid)
    body = create_body(run)
    body["HostConfig"]["LogConfig"] = {"Type": "json-file", "Config": {}}
    connector = aiohttp.UnixConnector(rig.engine.endpoint.removeprefix("unix://"))
    async with aiodocker.Docker("http://docker", connector=connector, api_version="v1.41") as docker:
        await docker.containers.create(body, name=run.name)
    await connector.close()
    rig.plane.kubectl.run("patch", "cjob", JOB, "-n", NAMESPACE, "--type=merge", '--patch={"spec":{"suspend":false}}')
    for _ in range(WRITTEN_SECONDS):
        if (await cluster.read(JOB))["status"].get("finished"):
            return run.name
        time.sleep(1)  # noqa: ASYNC251 - nothing else goes on
    raise BenchError(f"the job has not printed {megabytes} MB within {WRITTEN_SECONDS} s")


def _read(command: Sequence[str], variables: Mapping[str, str], pid: int) -> Reading:
    """Read all that a command prints."""
    digest, size, peak, began = hashlib.sha256(), 0, 0.0, time.perf_counter()
    with subprocess.Popen(command, env=dict(variables) or None, stdout=subprocess.PIPE, bufsize=0) as child:
        assert child.stdout is not None
        while data := child.stdout.read(CHUNK):
            digest.update(data)
            size += len(data)
            if pid:
                peak = max(peak, memory_mb(pid))
    if child.returncode != 0:
        raise BenchError(f"{' '.join(command)} ended with {child.returncode}")
    return Reading(time.perf_counter() - began, digest.hexdigest(), size / 1e6, peak)


def _table(theirs: list[Reading], ours: list[Reading], before: float) -> str:
    def speed(readings: list[Reading]) -> float:
        return statistics.median(reading.megabytes / reading.seconds for reading in readings)

    rows = [
        ("docker logs -f", speed(theirs), ""),
        ("kubectl containerjob logs -f", speed(ours), f"{speed(ours) / speed(theirs):.2f} of it (bar 0.8)"),
        ("operator's memory, MB", before, f"+{max(reading.peak for reading in ours) - before:.1f} at most (bar 16)"),
    ]
    title = f"Following {ours[0].megabytes:.0f} MB of {LINE}-byte lines, medians of {len(ours)}, MB/s"
    return table(title, ("", "", ""), rows)
