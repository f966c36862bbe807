"""What running containers use just now: one look each, no history."""

import asyncio
from collections.abc import Iterable
from typing import Any, Final

from containerjob_operator.api.engines import HostGone
from containerjob_operator.api.jobs import AttemptSeen, JobSeen
from containerjob_operator.api.sources import Parts
from containerjob_operator.errors import HostUnavailable, KubeError
from containerjob_operator.executors.outputs import Usage

SECONDS: Final = 30.0
"""For all of them together; the API server gives up on an answer after 60."""

Json = dict[str, Any]


async def usage_of(job: JobSeen, parts: Parts) -> Json:
    """Measure one job; HostUnavailable where its host does not answer."""
    attempt = _measurable(job)
    usage: Usage | None = None
    if attempt is not None:
        async with parts.engines.lend(attempt.host) as executor:
            usage = await executor.usage(attempt.container)
    return _told(job, usage)


async def usage_of_all(jobs: Iterable[JobSeen], parts: Parts) -> Json:
    """Measure many jobs; one that cannot be measured in time has no usage."""
    found = list(jobs)
    end = asyncio.get_running_loop().time() + SECONDS

    async def measured(job: JobSeen) -> Json:
        try:
            async with asyncio.timeout_at(end), parts.measuring:
                told = await usage_of(job, parts)
        except (HostUnavailable, HostGone, KubeError, TimeoutError) as problem:
            told = _told(job, None) | {"message": str(problem) or "not measured in time"}
        return {"namespace": job.namespace, "name": job.name} | told

    running = [job for job in found if _measurable(job) is not None]
    return {"items": await asyncio.gather(*map(measured, running))}


def _measurable(job: JobSeen) -> AttemptSeen | None:
    """Return the attempt whose container may run now."""
    newest = job.attempts[-1] if job.attempts else None
    return newest if newest is not None and newest.begun and not newest.over else None


def _told(job: JobSeen, usage: Usage | None) -> Json:
    newest = job.attempts[-1] if job.attempts else None
    return {
        "attempt": newest.number if newest is not None else None,
        "host": str(newest.host) if newest is not None else None,
        "usage": None
        if usage is None
        else {
            "cpuPercent": round(usage.cpu_percent, 2),
            "memoryBytes": usage.memory_bytes,
            "memoryLimitBytes": usage.memory_limit_bytes,
            "processes": usage.processes,
        },
    }
