"""The reconcile handler of a job: read facts, decide, act, store; until there is nothing to do but wait."""

import time
from typing import Final

import structlog
from pydantic import ValidationError

from containerjob_operator import metrics
from containerjob_operator.decide.actions import Action, Place, Remove, Wait, Write
from containerjob_operator.decide.facts import Facts
from containerjob_operator.decide.jobs import decide
from containerjob_operator.decide.observations import Observation, RunState
from containerjob_operator.errors import (
    ContainerJobError,
    HostUnavailable,
    KubeUnavailable,
    ObjectGone,
    WriteConflict,
)
from containerjob_operator.logs import about
from containerjob_operator.reconcile.context import Context
from containerjob_operator.reconcile.live_jobs import LiveJob
from containerjob_operator.reconcile.perform import perform
from containerjob_operator.reconcile.rehearsal import rehearse

log = structlog.get_logger(__name__)

STEPS = 12
"""Actions in one pass; a launch takes four. More means that facts and actions disagree: pause, then look again."""
FREE_CONFLICTS: Final = 3
"""Lost races in a row that are run again at once; more of them are no races but a write that never gets through."""
READ_PAUSE: Final = 1.0
"""Seconds until a container is looked at again that somebody reads."""
LONGEST_PAUSE: Final = 20.0
"""Seconds; well below the 30 s within which everything is right again after the last fault."""


async def reconcile_job(uid: str, context: Context) -> None:
    """Bring one job as far as it can go now. Never raises: what went wrong is tried again after a pause."""
    live = context.jobs.get(uid)
    if live is None:
        return
    began = time.perf_counter()
    try:
        await _pass(live, context)
        live.failures = 0
    except (WriteConflict, ObjectGone) as problem:
        metrics.child(metrics.RECONCILE_ERRORS, "conflict").inc()
        _read_and_try_again(live, context, problem)
    except KubeUnavailable as problem:
        metrics.child(metrics.RECONCILE_ERRORS, "unavailable").inc()
        _try_again(live, context, problem, problem.retry_after)
    except Exception as problem:
        kind = "unavailable" if isinstance(problem, HostUnavailable) else "other"
        metrics.child(metrics.RECONCILE_ERRORS, kind).inc()
        if not isinstance(problem, ContainerJobError):
            log.exception("reconcile failed", **about(live.job))
        _try_again(live, context, problem, None)
    finally:
        metrics.RECONCILE_DURATION.observe(time.perf_counter() - began)


async def _pass(live: LiveJob, context: Context) -> None:
    if live.suspect:
        await _read_again(live, context)
    for _ in range(STEPS):
        if live.uid not in context.jobs:
            return
        facts = await gather(live, context)
        action = decide(facts)
        if isinstance(action, Place):
            context.placements.wait_for_host(live)
        if isinstance(action, Wait | Place):
            context.queue.add_at(live.uid, action.until)
            return
        if isinstance(action, Remove) and _is_read(facts, context):
            context.queue.add(live.uid, READ_PAUSE)
            return
        if context.settings.dry_run:
            rehearse(action, live)
            return
        if context.draining.is_set() and _begins(action, live):
            return
        await perform(action, facts, live, context)
        if live.suspect:
            context.queue.add(live.uid)
            return
    context.queue.add(live.uid, 1.0)


def _begins(action: Action, live: LiveJob) -> bool:
    """Say whether this would bind the job to a host: what another replica may as well do."""
    return isinstance(action, Write) and action.status.attempt_count > live.job.status.attempt_count


def _is_read(facts: Facts, context: Context) -> bool:
    """Say whether an ended container has to stay for a moment, since its output is being read."""
    over = facts.seen is not None and facts.seen.state is RunState.EXITED
    return over and context.followers.hold(facts.attempt.name)


async def gather(live: LiveJob, context: Context) -> Facts:
    """Collect what the decision may look at; a host that cannot be asked is a fact too."""
    seen, problem = await _look(live, context)
    return Facts(
        job=live.job,
        now=context.now(),
        placement=live.placement,
        seen=seen,
        host_problem=problem,
        disconnect=context.disconnect_of(live),
        refusal=live.refusal,
        launched_at=live.launched_at,
        stop_signalled_at=live.stop_signalled_at,
        oom_seen=live.oom_seen,
        gone=live.gone,
        grace_seconds=context.settings.termination_grace_seconds,
    )


async def _look(live: LiveJob, context: Context) -> tuple[Observation | None, str]:
    attempt = live.job.status.current
    if attempt is None:
        return None, ""
    expected, live.expected = live.expected, None
    if expected is not None:
        return expected, ""
    executor = context.executor_of(live)
    if executor is None:
        return None, context.problem_of(live)
    try:
        return await executor.inspect(attempt.name), ""
    except HostUnavailable as problem:
        return None, str(problem)


async def _read_again(live: LiveJob, context: Context) -> None:
    """Ask the API server what is true of this job now: only 404 or another uid means gone."""
    metadata = live.job.metadata
    live.suspect = False
    live.expected = None
    try:
        job = await context.kube.get_job(metadata.namespace, metadata.name)
    except ValidationError:
        log.warning("the stored object cannot be read any more; it is left as it is", **about(live.job))
        context.end(live, finished=False)
        return
    except Exception:
        live.suspect = True  # unanswered: the reason to ask still stands
        raise
    if job is None or job.metadata.uid != live.uid:
        live.gone = True
    else:
        context.take(job)


def _read_and_try_again(live: LiveJob, context: Context, problem: Exception) -> None:
    live.suspect = True
    if live.failures >= FREE_CONFLICTS:
        _try_again(live, context, problem, None)
        return
    live.failures += 1
    context.queue.add(live.uid)


def _try_again(live: LiveJob, context: Context, problem: Exception, after: float | None) -> None:
    live.failures += 1
    live.expected = None
    pause = after or min(LONGEST_PAUSE, 0.5 * 2.0 ** min(live.failures, 7))
    log.info("will try again", problem=str(problem), pause=pause, **about(live.job))
    context.queue.add(live.uid, pause)
