"""One execution from its creation to its end: tasks in parallel, retries, counts and conditions."""

import asyncio
import time
from collections.abc import Coroutine
from typing import Any

from google.cloud.run_v2.types import Condition, Execution, Task

from .attempts import Attempt, secret_id
from .containers import ImageMissing, elapsed
from .project import Project
from .state import State, condition, now, set_condition, touch

COMPLETED, AVAILABLE, STARTED, READY = "Completed", "ResourcesAvailable", "Started", "ContainerReady"
Reason = Condition.ExecutionReason
Fault = Condition.CommonReason


class Play:
    """Plays an execution; its conditions are those of ExecutionStatus.conditions of the API's version 1."""

    def __init__(self, project: Project, execution: Execution) -> None:
        self._project = project
        self.execution = execution
        self.started = asyncio.Event()
        """Set when the execution has started, or has ended before it could."""
        self.ended = asyncio.Event()
        self._stop = asyncio.Event()
        self._why: int = Reason.CANCELLED
        self._since = time.monotonic()

    def cancel(self, *, deleted: bool = False) -> None:
        """Begin to cancel; an execution in the process of being cancelled says CANCELLING."""
        if deleted:
            self._why = Reason.DELETED
        if self.ended.is_set() or self._stop.is_set():
            return
        self._stop.set()
        self._say(COMPLETED, State.CONDITION_RECONCILING, "Cancelling.", execution_reason=Reason.CANCELLING)

    async def run(self) -> None:
        """Play it to its end; whoever waits for it is let go also when the emulator closes."""
        try:
            await self._run()
        except Exception as exc:
            # Execution.conditions: an internal error; it is the emulator's own, and raised when it is closed.
            reason = Reason.JOB_STATUS_SERVICE_POLLING_ERROR
            self._end(State.CONDITION_FAILED, f"Internal error: {exc}", execution_reason=reason)
            raise
        finally:
            self.started.set()
            self.ended.set()
            if self._project.plays.get(self.execution.name) is self:
                del self._project.plays[self.execution.name]

    async def _run(self) -> None:
        for kind in (COMPLETED, AVAILABLE, STARTED, READY):
            self._say(kind, State.CONDITION_PENDING)
        if not await self._provision():
            return
        self._say(READY, State.CONDITION_SUCCEEDED, f"Imported container image in {elapsed(self._since)}.")
        self._say(AVAILABLE, State.CONDITION_SUCCEEDED, "Provisioned imported containers.")
        self.execution.start_time = now()
        if not self._stop.is_set():
            self._say(COMPLETED, State.CONDITION_RECONCILING, "Waiting for execution to complete.")
        self._say(STARTED, State.CONDITION_SUCCEEDED, f"Started deployed execution in {elapsed(self._since)}.")
        self.started.set()
        places = asyncio.Semaphore(self.execution.parallelism)
        tasks = self._project.records.tasks_of(self.execution.name)
        await asyncio.gather(*(self._play_task(task, places) for task in tasks))
        self._finish(tasks)

    async def _provision(self) -> bool:
        """Have the image and the secrets; without them no task ever starts."""
        container = self.execution.template.containers[0]
        named = [secret_id(one.value_source.secret_key_ref.secret) for one in container.env if "value_source" in one]
        unknown = [name for name in named if name not in self._project.options.secrets]
        if unknown:
            self._fail(READY, f"Secret {unknown[0]} was not found.", Fault.SECRETS_ACCESS_CHECK_FAILED)
            return False
        mounted = {mount.name for mount in container.volume_mounts}
        foreign = [
            one.name for one in self.execution.template.volumes if "empty_dir" not in one and one.name in mounted
        ]
        if foreign:
            self._fail(READY, f"The emulator has no volumes as '{foreign[0]}' is one.", Fault.UNKNOWN)
            return False
        try:
            await self._project.engine.need(container.image)
        except ImageMissing:
            self._fail(READY, f"Image '{container.image}' not found.", Fault.CONTAINER_MISSING)
            return False
        await self._first(self._project.provisioning.wait())
        await self._first(asyncio.sleep(self._project.options.start_seconds))
        return True

    async def _first(self, wait: Coroutine[Any, Any, object]) -> None:
        """Wait for something, or for the execution to be cancelled."""
        waits = [asyncio.create_task(wait), asyncio.create_task(self._stop.wait())]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for one in waits:
                one.cancel()

    async def _play_task(self, task: Task, places: asyncio.Semaphore) -> None:
        async with places:
            if self._stop.is_set():
                self._end_task(task, "cancelled", "The task was cancelled.")
                return
            task.scheduled_time = now()
            while True:
                attempt = Attempt(self._project, self.execution, task, task.retried)
                outcome = await attempt.run(self._stop, lambda: self._begin_task(task))
                task.last_attempt_result = outcome.result
                if outcome.succeeded or self._stop.is_set() or task.retried >= task.max_retries:
                    break
                self._retry(task)
            if "start_time" in task:
                self._count("running_count", -1, task)
            how = "succeeded" if outcome.succeeded else "cancelled" if self._stop.is_set() else "failed"
            self._end_task(task, how, outcome.result.status.message)

    def _begin_task(self, task: Task) -> None:
        """Count a task as running once its first container runs: Execution.running_count, Task.start_time."""
        if "start_time" not in task:
            task.start_time = now()
            set_condition(task, condition(STARTED, State.CONDITION_SUCCEEDED))
            self._count("running_count", 1, task)

    def _retry(self, task: Task) -> None:
        """Execution.retried_count is the number of tasks which have retried at least once."""
        if task.retried == 0:
            self._count("retried_count", 1, task)
        task.retried += 1
        touch(task)

    def _end_task(self, task: Task, how: str, message: str) -> None:
        task.completion_time = now()
        task.reconciling = False
        task.observed_generation = task.generation
        state = State.CONDITION_SUCCEEDED if how == "succeeded" else State.CONDITION_FAILED
        reason = {
            "failed": {"execution_reason": Reason.NON_ZERO_EXIT_CODE},
            "cancelled": {"execution_reason": Reason.CANCELLED},
        }.get(how, {})
        set_condition(task, condition(COMPLETED, state, message, **reason))
        self._count(f"{how}_count", 1, task)

    def _count(self, counter: str, by: int, task: Task) -> None:
        setattr(self.execution, counter, getattr(self.execution, counter) + by)
        touch(self.execution)
        touch(task)

    def _finish(self, tasks: list[Task]) -> None:
        execution = self.execution
        if execution.succeeded_count == execution.task_count:
            self._end(State.CONDITION_SUCCEEDED, f"Execution completed successfully in {elapsed(self._since)}.")
        elif self._stop.is_set():
            self._end(State.CONDITION_FAILED, "Execution was cancelled.", execution_reason=self._why)
        else:
            failed = next(one for one in tasks if one.last_attempt_result.status.code)
            message = failed.last_attempt_result.status.message
            self._end(
                State.CONDITION_FAILED,
                f"Task {failed.name.rpartition('/')[2]} failed with message: {message}",
                execution_reason=Reason.NON_ZERO_EXIT_CODE,
            )

    def _fail(self, kind: str, message: str, reason: int) -> None:
        """End before any task could start: they count as failed."""
        self._say(kind, State.CONDITION_FAILED, message, reason=reason)
        for task in self._project.records.tasks_of(self.execution.name):
            self._end_task(task, "failed", message)
        self._end(State.CONDITION_FAILED, message, reason=reason)

    def _end(self, state: int, message: str, **reason: int) -> None:
        self.execution.completion_time = now()
        self.execution.reconciling = False
        self.execution.observed_generation = self.execution.generation
        self._say(COMPLETED, state, message, **reason)

    def _say(self, kind: str, state: int, message: str = "", **more: int) -> None:
        set_condition(self.execution, condition(kind, state, message, **more))
        touch(self.execution)
