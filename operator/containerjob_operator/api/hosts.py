"""Questions about a host: does its engine answer, and which containers on it belong to no job."""

import time
from typing import Any

from containerjob_api.hostparts import EngineInfo
from containerjob_api.hostrefs import HostReference
from containerjob_operator.api.engines import EndpointRefused
from containerjob_operator.api.sources import Parts
from containerjob_operator.decide.hosts import ANSWER, Probe, judge, unanswered
from containerjob_operator.decide.observations import OwnedContainer
from containerjob_operator.errors import HostUnavailable

Json = dict[str, Any]


async def probe(reference: HostReference, parts: Parts) -> Json:
    """Ask the engine who it is, now, over this replica's own connection."""
    try:
        async with parts.engines.unchecked(reference) as (host, executor):
            started = time.monotonic()
            found = judge(host, Probe(await executor.engine()))
            return _told(found, reference, (time.monotonic() - started) * 1000)
    except EndpointRefused as refused:
        return _told(Probe(None, refused.reason, refused.message), reference, None)
    except HostUnavailable as problem:
        return _told(unanswered(problem), reference, None)


async def orphans(reference: HostReference, parts: Parts) -> Json:
    """List the containers of this cluster whose job does not exist."""
    async with parts.engines.lend(reference) as executor:
        rows = await executor.list_owned()
    # Listed afterwards: a job is older than its container, so a uid that is missing now is proven gone.
    existing = await parts.kube.job_uids()
    found = sorted((row for row in rows if row.job_uid not in existing), key=lambda row: row.created_at)
    return {"items": [_orphan(row) for row in found]}


def _told(found: Probe, reference: HostReference, milliseconds: float | None) -> Json:
    engine: EngineInfo | None = found.engine
    return {
        "reachable": milliseconds is not None,
        "reason": found.reason,
        "message": found.problem or ANSWER[reference.kind],
        "latencyMilliseconds": None if milliseconds is None else round(milliseconds, 1),
        "engine": None if engine is None else engine.to_json(),
    }


def _orphan(row: OwnedContainer) -> Json:
    return {
        "name": row.name,
        "jobUid": row.job_uid,
        "namespace": row.namespace,
        "jobName": row.job_name,
        "attempt": row.attempt,
        "state": row.state,
        "createdAt": row.created_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
