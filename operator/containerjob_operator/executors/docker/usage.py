"""What a container uses, from two of the engine's samples, as `docker stats` computes it."""

from collections.abc import Mapping
from typing import Any

from aiodocker import DockerError

from containerjob_operator.executors.docker import faults
from containerjob_operator.executors.docker.client import EngineClient
from containerjob_operator.executors.outputs import Usage


async def usage(client: EngineClient, name: str) -> Usage | None:
    """Measure; engines take a second or two for it, and answer for an ended container with zeros."""
    try:
        return usage_of(await client.fetch(f"containers/{name}/stats", {"stream": "false"}))
    except DockerError as exc:
        if exc.status in {404, 409}:
            return None
        raise faults.refused(client.endpoint, f"stats of {name}", exc) from exc


def usage_of(stats: Mapping[str, Any]) -> Usage | None:
    """Read `GET /containers/NAME/stats`; None of one that does not run."""
    memory = stats.get("memory_stats") or {}
    if not memory.get("usage"):
        return None
    kept = memory.get("stats") or {}
    # Version 1 of cgroups says total_…; such cache can be had back at once, so it is not what the container needs.
    cache = kept.get("total_inactive_file", kept.get("inactive_file", 0))
    used = memory["usage"]
    return Usage(
        cpu_percent=_cpu_percent(stats["cpu_stats"], stats.get("precpu_stats") or {}),
        memory_bytes=used - cache if cache < used else used,
        memory_limit_bytes=memory.get("limit", 0),
        processes=(stats.get("pids_stats") or {}).get("current", 0),
    )


def _cpu_percent(now: Mapping[str, Any], before: Mapping[str, Any]) -> float:
    used = now["cpu_usage"]["total_usage"] - (before.get("cpu_usage") or {}).get("total_usage", 0)
    passed = now.get("system_cpu_usage", 0) - before.get("system_cpu_usage", 0)
    cpus = now.get("online_cpus") or len(now["cpu_usage"].get("percpu_usage") or ()) or 1
    return 100.0 * cpus * used / passed if used > 0 and passed > 0 else 0.0
