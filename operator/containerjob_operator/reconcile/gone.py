"""What happens to the container of a deleted job: its stop signal, its grace, then it is removed."""

from datetime import timedelta

import structlog

from containerjob_operator.decide.observations import RunState
from containerjob_operator.errors import HostUnavailable
from containerjob_operator.executors.base import Executor
from containerjob_operator.reconcile.context import Context, now
from containerjob_operator.reconcile.live_jobs import LiveJob

log = structlog.get_logger(__name__)


async def release(live: LiveJob, context: Context) -> None:
    """Stop and remove the container of a job whose object is proven gone.

    Nothing is lost where the host does not answer: its sweep removes what it finds when it is back.
    """
    attempt, executor = live.job.status.current, context.executor_of(live)
    if attempt is None or executor is None:
        context.end(live, finished=False)
        return
    try:
        seen = await executor.inspect(attempt.name)
        if seen.state is RunState.RUNNING and await _has_grace(attempt.name, executor, live, context):
            return
        if seen.state is not RunState.ABSENT:
            await executor.remove(attempt.name)
    except HostUnavailable as problem:
        log.info("the host's sweep will remove the container", container=attempt.name, problem=str(problem))
    context.end(live, finished=False)


async def _has_grace(name: str, executor: Executor, live: LiveJob, context: Context) -> bool:
    """Send the stop signal once; say whether the process still has time to end by itself."""
    if live.stop_signalled_at is None:
        await executor.signal_stop(name)
        live.stop_signalled_at = now()
    kill_at = live.stop_signalled_at + timedelta(seconds=context.settings.termination_grace_seconds)
    if now() >= kill_at:
        return False
    context.queue.add_at(live.uid, kill_at)
    return True
