"""What happens to the container of a deleted job: its stop signal, its grace, then it is removed."""

from containerjob_operator.decide.observations import RunState
from containerjob_operator.errors import HostUnavailable
from containerjob_operator.reconcile.context import Context
from containerjob_operator.reconcile.live_jobs import LiveJob


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
        if seen.state is RunState.RUNNING and not live.stop_signalled:
            await executor.signal_stop(attempt.name)
            live.stop_signalled = True
            context.queue.add(live.uid, context.settings.termination_grace_seconds)
            return
        if seen.state is not RunState.ABSENT:
            await executor.remove(attempt.name)
    except HostUnavailable:
        pass
    context.end(live, finished=False)
