"""What Cloud Run says of a Job, its execution and its task, judged."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from google.cloud import run_v2
from google.rpc.status_pb2 import Status

from containerjob_api.names import LABEL_ATTEMPT, LABEL_CLUSTER_UID, LABEL_JOB_UID, LABEL_NAME, LABEL_NAMESPACE
from containerjob_operator.decide.observations import Observation, OwnedContainer, RunEvent, RunState
from containerjob_operator.executors.cloudrun import marks, read
from containerjob_operator.executors.cloudrun.sights import Sight, differences

NAME = "cj-u1-0"
PATH = f"projects/p/locations/l/jobs/{NAME}"
CREATED = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
STARTED, ENDED = CREATED + timedelta(seconds=10), CREATED + timedelta(seconds=70)
State, Why, Common = run_v2.Condition.State, run_v2.Condition.ExecutionReason, run_v2.Condition.CommonReason
OURS = {
    LABEL_CLUSTER_UID: "c1",
    LABEL_JOB_UID: "u1",
    LABEL_NAMESPACE: "team.a",
    LABEL_NAME: "report",
    LABEL_ATTEMPT: "0",
}


def a_job(**more: Any) -> run_v2.Job:
    labels, annotations = marks.to_google(OURS)
    return run_v2.Job(name=PATH, uid="j1", labels=labels, annotations=annotations, create_time=CREATED, **more)


def an_execution(state: State, reason: dict[str, Any] | None = None, **more: Any) -> run_v2.Execution:
    completed = run_v2.Condition(type_="Completed", state=state, message="said of it", **(reason or {}))
    ended = {} if state == State.CONDITION_RECONCILING else {"completion_time": ENDED}
    return run_v2.Execution(
        {
            "name": f"{PATH}/executions/{NAME}-run",
            "conditions": [run_v2.Condition(type_="Started", state=State.CONDITION_SUCCEEDED), completed],
            "start_time": STARTED,
            "task_count": 1,
            **ended,
            **more,
        }
    )


def a_task(exit_code: int = 0, term_signal: int = 0, message: str = "") -> run_v2.Task:
    result = run_v2.TaskAttemptResult(
        status=Status(code=10 if message else 0, message=message), exit_code=exit_code, term_signal=term_signal
    )
    return run_v2.Task(
        name=f"{PATH}/executions/{NAME}-run/tasks/t", last_attempt_result=result, completion_time=ENDED
    )


def exited(**more: Any) -> Observation:
    return Observation(RunState.EXITED, container_id="j1", started_at=STARTED, finished_at=ENDED, **more)


FAILED, DONE, GOING = State.CONDITION_FAILED, State.CONDITION_SUCCEEDED, State.CONDITION_RECONCILING
NON_ZERO, CANCELLED = {"execution_reason": Why.NON_ZERO_EXIT_CODE}, {"execution_reason": Why.CANCELLED}


def test_a_job_without_execution_is_created_and_tells_whose_it_is() -> None:
    found = read.unexecuted(a_job())
    row = OwnedContainer(NAME, "u1", "team.a", "report", RunState.CREATED, CREATED)
    assert found == Sight(a_job(), "u1", row, Observation(RunState.CREATED, container_id="j1"))


@pytest.mark.parametrize(
    "told",
    [
        {"start_execution_token": "run"},
        {"latest_created_execution": run_v2.ExecutionReference(name=f"{NAME}-run")},
    ],
)
def test_a_job_that_was_asked_to_run_is_running_though_no_list_has_its_execution(told: dict[str, Any]) -> None:
    found = read.unexecuted(a_job(**told))
    assert (found.observation.state, found.asked, found.untold) == (RunState.RUNNING, True, True)


def test_a_job_that_is_not_ready_yet_may_lack_its_execution_for_as_long_as_it_takes() -> None:
    found = read.unexecuted(a_job(start_execution_token="run", reconciling=True))
    assert (found.observation.state, found.untold) == (RunState.RUNNING, False)


def test_an_execution_that_a_person_made_is_not_ours() -> None:
    other = run_v2.ExecutionReference(name=f"{NAME}-x7k2p")
    assert read.unexecuted(a_job(latest_created_execution=other)).observation.state is RunState.CREATED


def test_a_job_that_this_process_has_started_was_asked_to_run() -> None:
    assert read.unexecuted(a_job(), asked=True).observation.state is RunState.RUNNING


def test_a_job_that_google_cannot_make_ready_is_a_failed_start() -> None:
    condition = run_v2.Condition(
        type_="Ready", state=FAILED, message="Image 'nowhere/x' not found.", reason=Common.CONTAINER_MISSING
    )
    seen = read.unexecuted(a_job(terminal_condition=condition, start_execution_token="run")).observation
    assert seen == Observation(RunState.CREATED, container_id="j1", error="Image 'nowhere/x' not found.")
    assert seen.start_failed
    assert seen.start_failure_permanent


@pytest.mark.parametrize(("reason", "cancelling"), [({}, False), ({"execution_reason": Why.CANCELLING}, True)])
def test_an_execution_that_is_not_over_runs(reason: dict[str, Any], cancelling: bool) -> None:
    found = read.sight(a_job(), an_execution(GOING, reason), None)
    assert found.observation == Observation(RunState.RUNNING, container_id="j1", started_at=STARTED)
    assert (found.active, found.cancelling, found.untold, found.executed) == (True, cancelling, False, True)


def test_what_is_not_started_yet_has_no_time_of_its_start() -> None:
    pending = an_execution(State.CONDITION_PENDING)
    pending.start_time = None
    assert read.sight(a_job(), pending, None).observation == Observation(RunState.RUNNING, container_id="j1")


@pytest.mark.parametrize(
    ("execution", "task", "seen"),
    [
        (an_execution(DONE, succeeded_count=1), a_task(), exited(exit_code=0)),
        (an_execution(DONE, succeeded_count=1), None, exited(exit_code=0)),
        (an_execution(FAILED, NON_ZERO, failed_count=1), a_task(3, message="an error"), exited(exit_code=3)),
        (an_execution(FAILED, NON_ZERO), a_task(term_signal=9, message="killed"), exited(exit_code=137)),
        (
            an_execution(FAILED, NON_ZERO),
            a_task(term_signal=9, message="Memory limit of 512Mi exceeded."),
            exited(exit_code=137, oom_killed=True),
        ),
        (
            an_execution(FAILED, CANCELLED, cancelled_count=1),
            a_task(9, message="The task was cancelled."),
            exited(exit_code=9, cancelled=True),
        ),
        (an_execution(FAILED, CANCELLED), a_task(), exited(cancelled=True)),
        (an_execution(FAILED), a_task(message="who knows"), exited(error="who knows")),
        (an_execution(FAILED), a_task(), exited(error="said of it")),
    ],
)
def test_an_end_is_told_by_the_condition_the_count_and_the_last_attempt(
    execution: run_v2.Execution, task: run_v2.Task | None, seen: Observation
) -> None:
    found = read.sight(a_job(), execution, task)
    assert found.observation == seen
    assert (found.active, found.untold) == (False, False)
    assert found.row is not None
    assert (found.row.state, found.row.finished_at) == (RunState.EXITED, ENDED)


@pytest.mark.parametrize("counts", [{"cancelled_count": 1}, {}, {"task_count": 0}])
def test_what_is_called_completed_without_all_its_tasks_is_no_success(counts: dict[str, int]) -> None:
    seen = read.sight(a_job(), an_execution(DONE, **counts), a_task()).observation
    assert (seen.state, seen.exit_code, seen.cancelled) == (RunState.EXITED, None, "cancelled_count" in counts)
    assert bool(seen.error) is not seen.cancelled


@pytest.mark.parametrize("task", [None, run_v2.Task()])
def test_an_end_that_the_task_does_not_tell_yet_is_waited_for(task: run_v2.Task | None) -> None:
    found = read.sight(a_job(), an_execution(FAILED, NON_ZERO), task)
    assert (found.observation.state, found.active, found.untold) == (RunState.RUNNING, False, True)
    assert read.lost(found).observation == Observation(
        RunState.EXITED,
        container_id="j1",
        error="the execution was deleted; nobody can tell how it ended",
        started_at=STARTED,
    )


@pytest.mark.parametrize("told", [{"delete_time": ENDED}, {"reason": Why.DELETED}])
def test_a_deleted_execution_is_lost_and_never_a_success(told: dict[str, Any]) -> None:
    reason = {"execution_reason": told.pop("reason")} if "reason" in told else {}
    seen = read.sight(a_job(), an_execution(DONE, reason, succeeded_count=1, **told), a_task()).observation
    assert (seen.state, seen.exit_code) == (RunState.EXITED, None)


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ('Application failed to start: exec: "/x": no such file or directory', 127),
        ('Application failed to start: exec: "/etc": permission denied', 126),
        ("Application failed to start: out of luck", None),
    ],
)
def test_a_command_that_could_not_be_run_is_a_failed_start(words: str, code: int | None) -> None:
    seen = read.sight(a_job(), an_execution(FAILED, NON_ZERO), a_task(message=words)).observation
    assert seen == Observation(RunState.CREATED, container_id="j1", error=words, exit_code=code)
    assert seen.start_failed


@pytest.mark.parametrize("task", [None, a_task()])
@pytest.mark.parametrize("words", ["said of it", "Image 'nowhere/x' not found."])
def test_what_was_never_provisioned_is_a_failed_start_without_an_exit_code(
    words: str, task: run_v2.Task | None
) -> None:
    execution = an_execution(FAILED, {"reason": Common.CONTAINER_MISSING})
    execution.start_time, execution.conditions[1].message = None, words
    seen = read.sight(a_job(), execution, task).observation
    assert seen == Observation(RunState.CREATED, container_id="j1", error=words)


def test_the_digest_is_read_where_google_tells_it() -> None:
    template = run_v2.TaskTemplate(containers=[run_v2.Container(image="busybox@sha256:0123")])
    assert read.sight(a_job(), an_execution(GOING, template=template), None).observation.image_id == "sha256:0123"


def test_an_execution_without_conditions_has_just_begun() -> None:
    execution = run_v2.Execution(name=f"{PATH}/executions/{NAME}-run")
    assert read.sight(a_job(), execution, None).observation.state is RunState.RUNNING


def test_a_job_of_another_name_than_its_labels_say_is_no_row() -> None:
    job = a_job()
    job.name = "projects/p/locations/l/jobs/made-by-hand"
    assert read.unexecuted(job).row is None
    assert read.lost(read.unexecuted(job, asked=True)).row is None


def test_jobs_are_told_apart_by_cluster() -> None:
    assert read.of_cluster(a_job(), "c1")
    assert not read.of_cluster(a_job(), "c2")


def test_a_page_is_one_of_the_three_lists() -> None:
    assert list(read.items(run_v2.ListJobsResponse(jobs=[a_job()]))) == [a_job()]
    assert list(read.items(run_v2.ListTasksResponse(tasks=[a_task()]))) == [a_task()]
    with pytest.raises(TypeError, match="Execution is no page"):
        read.items(run_v2.Execution())


def test_a_look_and_the_next_one_tell_what_happened_between() -> None:
    created, running = read.unexecuted(a_job()), read.sight(a_job(), an_execution(GOING), None)
    over = read.sight(a_job(), an_execution(DONE, succeeded_count=1), a_task())
    refused = read.sight(a_job(), an_execution(FAILED), a_task(message="failed to start"))
    start, die, destroy = (RunEvent(kind, "u1", NAME) for kind in ("start", "die", "destroy"))
    moments: list[tuple[dict[str, Sight], dict[str, Sight], list[RunEvent]]] = [
        ({}, {NAME: created}, []),
        ({NAME: created}, {NAME: created}, []),
        ({NAME: created}, {NAME: running}, [start]),
        ({NAME: created}, {NAME: over}, [start, die]),
        ({}, {NAME: over}, [start, die]),
        ({NAME: running}, {NAME: over}, [die]),
        ({NAME: running}, {NAME: refused}, [die]),
        ({NAME: over}, {NAME: over}, []),
        ({NAME: refused}, {NAME: refused}, []),
        ({NAME: over}, {}, [destroy]),
    ]
    for before, after, events in moments:
        assert list(differences(before, after)) == events
