"""The gRPC server: published methods, one port, as the official clients call them."""

from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import grpc
import grpc.aio
from google.cloud.logging_v2.types import ListLogEntriesRequest, ListLogEntriesResponse
from google.cloud.run_v2 import types
from google.longrunning import operations_pb2

from .executions import Executions, Tasks
from .faults import Faults
from .jobs import Jobs
from .launching import drop_execution
from .options import Options
from .project import Project
from .refusals import Refused

RUN = "google.cloud.run.v2"
OPERATIONS = "google.longrunning.Operations"
LOGGING = "google.logging.v2.LoggingServiceV2"
Method = tuple[Callable[[Any], Any], Callable[[bytes], Any], Callable[[Any], bytes]]
"""What it does, how its request is read, how its answer is written."""


class Emulator:
    """A running emulator, as tests hold it."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._jobs = Jobs(project)
        self._executions = Executions(project)
        self._tasks = Tasks(project)
        self.faults = Faults(project)
        self.calls: Counter[str] = Counter()
        """How often each method was called, by its name."""
        self.address = ""
        self.launched = project.launched
        """The full names of all executions ever begun, in order, also those that are gone."""

    def cancel_in_console(self, execution: str) -> None:
        """Cancel an execution as a person does; nothing is counted."""
        self._executions.cancel(types.CancelExecutionRequest(name=execution))

    def delete_in_console(self, name: str) -> None:
        """Delete a Job or an Execution as a person does."""
        if "/executions/" in name:
            self._executions.delete(types.DeleteExecutionRequest(name=name))
        else:
            self._jobs.delete(types.DeleteJobRequest(name=name))

    def vanish(self, execution: str) -> None:
        """Lose an execution without a trace; its containers are stopped."""
        drop_execution(self._project, self._executions.find(execution), trace=False)

    def services(self) -> dict[str, dict[str, Method]]:
        """Give the methods by service."""
        operation = operations_pb2.Operation.SerializeToString
        return {
            f"{RUN}.Jobs": {
                "CreateJob": (self._jobs.create, types.CreateJobRequest.deserialize, operation),
                "GetJob": (self._jobs.get, types.GetJobRequest.deserialize, types.Job.serialize),
                "ListJobs": (self._jobs.list, types.ListJobsRequest.deserialize, types.ListJobsResponse.serialize),
                "UpdateJob": (self._jobs.update, types.UpdateJobRequest.deserialize, operation),
                "DeleteJob": (self._jobs.delete, types.DeleteJobRequest.deserialize, operation),
                "RunJob": (self._jobs.run, types.RunJobRequest.deserialize, operation),
            },
            f"{RUN}.Executions": {
                "GetExecution": (
                    self._executions.get,
                    types.GetExecutionRequest.deserialize,
                    types.Execution.serialize,
                ),
                "ListExecutions": (
                    self._executions.list,
                    types.ListExecutionsRequest.deserialize,
                    types.ListExecutionsResponse.serialize,
                ),
                "CancelExecution": (self._executions.cancel, types.CancelExecutionRequest.deserialize, operation),
                "DeleteExecution": (self._executions.delete, types.DeleteExecutionRequest.deserialize, operation),
            },
            f"{RUN}.Tasks": {
                "GetTask": (self._tasks.get, types.GetTaskRequest.deserialize, types.Task.serialize),
                "ListTasks": (
                    self._tasks.list,
                    types.ListTasksRequest.deserialize,
                    types.ListTasksResponse.serialize,
                ),
            },
            OPERATIONS: {
                "GetOperation": (
                    self._project.operations.get,
                    operations_pb2.GetOperationRequest.FromString,
                    operation,
                ),
                "WaitOperation": (
                    self._project.operations.wait,
                    operations_pb2.WaitOperationRequest.FromString,
                    operation,
                ),
                "ListOperations": (
                    self._project.operations.list,
                    operations_pb2.ListOperationsRequest.FromString,
                    operations_pb2.ListOperationsResponse.SerializeToString,
                ),
            },
            LOGGING: {
                "ListLogEntries": (
                    self._project.book.list,
                    ListLogEntriesRequest.deserialize,
                    ListLogEntriesResponse.serialize,
                ),
            },
        }

    def handler(self, rpc: str, method: Method) -> grpc.RpcMethodHandler:
        """Make a method callable: counted, with its faults, errors as statuses."""
        effect, read, write = method

        async def serve(request: Any, context: grpc.aio.ServicerContext[Any, Any]) -> Any:
            self.calls[rpc] += 1
            try:
                return await self.faults.around(rpc, request, lambda: effect(request))
            except Refused as refused:
                return await context.abort(refused.code, refused.message, refused.trailer())

        return grpc.unary_unary_rpc_method_handler(serve, request_deserializer=read, response_serializer=write)


@asynccontextmanager
async def serving(endpoint: str, options: Options | None = None, port: int = 0) -> AsyncIterator[Emulator]:
    """Serve an emulated project on loopback, its tasks on the engine of this endpoint."""
    project = Project(endpoint, options or Options())
    emulator = Emulator(project)
    # Else a second one would share the port, and each would get some of the calls.
    server = grpc.aio.server(options=[("grpc.so_reuseport", 0)])
    for service, methods in emulator.services().items():
        handlers = {rpc: emulator.handler(rpc, method) for rpc, method in methods.items()}
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, handlers),))
    bound = server.add_insecure_port(f"127.0.0.1:{port}")
    emulator.address = f"127.0.0.1:{bound}"
    await server.start()
    try:
        yield emulator
    finally:
        await server.stop(0)
        await project.close()
