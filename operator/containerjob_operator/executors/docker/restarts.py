"""Whether a container ended because its engine was restarted: engines do not say so, hence by what they forget.

An engine keeps its newest 256 events in memory. One that does not know the start of a container, and has not had
events enough to forget it, came up after that start. A busy engine forgets; then the network `bridge` tells, which
Docker makes anew whenever it comes up. Nothing is remembered here, so a restarted operator judges the same.
"""

import json
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from aiodocker import DockerError

from containerjob_operator.decide.observations import Observation, RunState
from containerjob_operator.executors.docker import events, read
from containerjob_operator.executors.docker.client import EngineClient

UNKNOWN_CODE: Final = 255
"""What an engine that comes up writes for a container whose end it missed."""
_CODES: Final = frozenset({UNKNOWN_CODE, 137, 143})
"""And what it leaves when it stops its containers before it ends."""
_REMEMBERED: Final = 256
_LEAD: Final = timedelta(seconds=1)
"""The start's event follows the start; this much for a clock that is set meanwhile."""
_COMING_UP: Final = timedelta(seconds=30)
"""An engine that finds the containers of a crashed one stops them: 10 s for those that do not listen."""
_AWAY: Final = timedelta(minutes=5)
"""How long a machine takes from the end of its containers until its engine is up again."""

Event = dict[str, Any]


def suspicious(seen: Observation) -> bool:
    """Say whether a restart could look like this; ordinary ends need no further question."""
    return seen.state is RunState.EXITED and seen.exit_code in _CODES and not seen.oom_killed


async def disrupted(client: EngineClient, seen: Observation) -> bool:
    """Say whether a restart ended this suspicious container, for all its engine can tell."""
    if seen.started_at is None or seen.finished_at is None:
        return False
    try:
        told = await _told_since(client, seen.started_at - _LEAD)
        actions = {event.get("Action") for event in told if (event.get("Actor") or {}).get("ID") == seen.container_id}
        if "start" in actions:
            return False
        complete = len(told) < _REMEMBERED
        if complete and "die" not in actions:
            # It came up after the start, and somebody else saw the end, or nobody.
            return True
        came_up = await _bridge_made(client)
    except DockerError:
        return False  # an engine that will not tell, such as one behind a filter
    if came_up is None and complete:
        came_up = datetime.fromtimestamp(told[0]["timeNano"] / 1e9, UTC)
    if came_up is None or seen.started_at > came_up:
        return False
    return came_up - _AWAY <= seen.finished_at <= came_up + _COMING_UP


async def _told_since(client: EngineClient, since: datetime) -> list[Event]:
    """Return what the engine remembers, up to now by its own clock: it would wait for a later moment to come."""
    now = read.moment((await client.fetch("info", {})).get("SystemTime")) or datetime.now(UTC)
    params = {"since": f"{since.timestamp():.6f}", "until": f"{now.timestamp():.6f}"}
    told: list[Event] = []
    async with (
        client.stream("events", params) as response,
        client.in_time(),
        aclosing(events.lines(response.content)) as lines,
    ):
        async for line in lines:
            told.append(json.loads(line))
            if len(told) == _REMEMBERED:
                break
    return told


async def _bridge_made(client: EngineClient) -> datetime | None:
    try:
        return read.moment((await client.fetch("networks/bridge", {})).get("Created"))
    except DockerError as exc:
        if exc.status == 404:
            return None
        raise
