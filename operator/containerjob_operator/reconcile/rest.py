"""When there is nothing left to do: the end of a run with --once."""

import asyncio
from typing import Final

import structlog

from containerjob_api.phases import Phase
from containerjob_operator.decide.facts import Facts
from containerjob_operator.decide.situations import cannot_run_now
from containerjob_operator.decide.statuses import reason_of
from containerjob_operator.logs import about
from containerjob_operator.reconcile.context import Context
from containerjob_operator.reconcile.live_jobs import LiveJob

log = structlog.get_logger(__name__)

LOOK_SECONDS: Final = 0.2
LOOKS: Final = 3
"""So often in a row nothing may be left: between two parts, what is to be done is nobody's for a moment."""


async def until_at_rest(context: Context) -> None:
    """Return once every job that can run now has run; of a dry run, once every job has been looked at."""
    looks = 0
    while looks < LOOKS:
        await asyncio.sleep(LOOK_SECONDS)
        looks = looks + 1 if at_rest(context) else 0
    if not context.settings.dry_run:
        _tell_what_is_left(context)


def at_rest(context: Context) -> bool:
    """Say whether nothing is left that can be done now."""
    queue = context.queue
    if queue.ready or queue.active or not context.hosts.all_asked():
        return False
    return context.settings.dry_run or all(_waits_for_others(live, context) for live in context.jobs)


def _waits_for_others(live: LiveJob, context: Context) -> bool:
    """Say whether a job stays as it is for as long as nobody changes it or a host, and its status says so."""
    if live.failures:
        return False  # what went wrong is tried again
    if live.job.status.phase is Phase.SUSPENDED:
        return True
    return cannot_run_now(Facts(job=live.job, now=context.now(), placement=live.placement))


def _tell_what_is_left(context: Context) -> None:
    """Name each job that was not run: whoever reads no more than the exit code takes all of them for done."""
    for live in context.jobs:
        reason, message = reason_of(live.job.status)
        log.warning("not run", reason=str(reason), message=message, **about(live.job))
