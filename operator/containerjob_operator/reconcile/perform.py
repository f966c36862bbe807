"""Carries out one action. Each is idempotent; every intent was stored before it gets here."""

import asyncio
import contextlib
from datetime import timedelta
from typing import assert_never

from containerjob_api.jobstatus import Attempt, ContainerJobStatus, LogTail
from containerjob_api.phases import Reason
from containerjob_operator.decide import statuses
from containerjob_operator.decide.actions import (
    Action,
    Conclude,
    Create,
    Kill,
    Remove,
    SignalStop,
    Start,
    Wait,
    Write,
)
from containerjob_operator.decide.facts import Facts, Refusal
from containerjob_operator.decide.jobs import deadline
from containerjob_operator.decide.observations import ABSENT, Observation, RunState
from containerjob_operator.decide.runs import run_spec
from containerjob_operator.errors import HostUnavailable, LaunchDelayed, LaunchRejected
from containerjob_operator.executors.base import Executor
from containerjob_operator.reconcile import announce
from containerjob_operator.reconcile.context import Context, now
from containerjob_operator.reconcile.live_jobs import LiveJob

LAUNCH_PAUSE_LIMIT = 60.0
"""Seconds; pauses between launches start at 1 and double up to this."""
KILL_PAUSE = 0.05
"""Seconds that an engine gets to notice a SIGKILL before it is asked again."""
TAIL_TRIES = 3
"""After so many failed passes a job ends without its last output: an unreadable log must not keep it for ever."""
CREATED = Observation(RunState.CREATED)
STARTED = Observation(RunState.RUNNING)


async def perform(action: Action, facts: Facts, live: LiveJob, context: Context) -> None:
    """Do what was decided. HostUnavailable leaves things unknown: the next look tells."""
    match action:
        case Write(status=status):
            await _write(status, live, context)
        case Conclude():
            await _conclude(action, live, context)
        case Create() | Start() | SignalStop() | Kill() | Remove():
            attempt, executor = live.job.status.current, context.executor_of(live)
            if attempt is not None and executor is not None:
                await _on_the_host(action, attempt, executor, facts, live, context)
        case Wait():
            pass
        case _:
            assert_never(action)


async def _on_the_host(
    action: Create | Start | SignalStop | Kill | Remove,
    attempt: Attempt,
    executor: Executor,
    facts: Facts,
    live: LiveJob,
    context: Context,
) -> None:
    try:
        match action:
            case Create():
                await _create(attempt, executor, facts, live, context)
            case Start():
                await _start(attempt, executor, live, context)
            case SignalStop():
                await executor.signal_stop(attempt.name)
                live.stop_signalled_at = now()
            case Kill():
                await executor.kill(attempt.name)
                await asyncio.sleep(KILL_PAUSE)
            case Remove():
                await executor.remove(attempt.name)
                live.expected = ABSENT
            case _:
                assert_never(action)
    except LaunchRejected as refused:
        live.refusal = Refusal(refused.reason, refused.message, None)
    except LaunchDelayed as delayed:
        _delay(live, delayed.reason, delayed.message)
    except HostUnavailable as problem:
        if not isinstance(action, Create | Start):
            raise
        _delay(live, Reason.LAUNCH_BACK_OFF, str(problem))


async def _create(attempt: Attempt, executor: Executor, facts: Facts, live: LiveJob, context: Context) -> None:
    if not live.bound_here:
        live.bound_here = True
        live.suspect = True
    if live.suspect:
        return
    live.changed.clear()  # what changed before is in the facts
    launch = asyncio.ensure_future(executor.create(run_spec(live.job, attempt.attempt, context.cluster_uid)))
    end = deadline(live.job)
    left = None if end is None else max(0.0, (end - facts.now).total_seconds())
    changed = asyncio.ensure_future(live.changed.wait())
    try:
        await asyncio.wait({launch, changed}, timeout=left, return_when=asyncio.FIRST_COMPLETED)
    finally:
        changed.cancel()
        given_up = launch.cancel()
        await asyncio.gather(launch, return_exceptions=True)
    if not given_up:
        launch.result()
        live.refusal = None
        live.expected = CREATED


async def _start(attempt: Attempt, executor: Executor, live: LiveJob, context: Context) -> None:
    live.launched_at = now()  # before the call: its answer may be lost
    await executor.start(attempt.name)
    live.launched_at = now()
    live.refusal = None
    live.expected = STARTED


async def _write(status: ContainerJobStatus, live: LiveJob, context: Context) -> None:
    before = live.job
    after = await context.kube.write_job_status(before, status)
    live.renew(after)
    if after.status.attempt_count > before.status.attempt_count:
        live.bound_here = True
        live.expected = ABSENT
        live.refusal = None
        context.placements.hold(live)
    announce.moved(before, after, context)


async def _conclude(action: Conclude, live: LiveJob, context: Context) -> None:
    tail = await _tail(action, live, context)
    status = statuses.concluded(live.job, action.outcome, tail, now())
    before, live.job = live.job, await context.kube.write_job_status(live.job, status)
    announce.moved(before, live.job, context)
    context.end(live, finished=True)
    if context.settings.retention_seconds <= 0:
        await _remove_now(live, context)


async def _tail(action: Conclude, live: LiveJob, context: Context) -> LogTail | None:
    seen, attempt, executor = action.outcome.seen, live.job.status.current, context.executor_of(live)
    if seen is None or seen.state is not RunState.EXITED or attempt is None or executor is None:
        return None
    try:
        return await executor.tail(attempt.name)
    except HostUnavailable:
        if live.failures < TAIL_TRIES:
            raise
        return None


async def _remove_now(live: LiveJob, context: Context) -> None:
    """Remove the finished container at once; where that fails the host's sweep does it."""
    attempt, executor = live.job.status.current, context.executor_of(live)
    if attempt is None or executor is None:
        return
    with contextlib.suppress(HostUnavailable):
        await executor.remove(attempt.name)


def _delay(live: LiveJob, reason: Reason, message: str) -> None:
    pause = min(LAUNCH_PAUSE_LIMIT, 2.0**live.launch_failures)
    live.launch_failures += 1
    live.refusal = Refusal(reason, message, now() + timedelta(seconds=pause))
