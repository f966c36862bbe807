"""Cloud Run's messages to our values. Pure.

What an execution was is told by its Completed condition and its task's last attempt:
https://cloud.google.com/run/docs/reference/rpc/google.cloud.run.v2.
"""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final, cast

from google.cloud import run_v2

from containerjob_api.names import LABEL_CLUSTER_UID, LABEL_JOB_UID
from containerjob_operator.decide.observations import NOT_EXECUTABLE, NOT_FOUND, Observation, RunState
from containerjob_operator.executors import marks as labels_of_all
from containerjob_operator.executors.cloudrun import marks
from containerjob_operator.executors.cloudrun.place import START_TOKEN
from containerjob_operator.executors.cloudrun.sights import Sight

State = run_v2.Condition.State
Why = run_v2.Condition.ExecutionReason
SIGNALLED: Final = 128
"""Added to a signal's number it makes the exit code by which shells and engines tell it."""
_OVER: Final = {State.CONDITION_SUCCEEDED, State.CONDITION_FAILED}
_DELETED: Final = "the execution was deleted; nobody can tell how it ended"
_MISCOUNTED: Final = "Cloud Run calls the execution completed, and not all of its tasks have succeeded"
_NOT_STARTED: Final = re.compile(r"failed to (start|load|resolve)|exec (likely )?failed", re.IGNORECASE)
"""How Cloud Run words that a container's command could not be run; it tells no exit code then."""
_MISSING: Final = re.compile(r"no such file|not found", re.IGNORECASE)
_FORBIDDEN: Final = re.compile(r"permission denied|is a directory", re.IGNORECASE)
_MEMORY: Final = re.compile(r"memory limit", re.IGNORECASE)


def our_labels(job: run_v2.Job) -> dict[str, str]:
    """Return the labels that the Job was created with."""
    return marks.from_google(job.labels, job.annotations)


def name_of(path: str) -> str:
    """Return a Job's short name, given its own or one of its parts' full name."""
    return path.split("/")[5]


def execution_of(path: str) -> str:
    """Return the execution's full name, given that of its task."""
    return path.rpartition("/tasks/")[0]


def items(page: Any) -> Sequence[Any]:
    """Return what a page of any of the three lists holds."""
    for field in ("jobs", "executions", "tasks"):
        if field in type(page).meta.fields:
            return cast("Sequence[Any]", getattr(page, field))
    raise TypeError(f"{type(page).__name__} is no page of a list")


def sight(job: run_v2.Job, execution: run_v2.Execution, task: run_v2.Task | None) -> Sight:
    """Judge one Job of ours that was executed."""
    completed = _condition(execution, "Completed")
    reason = Why.EXECUTION_REASON_UNDEFINED if completed is None else completed.execution_reason
    over = completed is not None and completed.state in _OVER
    if reason == Why.DELETED or moment(execution.delete_time) is not None:
        return lost(_sight(job, _observed(job, RunState.RUNNING, execution), executed=True, asked=True))
    untold = over and not _is_told(execution, task)
    if over and not untold:
        seen = _ended(job, execution, task)
    else:
        seen = _observed(job, RunState.RUNNING, execution, started_at=moment(execution.start_time))
    return _sight(
        job,
        seen,
        executed=True,
        asked=True,
        active=not over,
        cancelling=reason == Why.CANCELLING,
        untold=untold,
    )


def lost(found: Sight) -> Sight:
    """Judge what was asked for an execution and has none, or whose end is told nowhere: lost, and never a success."""
    seen = found.observation
    return found.become(
        Observation(
            RunState.EXITED,
            container_id=seen.container_id,
            image_id=seen.image_id,
            error=_DELETED,
            started_at=seen.started_at,
        )
    )


def unexecuted(job: run_v2.Job, *, asked: bool = False) -> Sight:
    """Judge one Job of ours that no execution is seen of; `asked` where one is known to have been asked for."""
    asked = asked or START_TOKEN in (job.start_execution_token, job.latest_created_execution.name.rpartition("-")[2])
    condition = job.terminal_condition
    if condition.state == State.CONDITION_FAILED:
        # Such as an image that is not there: Cloud Run looks for it when the Job is written.
        return _sight(job, Observation(RunState.CREATED, container_id=job.uid, error=condition.message), asked=asked)
    state = RunState.RUNNING if asked else RunState.CREATED
    # A Job is ready once its execution has started: until then it is no wonder that there is none.
    untold = asked and not job.reconciling
    return _sight(job, Observation(state, container_id=job.uid), asked=asked, untold=untold)


