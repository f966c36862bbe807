"""google.cloud.run.v2.Executions and .Tasks: read, cancel, delete."""

from google.cloud.run_v2.types import (
    CancelExecutionRequest,
    DeleteExecutionRequest,
    Execution,
    GetExecutionRequest,
    GetTaskRequest,
    ListExecutionsRequest,
    ListExecutionsResponse,
    ListTasksRequest,
    ListTasksResponse,
    Task,
)
from google.longrunning.operations_pb2 import Operation

from .jobs import check_etag
from .launching import drop_execution, place_of
from .names import ANY, Name, missing, parse
from .paging import page
from .project import Project
from .refusals import Code, Refused
from .running import Play


class Executions:
    """The service of executions."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._executions = project.records.executions

    def get(self, request: GetExecutionRequest) -> Execution:
        """Give one."""
        return self.find(request.name)

    def list(self, request: ListExecutionsRequest) -> ListExecutionsResponse:
        """Give a page of a Job's executions, or of all Jobs' for "-" as the Job."""
        parent = parse(request.parent, 1, self._project.options)
        _need_parent(parent, self._project)
        found = [one for one in self._executions.values() if parent.holds(one.name)]
        if request.show_deleted:
            deleted = self._project.records.deleted
            found += [one for one in deleted if isinstance(one, Execution) and parent.holds(one.name)]
        asked = (parent.full, request.page_size, request.page_token)
        executions, token = page(found, self._project.records, asked, self._project.options)
        return ListExecutionsResponse(executions=executions, next_page_token=token)

    def cancel(self, request: CancelExecutionRequest) -> Operation:
        """Cancel one: its containers get SIGTERM, and SIGKILL 10 s later."""
        execution = self.find(request.name)
        check_etag(request.etag, execution.etag, execution.name)
        play = self._project.plays.get(execution.name)
        if play is None:
            raise Refused(
                Code.FAILED_PRECONDITION,
                f"Execution '{execution.name.rpartition('/')[2]}' has completed and cannot be cancelled.",
            )
        if not request.validate_only:
            play.cancel()
        return self._begin(execution, play)

    def delete(self, request: DeleteExecutionRequest) -> Operation:
        """Delete one; if it runs it is stopped."""
        execution = self.find(request.name)
        check_etag(request.etag, execution.etag, execution.name)
        play = None if request.validate_only else drop_execution(self._project, execution)
        return self._begin(execution, play)

    def find(self, full: str) -> Execution:
        """Look one up."""
        name = parse(full, 2, self._project.options)
        try:
            return self._executions[name.full]
        except KeyError:
            raise missing("EXECUTION", name) from None

    def _begin(self, execution: Execution, play: Play | None) -> Operation:
        async def ending() -> Execution:
            if play is not None:
                await play.ended.wait()
            return execution

        return self._project.operations.begin(place_of(execution.name), execution, ending)


class Tasks:
    """The service of tasks."""

    def __init__(self, project: Project) -> None:
        self._project = project

    def get(self, request: GetTaskRequest) -> Task:
        """Give one."""
        name = parse(request.name, 3, self._project.options)
        try:
            return self._project.records.tasks[name.full]
        except KeyError:
            raise missing("TASK", name) from None

    def list(self, request: ListTasksRequest) -> ListTasksResponse:
        """Give a page of an execution's tasks; "-" stands for any Execution and any Job."""
        parent = parse(request.parent, 2, self._project.options)
        if ANY not in parent.ids and parent.full not in self._project.records.executions:
            raise missing("EXECUTION", parent)
        found = [one for one in self._project.records.tasks.values() if parent.holds(one.name)]
        asked = (parent.full, request.page_size, request.page_token)
        tasks, token = page(found, self._project.records, asked, self._project.options)
        return ListTasksResponse(tasks=tasks, next_page_token=token)


def _need_parent(parent: Name, project: Project) -> None:
    if parent.ids[0] != ANY and parent.full not in project.records.jobs:
        raise missing("JOB", parent)
