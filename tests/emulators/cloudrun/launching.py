"""Executions of a Job: made by a token or by RunJob, kept up to a number, dropped."""

import random
import string
from urllib.parse import quote

from google.cloud.run_v2.types import Execution, ExecutionReference, Job, Task
from google.longrunning.operations_pb2 import Operation

from .names import parse
from .project import Project
from .refusals import Code, Refused, quota_exceeded
from .running import COMPLETED, Play
from .state import State, condition, find_condition

Status = ExecutionReference.CompletionStatus
LETTERS = string.ascii_lowercase + string.digits
LONGEST_ID = 63


class Launches:
    """Makes executions."""

    def __init__(self, project: Project) -> None:
        self._project = project

    def check(self, job: Job, suffix: str) -> None:
        """Refuse what cannot be begun, before anything is written.

        Of one token there is one execution. A Job that has the token already starts nothing; a start_execution_token
        it has no more, of an execution that exists, is refused with «Resource 'job-token' already exists»; RunJob
        drops the token: https://github.com/GoogleCloudPlatform/magic-modules/pull/19060. Nothing like that is said
        of a run_execution_token, which joins the execution there is.
        """
        place = parse(job.name, 1, self._project.options)
        name = f"{job.name}/executions/{place.ids[0]}-{suffix}"
        if name in self._project.records.executions and job.start_execution_token:
            raise Refused(Code.ALREADY_EXISTS, f"Resource '{place.ids[0]}-{suffix}' already exists.")
        running = sum(one.startswith(f"{place.place}/") for one in self._project.plays)
        if running >= self._project.options.running_executions_per_region:
            raise quota_exceeded(
                place.place, "Quota exceeded for total allowable count of running executions per region."
            )

    def begin(self, job: Job, suffix: str, written: Job) -> Play | None:
        """Make an execution of the Job from what is written, unless there is one; none comes back that has ended."""
        job_id = job.name.rpartition("/")[2]
        name = f"{job.name}/executions/{job_id[: LONGEST_ID - 1 - len(suffix)]}-{suffix}"
        if name in self._project.records.executions:
            return self._project.plays.get(name)
        execution = self._execution(job, name, written)
        self._project.records.executions[name] = execution
        self._project.launched.append(name)
        for index in range(execution.task_count):
            task = self._task(execution, index)
            self._project.records.tasks[task.name] = task
        play = self._project.plays[name] = Play(self._project, execution)
        self._project.spawn(self._play(play))
        job.execution_count += 1
        job.latest_created_execution = ExecutionReference(
            name=name.rpartition("/")[2],
            create_time=execution.create_time,
            completion_status=Status.EXECUTION_PENDING,
        )
        return play

    def run(self, job: Job, changed: Job) -> Operation:
        """Begin an execution as RunJob does; the Job's token is of its latest execution no more, and is dropped."""
        # Five random characters end the names the service chooses.
        suffix = "".join(random.choices(LETTERS, k=5))  # noqa: S311
        self.check(job, suffix)
        job.start_execution_token = job.run_execution_token = ""
        play = self.begin(job, suffix, changed)
        assert play is not None

        async def ending() -> Execution:
            await play.ended.wait()
            return ended(play.execution)

        return self._project.operations.begin(place_of(job.name), play.execution, ending)

    def validated(self, changed: Job) -> Operation:
        """Answer RunJob that was only to be validated."""
        execution = self._execution(changed, f"{changed.name}/executions/-", changed)

        async def ending() -> Execution:
            return execution

        return self._project.operations.begin(place_of(changed.name), execution, ending)

    async def _play(self, play: Play) -> None:
        await play.run()
        job_name = play.execution.name.partition("/executions/")[0]
        job = self._project.records.jobs.get(job_name)
        if job is not None:
            _refer(job, play.execution)
        self._keep(job_name)

    def _keep(self, job_name: str) -> None:
        """Delete the oldest completed executions beyond the number kept: https://cloud.google.com/run/quotas."""
        completed = [one for one in self._project.records.executions_of(job_name) if "completion_time" in one]
        for execution in completed[: max(0, len(completed) - self._project.options.kept_executions)]:
            drop_execution(self._project, execution)

    def _execution(self, job: Job, name: str, written: Job) -> Execution:
        template = written.template
        execution = Execution(
            name=name,
            creator=self._project.options.caller,
            labels=dict(template.labels),
            annotations=dict(template.annotations),
            launch_stage=written.launch_stage,
            # The ids alone, unlike the names.
            job=job.name.rpartition("/")[2],
            parallelism=template.parallelism or template.task_count,
            task_count=template.task_count,
            template=template.template,
            reconciling=True,
            conditions=[condition(COMPLETED, State.CONDITION_PENDING)],
            log_uri=_log_uri(name),
        )
        self._project.records.born(execution)
        return execution

    def _task(self, execution: Execution, index: int) -> Task:
        execution_id = execution.name.rpartition("/")[2]
        template = execution.template
        task = Task(
            name=f"{execution.name}/tasks/{execution_id}-task{index}",
            labels=dict(execution.labels),
            annotations=dict(execution.annotations),
            job=execution.job,
            execution=execution_id,
            containers=template.containers,
            volumes=template.volumes,
            max_retries=template.max_retries,
            timeout=template.timeout,
            service_account=template.service_account,
            execution_environment=template.execution_environment,
            encryption_key=template.encryption_key,
            vpc_access=template.vpc_access,
            node_selector=template.node_selector,
            index=index,
            reconciling=True,
            conditions=[condition(COMPLETED, State.CONDITION_PENDING)],
            log_uri=_log_uri(execution.name),
        )
        self._project.records.born(task)
        return task


def drop_execution(project: Project, execution: Execution, *, trace: bool = True) -> Play | None:
    """Take an execution and its tasks out of the records; one that runs is stopped, and comes back to be awaited."""
    play = project.plays.get(execution.name)
    if play is not None:
        play.cancel(deleted=True)
    for task in project.records.tasks_of(execution.name):
        del project.records.tasks[task.name]
    del project.records.executions[execution.name]
    if trace:
        project.records.gone(execution)
    return play


def ended(execution: Execution) -> Execution:
    """Give an execution that ended, as its operation does: a failed one is its error, a cancelled one is not.

    https://github.com/apache/airflow/pull/67050: cancelling completes the operation without an error.
    """
    completed = find_condition(execution, COMPLETED)
    if execution.failed_count and completed is not None:
        raise Refused(Code.ABORTED, completed.message)
    return execution


def _refer(job: Job, execution: Execution) -> None:
    """Write how the latest execution ended into its Job."""
    latest = job.latest_created_execution
    if latest.name != execution.name.rpartition("/")[2]:
        return
    latest.completion_time = execution.completion_time
    if execution.succeeded_count == execution.task_count:
        status = Status.EXECUTION_SUCCEEDED
    elif execution.cancelled_count:
        status = Status.EXECUTION_CANCELLED
    else:
        status = Status.EXECUTION_FAILED
    latest.completion_status = Status(status)


def _log_uri(execution: str) -> str:
    _, project, _, location, _, job, _, execution_id = execution.split("/")
    query = (
        'resource.type="cloud_run_job" '
        f'resource.labels.job_name="{job}" '
        f'labels."run.googleapis.com/execution_name"="{execution_id}" '
        f'resource.labels.location="{location}"'
    )
    return f"https://console.cloud.google.com/logs/viewer?project={project}&advancedFilter={quote(query)}"


def place_of(name: str) -> str:
    """Give the parent of the Job a name is of."""
    return name.partition("/jobs/")[0]
