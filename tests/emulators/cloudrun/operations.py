"""google.longrunning: operations whose metadata is the resource, and which are polled or awaited."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from uuid import uuid4

from google.cloud.run_v2.types import Execution, Job
from google.longrunning import operations_pb2
from google.protobuf.any_pb2 import Any as Packed

from .refusals import Code, Refused

Subject = Job | Execution
Ending = Callable[[], Awaitable[Subject]]
"""Waits for what the operation is about; raises Refused if that failed."""


def packed(subject: Subject) -> Packed:
    """Pack a resource as operations carry it."""
    message = Packed()
    message.Pack(type(subject).pb(subject))
    return message


class Operations:
    """All operations of a project."""

    def __init__(self) -> None:
        self._running: dict[str, operations_pb2.Operation] = {}
        self._done: dict[str, asyncio.Event] = {}
        self._tasks = set[asyncio.Task[None]]()
        self.stuck = False
        """Whether operations begun from now on never end."""

    def begin(self, place: str, subject: Subject, ending: Ending) -> operations_pb2.Operation:
        """Start an operation: https://cloud.google.com/run/docs/reference/rest/v2/projects.locations.operations."""
        operation = operations_pb2.Operation(name=f"{place}/operations/{uuid4()}", metadata=packed(subject))
        self._running[operation.name] = operation
        self._done[operation.name] = asyncio.Event()
        answer = operations_pb2.Operation()
        answer.CopyFrom(operation)
        if not self.stuck:
            task = asyncio.create_task(self._finish(operation, ending))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return answer

    async def _finish(self, operation: operations_pb2.Operation, ending: Ending) -> None:
        try:
            subject = await ending()
            operation.metadata.CopyFrom(packed(subject))
            operation.response.CopyFrom(packed(subject))
        except Refused as refused:
            operation.error.CopyFrom(refused.status())
        operation.done = True
        self._done[operation.name].set()

    def get(self, request: operations_pb2.GetOperationRequest) -> operations_pb2.Operation:
        """Give one."""
        try:
            return self._running[request.name]
        except KeyError:
            raise Refused(Code.NOT_FOUND, f"Operation '{request.name}' not found.") from None

    async def wait(self, request: operations_pb2.WaitOperationRequest) -> operations_pb2.Operation:
        """Wait at most as long as asked for; the latest state comes back, done or not."""
        operation = self.get(operations_pb2.GetOperationRequest(name=request.name))
        seconds = request.timeout.ToTimedelta().total_seconds() if request.HasField("timeout") else 30
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._done[request.name].wait()
        return operation

    def list(self, request: operations_pb2.ListOperationsRequest) -> operations_pb2.ListOperationsResponse:
        """Give all of a place, newest first, on one page."""
        found = [one for name, one in self._running.items() if name.startswith(f"{request.name}/operations/")]
        return operations_pb2.ListOperationsResponse(operations=reversed(found))

    async def close(self) -> None:
        """End what still waits."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
