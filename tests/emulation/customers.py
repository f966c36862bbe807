"""A customer of the emulator: the official asynchronous clients, unchanged, and what tests ask of them."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TypeVar

import grpc.aio
from google.cloud.logging_v2.services.logging_service_v2 import LoggingServiceV2AsyncClient
from google.cloud.logging_v2.services.logging_service_v2.transports import LoggingServiceV2GrpcAsyncIOTransport
from google.cloud.logging_v2.types import LogEntry
from google.cloud.run_v2 import ExecutionsAsyncClient, JobsAsyncClient, TasksAsyncClient
from google.cloud.run_v2.services.executions.transports import ExecutionsGrpcAsyncIOTransport
from google.cloud.run_v2.services.jobs.transports import JobsGrpcAsyncIOTransport
from google.cloud.run_v2.services.tasks.transports import TasksGrpcAsyncIOTransport
from google.cloud.run_v2.types import (
    Condition,
    Container,
    CreateJobRequest,
    Execution,
    ExecutionTemplate,
    Job,
    Task,
    TaskTemplate,
)
from tests.emulators.cloudrun.server import Emulator

PLACE = "projects/demo-project/locations/europe-west1"
IMAGE = "busybox:1.37"
PATIENCE_SECONDS = 90.0
Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class Customer:
    """The clients of one emulator."""

    emulator: Emulator
    jobs: JobsAsyncClient
    executions: ExecutionsAsyncClient
    tasks: TasksAsyncClient
    logs: LoggingServiceV2AsyncClient

    async def create(self, job_id: str, job: Job) -> str:
        """Create a Job, and give its name."""
        await self.jobs.create_job(CreateJobRequest(parent=PLACE, job=job, job_id=job_id))
        return f"{PLACE}/jobs/{job_id}"

    async def launch(self, job_id: str, job: Job) -> str:
        """Create a Job with a token, and give its execution's name."""
        job.start_execution_token = "run"
        return f"{await self.create(job_id, job)}/executions/{job_id}-run"

    async def finished(self, execution: str) -> Execution:
        """Wait for an execution's end."""
        return await until(
            lambda: self.executions.get_execution(name=execution), lambda one: "completion_time" in one
        )

    async def only_task(self, execution: str) -> Task:
        """Give the task of an execution that has one."""
        (task,) = [task async for task in await self.tasks.list_tasks(parent=execution)]
        return task

    async def entries(self, wanted: str, **more: str | int) -> list[LogEntry]:
        """Read all log entries of a filter."""
        request = {"resource_names": ["projects/demo-project"], "filter": wanted, **more}
        return [entry async for entry in await self.logs.list_log_entries(request)]

    async def output(self, execution: str, log: str = "stdout") -> list[str]:
        """Read what an execution's tasks wrote."""
        name = execution.rpartition("/")[2]
        wanted = f'labels."run.googleapis.com/execution_name"="{name}" AND log_id("run.googleapis.com/{log}")'
        return [entry.text_payload for entry in await self.entries(wanted)]


@asynccontextmanager
async def customer_of(emulator: Emulator) -> AsyncIterator[Customer]:
    """Connect the official clients."""
    async with grpc.aio.insecure_channel(emulator.address) as channel:
        yield Customer(
            emulator,
            JobsAsyncClient(transport=JobsGrpcAsyncIOTransport(channel=channel)),
            ExecutionsAsyncClient(transport=ExecutionsGrpcAsyncIOTransport(channel=channel)),
            TasksAsyncClient(transport=TasksGrpcAsyncIOTransport(channel=channel)),
            LoggingServiceV2AsyncClient(transport=LoggingServiceV2GrpcAsyncIOTransport(channel=channel)),
        )


def shell(script: str, *, retries: int = 0, tasks: int = 1, **template: object) -> Job:
    """Describe a Job of one shell script."""
    container = Container(image=IMAGE, command=["sh", "-c"], args=[script])
    task = TaskTemplate(containers=[container], max_retries=retries, **template)
    return Job(template=ExecutionTemplate(template=task, task_count=tasks))


async def until(ask: Callable[[], Awaitable[Found]], is_so: Callable[[Found], object]) -> Found:
    """Ask again until the answer is as wanted."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            found = await ask()
            if is_so(found):
                return found
            await asyncio.sleep(0.05)


def condition_of(resource: Execution | Task, kind: str) -> Condition:
    """Give the condition of a type."""
    return next(one for one in resource.conditions if one.type_ == kind)
