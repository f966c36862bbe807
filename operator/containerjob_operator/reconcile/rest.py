"""When there is nothing left to do: the end of a run with --once."""

import asyncio
from typing import Final

from containerjob_api.phases import Phase
from containerjob_operator.reconcile.context import Context

LOOK_SECONDS: Final = 0.2
LOOKS: Final = 3
"""So often in a row nothing may be left: between two parts, what is to be done is nobody's for a moment."""


async def until_at_rest(context: Context) -> None:
    """Return once no job is pending or running; of a dry run, once every job has been looked at."""
    looks = 0
    while looks < LOOKS:
        await asyncio.sleep(LOOK_SECONDS)
        looks = looks + 1 if at_rest(context) else 0


def at_rest(context: Context) -> bool:
    """Say whether nothing is left to do. A suspended job waits for a person, and is not waited for."""
    queue = context.queue
    if queue.ready or queue.active or not context.hosts.all_asked():
        return False
    return context.settings.dry_run or all(live.job.status.phase is Phase.SUSPENDED for live in context.jobs)
