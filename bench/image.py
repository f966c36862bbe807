"""The operator as a cluster runs it: from the container's start until it is ready, what it holds then, its image."""

import http.client
import os
import statistics
import time
from pathlib import Path
from typing import Any, Final

import docker
from tools.image.making import Order, make

from bench.cluster import BenchError
from bench.figures import table
from bench.rig import Rig, report
from containerjob_local.binaries.cache import cache_folder
from containerjob_local.ports import free_ports

ROOT: Final = Path(__file__).resolve().parents[1]
READY_SECONDS: Final = 60.0
MEGABYTE: Final = 1_000_000
LOCKED_DOWN: Final[dict[str, Any]] = {
    "network_mode": "host",
    "read_only": True,
    "tmpfs": {"/tmp": ""},  # noqa: S108 - in the container
    "cap_drop": ["ALL"],
    "security_opt": ["no-new-privileges"],
}


async def measure(rig: Rig, *, rounds: int) -> str:
    """Start the image `rounds` times, and return the table."""
    built = make(Order(ROOT), rig.engine.endpoint, cache_folder(os.environ) / "image", report)
    client = docker.DockerClient(base_url=rig.engine.endpoint)
    try:
        seen = [_start(client, built.image, rig.kubeconfig) for _ in range(rounds)]
        size, base = (client.images.get(name).attrs["Size"] for name in (built.image, built.base))
    finally:
        client.close()
    ready, resident = ([one[column] for one in seen] for column in (0, 1))
    rows = [
        ("start to ready, s", statistics.median(ready), max(ready), "bar 3"),
        ("resident, MiB", statistics.median(resident), max(resident), "bar 110"),
        ("image over its base, MB", (size - base) / MEGABYTE, (size - base) / MEGABYTE, "bar 120"),
    ]
    return table(f"Image, {rounds} starts", ("", "median", "most", ""), rows)


def _start(client: docker.DockerClient, image: str, kubeconfig: Path) -> tuple[float, float]:
    """Return the seconds until the operator was ready, and the MiB it held then."""
    (port,) = free_ports(1)
    container = client.containers.create(
        image,
        ["--kubeconfig=/kubeconfig", f"--http-port={port}", "--http-address=127.0.0.1"],
        volumes={str(_readable(kubeconfig)): {"bind": "/kubeconfig", "mode": "ro"}},
        **LOCKED_DOWN,
    )
    try:
        began = time.monotonic()
        container.start()
        while not _is_ready(port):
            container.reload()
            if container.status == "exited" or time.monotonic() - began > READY_SECONDS:
                raise BenchError(f"the image does not get ready: {container.logs(tail=1).decode().strip()}")
        took = time.monotonic() - began
        container.reload()
        return took, _resident(container.attrs["State"]["Pid"])
    finally:
        container.remove(force=True)


def _readable(kubeconfig: Path) -> Path:
    """Return a copy for the image's user, who owns nothing here."""
    copy = kubeconfig.with_suffix(".readable")
    copy.write_bytes(kubeconfig.read_bytes())
    copy.chmod(0o644)
    return copy


def _is_ready(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=1)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == http.client.OK
    except OSError:  # nobody listens yet
        return False
    finally:
        connection.close()


def _resident(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmRSS:")).split()[1]) / 1024
