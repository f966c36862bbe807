"""One attempt of a task: a container from its start to its end, and what it wrote."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from google.cloud.run_v2.types import Execution, Task, TaskAttemptResult
from google.rpc import status_pb2

from .containers import Ended, NotStarted, Running
from .entries import STDERR, STDOUT, SYSTEM
from .limits import cpus, memory_bytes
from .output import Output
from .project import Project
from .refusals import Code
from .state import now

KILLED_BY = {137: 9, 143: 15}
"""Exit codes an engine reports for what a signal ended."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an attempt ended."""

    result: TaskAttemptResult
    cancelled: bool = False

    @property
    def succeeded(self) -> bool:
        """Tell whether the container exited with 0 in time."""
        return bool(self.result.status.code == 0)


class Attempt:
    """Runs one container; `stop` ends it early."""

    def __init__(self, project: Project, execution: Execution, task: Task, number: int) -> None:
        self._project = project
        self._execution = execution
        self._task = task
        self._number = number
        self._container = task.containers[0]

    async def run(self, stop: asyncio.Event, started: Callable[[], None]) -> Outcome:
        """Start the container, call `started`, and stop it when its time is over or `stop` is set."""
        try:
            running = await self._project.engine.start(self._execution.name, self._config())
        except NotStarted as exc:
            return self._not_started(str(exc))
        started()
        try:
            return await self._watch(running, stop)
        finally:
            await asyncio.shield(running.remove())

    async def _watch(self, running: Running, stop: asyncio.Event) -> Outcome:
        output = Output(running, self._line)
        following = asyncio.create_task(output.follow())
        ending = asyncio.create_task(running.wait())
        stopping = asyncio.create_task(stop.wait())
        try:
            timeout = self._task.timeout.total_seconds()
            await asyncio.wait({ending, stopping}, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
            early = not ending.done()
            if early:
                await self._stop(running, ending)
            ended = await ending
            await following
            await output.finish()
            outcome = self._outcome(ended, stopped=early and stop.is_set(), late=early and not stop.is_set())
            self._system_line(outcome, ended)
            return outcome
        finally:
            for task in (following, ending, stopping):
                task.cancel()
            await asyncio.gather(following, ending, stopping, return_exceptions=True)

    async def _stop(self, running: Running, ending: asyncio.Task[Ended]) -> None:
        """Send SIGTERM, and SIGKILL 10 s later: https://cloud.google.com/run/docs/container-contract."""
        await running.signal("SIGTERM")
        await asyncio.wait({ending}, timeout=self._project.options.stop_grace_seconds)
        if not ending.done():
            await running.signal("SIGKILL")

    def _line(self, stream: str, moment: int, text: str) -> None:
        self._project.book.write(self._task, self._number, STDERR if stream == "stderr" else STDOUT, moment, text)

    def _system_line(self, outcome: Outcome, ended: Ended) -> None:
        if not self._project.options.system_logs:
            return
        result = outcome.result
        if ended.out_of_memory:
            message = result.status.message
        elif result.term_signal:
            message = f"Container terminated on signal {result.term_signal}."
        else:
            message = f"Container called exit({ended.exit_code})."
        self._project.book.write(self._task, self._number, SYSTEM, now().ToNanoseconds(), message)

    def _outcome(self, ended: Ended, *, stopped: bool, late: bool) -> Outcome:
        """Tell what an end means; at most one of exit_code and term_signal is set (TaskAttemptResult).

        term_signal is for containers the system terminated: only those that were stopped, or ran out of memory.
        """
        code, by_system = ended.exit_code, stopped or late or ended.out_of_memory
        signal = KILLED_BY.get(code, 0) if by_system else 0
        if stopped and code != 0:
            return Outcome(_result(Code.CANCELLED, "The task was cancelled.", code, signal), cancelled=True)
        if late:
            return Outcome(_result(Code.DEADLINE_EXCEEDED, "The configured timeout was reached.", code, signal))
        if ended.out_of_memory:
            limit = self._container.resources.limits["memory"]
            message = f"Memory limit of {limit} exceeded. Consider increasing the memory limit."
            return Outcome(_result(Code.RESOURCE_EXHAUSTED, message, code, signal))
        if code != 0:
            return Outcome(_result(Code.ABORTED, "The container exited with an error.", code, 0))
        return Outcome(TaskAttemptResult(status=status_pb2.Status()))

    def _not_started(self, message: str) -> Outcome:
        """Fail an attempt whose command the image doesn't have: no exit code, see TaskAttemptResult.exit_code."""
        text = f"Application failed to start: {message}"
        self._project.book.write(self._task, self._number, SYSTEM, now().ToNanoseconds(), text)
        return Outcome(_result(Code.FAILED_PRECONDITION, text, 0, 0))

    def _config(self) -> dict[str, Any]:
        """Say what container the engine makes of the task."""
        config: dict[str, Any] = {
            "Image": self._container.image,
            "Env": [f"{key}={value}" for key, value in self._environment().items()],
            "HostConfig": self._host_config(),
        }
        if self._container.command:
            # Container.command takes ENTRYPOINT's place; the image's CMD is then not used by the engine either.
            config["Entrypoint"] = list(self._container.command)
        if self._container.args:
            config["Cmd"] = list(self._container.args)
        if self._container.working_dir:
            config["WorkingDir"] = self._container.working_dir
        return config

    def _environment(self) -> dict[str, str]:
        """Give the variables; those of https://cloud.google.com/run/docs/container-contract#jobs-env-vars last."""
        secrets = self._project.options.secrets
        given = {
            one.name: secrets[secret_id(one.value_source.secret_key_ref.secret)]
            if "value_source" in one
            else one.value
            for one in self._container.env
        }
        return given | {
            "CLOUD_RUN_JOB": self._task.job.rpartition("/")[2],
            "CLOUD_RUN_EXECUTION": self._execution.name.rpartition("/")[2],
            "CLOUD_RUN_TASK_INDEX": str(self._task.index),
            "CLOUD_RUN_TASK_ATTEMPT": str(self._number),
            "CLOUD_RUN_TASK_COUNT": str(self._execution.task_count),
        }

    def _host_config(self) -> dict[str, Any]:
        config: dict[str, Any] = {"LogConfig": {"Type": "json-file"}}
        volumes = {one.name: one for one in self._task.volumes}
        mounts = [one for one in self._container.volume_mounts if "empty_dir" in volumes[one.name]]
        # EmptyDirVolumeSource.medium: memory, the only one there is by default.
        config["Tmpfs"] = {one.mount_path: _tmpfs(volumes[one.name].empty_dir.size_limit) for one in mounts}
        if self._project.options.container_cpus:
            limits = self._container.resources.limits
            # A quota, as NanoCpus is refused beyond what the engine's machine has.
            config |= {"CpuPeriod": 100_000, "CpuQuota": 100_000 * cpus(limits["cpu"])}
            config |= {"Memory": memory_bytes(limits["memory"]), "MemorySwap": memory_bytes(limits["memory"])}
        return config


def _tmpfs(size: str) -> str:
    return f"rw,exec,size={memory_bytes(size)}" if size else "rw,exec"


def _result(code: Code, message: str, exit_code: int, term_signal: int) -> TaskAttemptResult:
    status = status_pb2.Status(code=code.value[0], message=message)
    return TaskAttemptResult(status=status, exit_code=0 if term_signal else exit_code, term_signal=term_signal)


def secret_id(reference: str) -> str:
    """Give a secret's name: SecretKeySelector.secret can be projects/{project}/secrets/{name}."""
    return reference.rpartition("/")[2]