def _sight(job: run_v2.Job, seen: Observation, **more: object) -> Sight:
    labels = our_labels(job)
    row = labels_of_all.owned(
        labels,
        name=name_of(job.name),
        state=seen.state,
        created_at=moment(job.create_time) or datetime.now(UTC),
        finished_at=seen.finished_at,
    )
    return Sight(job=job, job_uid=labels.get(LABEL_JOB_UID, ""), row=row, observation=seen, **more)  # type: ignore[arg-type]


def _ended(job: run_v2.Job, execution: run_v2.Execution, task: run_v2.Task | None) -> Observation:
    attempt = run_v2.TaskAttemptResult() if task is None else task.last_attempt_result
    code, error, cancelled = *_exit(execution, attempt), _cancelled(execution)
    if code is None and not cancelled and _never_began(execution, attempt):
        # Of the attempt's words alone: what else was not found, such as an image, is no command's exit code.
        words = _code_of_words(attempt.status.message)
        return _observed(job, RunState.CREATED, execution, error=error, exit_code=words)
    return _observed(
        job,
        RunState.EXITED,
        execution,
        exit_code=code,
        error="" if cancelled else error,
        oom_killed=bool(code) and _MEMORY.search(attempt.status.message) is not None,
        started_at=moment(execution.start_time),
        finished_at=moment(execution.completion_time),
        cancelled=cancelled,
    )


def _never_began(execution: run_v2.Execution, attempt: run_v2.TaskAttemptResult) -> bool:
    """Say whether no command was ever run: nothing was provisioned for it, or it could not be executed."""
    return moment(execution.start_time) is None or _NOT_STARTED.search(attempt.status.message) is not None


def _exit(execution: run_v2.Execution, attempt: run_v2.TaskAttemptResult) -> tuple[int | None, str]:
    """Return the exit code, or, where there is none that is known, what Cloud Run says instead."""
    completed = _condition(execution, "Completed")
    if completed is not None and completed.state == State.CONDITION_SUCCEEDED:
        # A cancelled execution has been called completed: only the count of its tasks proves a success.
        whole = execution.task_count > 0 and execution.succeeded_count == execution.task_count
        return (0, "") if whole else (_code(attempt), _MISCOUNTED)
    code = _code(attempt)
    said = attempt.status.message or ("" if completed is None else completed.message)
    return code, said if code is None else ""


def _code(attempt: run_v2.TaskAttemptResult) -> int | None:
    """Return the code of a failed attempt: 0 stands for a field that is not set."""
    if attempt.term_signal:
        return SIGNALLED + attempt.term_signal
    return attempt.exit_code or None


def _code_of_words(words: str) -> int | None:
    """Return the code by which shells and engines tell such a failure."""
    if _FORBIDDEN.search(words):
        return NOT_EXECUTABLE
    return NOT_FOUND if _MISSING.search(words) else None


def _cancelled(execution: run_v2.Execution) -> bool:
    completed = _condition(execution, "Completed")
    by_reason = completed is not None and completed.execution_reason in {Why.CANCELLED, Why.CANCELLING}
    return by_reason or execution.cancelled_count > 0


def _is_told(execution: run_v2.Execution, task: run_v2.Task | None) -> bool:
    """Say whether an ended execution's task tells its end too; lists may be behind each other."""
    completed = _condition(execution, "Completed")
    succeeded = completed is not None and completed.state == State.CONDITION_SUCCEEDED
    if succeeded or moment(execution.start_time) is None:
        return True
    return task is not None and moment(task.completion_time) is not None


def _observed(job: run_v2.Job, state: RunState, execution: run_v2.Execution, **more: object) -> Observation:
    return Observation(state, container_id=job.uid, image_id=_digest(execution), **more)  # type: ignore[arg-type]


def _digest(execution: run_v2.Execution) -> str:
    """Return the image's digest where Cloud Run has put it behind the image's name."""
    images = [container.image for container in execution.template.containers]
    return images[0].partition("@")[2] if images else ""


def _condition(execution: run_v2.Execution, kind: str) -> run_v2.Condition | None:
    return next((each for each in execution.conditions if each.type_ == kind), None)


def moment(time: datetime | None) -> datetime | None:
    """Return a time that is set, as a plain one."""
    return None if time is None or time.timestamp() <= 0 else datetime.fromtimestamp(time.timestamp(), UTC)


def of_cluster(job: run_v2.Job, cluster_uid: str) -> bool:
    """Say whether this cluster made the Job."""
    return our_labels(job).get(LABEL_CLUSTER_UID) == cluster_uid
