"""The engine's event stream, read by our own lines: hints only, since engines drop and forget events."""

import json
import time
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Final

from aiodocker import DockerError
from aiohttp import StreamReader

from containerjob_api.names import LABEL_CLUSTER_UID
from containerjob_operator.decide.observations import RunEvent
from containerjob_operator.executors.docker import faults, read
from containerjob_operator.executors.docker.client import EngineClient

SUBSCRIBED: Final = RunEvent("subscribed")
LINE_LIMIT: Final = 1024 * 1024
"""Bytes; a longer line is skipped. Labels are all that makes one long."""
OVERLAP_SECONDS: Final = 2
"""Engines answer before they listen; asking for the last moments closes that gap. A hint too many is harmless."""


async def follow(client: EngineClient, cluster_uid: str) -> AsyncIterator[RunEvent]:
    """Yield `subscribed` when the stream stands, then what happens to this cluster's containers."""
    wanted = {
        "type": ["container"],
        "label": [f"{LABEL_CLUSTER_UID}={cluster_uid}"],
        "event": ["start", "die", "oom", "destroy"],
    }
    params = {"filters": json.dumps(wanted), "since": str(int(time.time()) - OVERLAP_SECONDS)}
    try:
        async with client.stream("events", params) as response:
            yield SUBSCRIBED
            async for line in lines(response.content):
                yield read.run_event(json.loads(line))
    except DockerError as exc:
        raise faults.refused(client.endpoint, "events", exc) from exc


async def lines(content: StreamReader) -> AsyncGenerator[bytes]:
    """Split the stream at line ends; skip a line that is too long to be an event of ours."""
    rest = b""
    skipping = False
    async for data in content.iter_any():
        *whole, rest = (rest + data).split(b"\n")
        for line in whole:
            if line.strip() and not skipping:
                yield line
            skipping = False
        if len(rest) > LINE_LIMIT:
            rest, skipping = b"", True
