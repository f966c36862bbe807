"""Carries out one action. Each is idempotent; every intent was stored before it gets here."""

import asyncio
import contextlib
from collections.abc import Awaitable
from datetime import timedelta
from typing import TypeVar, assert_never

from containerjob_api.jobstatus import Attempt, ContainerJobStatus
from containerjob_api.phases import Reason
from containerjob_operator.decide.actions import (
    Action,
    Conclude,
    Create,
    Forget,
    Kill,
    Place,
    Remove,
    SignalStop,
    Start,
    Wait,
    Write,
)
from containerjob_operator.decide.deadlines import launch_deadline
from containerjob_operator.decide.endings import Remains, concluded, last_words
from containerjob_operator.decide.facts import Facts, Refusal
from containerjob_operator.decide.observations import ABSENT, Observation, RunState
from containerjob_operator.decide.runs import run_spec
from containerjob_operator.errors import HostUnavailable, LaunchDelayed, LaunchRejected
from containerjob_operator.executors.base import Executor
from containerjob_operator.reconcile import announce, measure
from containerjob_operator.reconcile.context import Context
from containerjob_operator.reconcile.live_jobs import LiveJob

Answer = TypeVar("Answer")
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
        case Write(status=status, release=release):
            await _write(status, live, context, release=release)
        case Conclude():
            await _conclude(action, live, context)
        case Create() | Start() | SignalStop() | Kill() | Remove():
            attempt, executor = live.job.status.current, context.executor_of(live)
            if attempt is not None and executor is not None:
                await _on_the_host(action, attempt, executor, facts, live, context)
        case Forget():
            context.end(live, finished=False)
        case Wait() | Place():
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
                live.stop_signalled_at = context.now()
            case Kill():
                await executor.kill(attempt.name)
                await asyncio.sleep(KILL_PAUSE)
            case Remove():
                await executor.remove(attempt.name)
                live.expected = ABSENT
            case _:
                assert_never(action)
    except (LaunchRejected, LaunchDelayed) as refused:
        live.refusal = Refusal(refused.reason, refused.message, permanent=isinstance(refused, LaunchRejected))
        live.launched_at = None  # the engine has said that it did not start
    except HostUnavailable as problem:
        if not isinstance(action, Create | Start):
            raise
        _try_later(live, str(problem), context)


async def _create(attempt: Attempt, executor: Executor, facts: Facts, live: LiveJob, context: Context) -> None:
    if not live.bound_here:
        live.bound_here = True
        live.suspect = True
    if live.suspect:
        return
    live.changed.clear()  # what changed before is in the facts
    launch = asyncio.ensure_future(executor.create(run_spec(live.job, attempt.attempt, context.cluster_uid)))
    end = launch_deadline(live.job)
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
    live.launched_at = context.now()  # before the call: its answer may be lost
    await executor.start(attempt.name)
    live.launched_at = context.now()
    live.refusal = None
    live.expected = STARTED


async def _write(status: ContainerJobStatus, live: LiveJob, context: Context, *, release: bool) -> None:
    before = live.job
    after = await context.kube.write_job_status(before, status)
    measure.stored(before, after, context.now())
    live.renew(after)
    if after.status.attempt_count > before.status.attempt_count:
        live.bound_here = True
        live.expected = ABSENT
        context.placements.hold(live)
    elif release:
        context.placements.release(live)
    announce.moved(before, after, context)


async def _conclude(action: Conclude, live: LiveJob, context: Context) -> None:
    """Store the end of an attempt; its container is the proof of it until then."""
    remains = await _remains(action, live, context)
    before, retention, executor = live.job, context.retention_of(live), context.executor_of(live)
    status = concluded(before, action.verdict, remains, context.now())
    after = await context.kube.write_job_status(before, status)
    measure.stored(before, after, context.now())
    seen = action.verdict.outcome.seen if action.verdict.outcome is not None else None
    if seen is not None and executor is not None and before.status.current is not None and retention <= 0:
        # Where that fails, or somebody reads its output, the host's sweep does it.
        with contextlib.suppress(HostUnavailable):
            if not context.followers.hold(before.status.current.name):
                await executor.remove(before.status.current.name)
    live.renew(after)
    announce.moved(before, after, context)
    if after.status.terminal:
        context.expiry.note(after)
        context.end(live, finished=True)
    else:
        context.placements.release(live)


async def _remains(action: Conclude, live: LiveJob, context: Context) -> Remains:
    outcome, attempt, executor = action.verdict.outcome, live.job.status.current, context.executor_of(live)
    if outcome is None or outcome.seen is None or attempt is None or executor is None:
        return Remains()
    if outcome.seen.state is not RunState.EXITED:
        return Remains()
    container, patient = live.job.container, live.failures < TAIL_TRIES
    path = container.termination_message_path
    tail = await _unless_away(executor.tail(attempt.name), patient=patient)
    message = await _unless_away(executor.termination_message(attempt.name, path), patient=patient) if path else None
    failed = outcome.reason is not Reason.COMPLETED
    if failed and tail and not message and container.termination_message_policy == "FallbackToLogsOnError":
        message = last_words(tail)
    return Remains(tail, message)


async def _unless_away(question: Awaitable[Answer], *, patient: bool) -> Answer | None:
    """Return the answer, or nothing where the engine gives none and has been asked often enough."""
    try:
        return await question
    except HostUnavailable:
        if patient:
            raise
        return None


def _try_later(live: LiveJob, problem: str, context: Context) -> None:
    """Try this very attempt again after a pause: nobody said no, and what happened is unknown."""
    pause = min(LAUNCH_PAUSE_LIMIT, 2.0**live.launch_failures)
    live.launch_failures += 1
    live.refusal = Refusal(Reason.LAUNCH_BACK_OFF, problem, context.now() + timedelta(seconds=pause))
