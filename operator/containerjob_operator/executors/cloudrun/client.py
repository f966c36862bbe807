"""Google's clients of one place: built once, no retries of their own, a deadline on every call, our errors.

Nothing else imports Google's library but what builds and reads its messages; all of it is imported by `connect`.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import google.auth
from google.api_core import grpc_helpers_async
from google.api_core.exceptions import AlreadyExists, GoogleAPICallError
from google.auth import impersonated_credentials
from google.auth.credentials import Credentials as GoogleCredentials
from google.auth.exceptions import GoogleAuthError
from google.cloud import run_v2
from google.cloud.logging_v2.services.logging_service_v2 import LoggingServiceV2AsyncClient
from google.cloud.logging_v2.services.logging_service_v2.transports import LoggingServiceV2GrpcAsyncIOTransport
from google.cloud.run_v2.services.executions.transports import ExecutionsGrpcAsyncIOTransport
from google.cloud.run_v2.services.jobs.transports import JobsGrpcAsyncIOTransport
from google.cloud.run_v2.services.tasks.transports import TasksGrpcAsyncIOTransport
from google.oauth2 import service_account
from grpc import aio  # type: ignore[import-untyped]

from containerjob_api.phases import HostReason
from containerjob_operator.decide.runs import RunSpec
from containerjob_operator.errors import HostRefused, HostUnavailable
from containerjob_operator.executors.cloudrun import build, faults, read, read_log
from containerjob_operator.executors.cloudrun.entries import Ask, Page
from containerjob_operator.executors.cloudrun.place import Credentials, Place

Item = TypeVar("Item")
SCOPE: Final = "https://www.googleapis.com/auth/cloud-platform"
READ_SECONDS: Final = 10.0
CHANGE_SECONDS: Final = 30.0
PAGE: Final = 1000
"""Asked of a list; the service gives as many as it likes."""
_OPTIONS: Final = [
    ("grpc.max_receive_message_length", -1),
    # A place that was away for long must not be away to us for minutes more.
    ("grpc.initial_reconnect_backoff_ms", 200),
    ("grpc.max_reconnect_backoff_ms", 5000),
]


@dataclass(frozen=True, slots=True)
class Services:
    """The clients of one place."""

    jobs: run_v2.JobsAsyncClient
    executions: run_v2.ExecutionsAsyncClient
    tasks: run_v2.TasksAsyncClient
    logging: LoggingServiceV2AsyncClient


class CloudRunClient:
    """Asks one place; whatever keeps it from answering becomes HostUnavailable here."""

    def __init__(self, place: Place, services: Services, channels: list[aio.Channel], lanes: int) -> None:
        self._place: Final = place
        self.services: Final = services
        """Google's own clients."""
        self._channels: Final = channels
        self._closed = False
        # Create, start, cancel and delete wait here for their turn.
        self._lanes: Final = asyncio.Semaphore(lanes)

    @classmethod
    async def connect(cls, place: Place, *, lanes: int) -> "CloudRunClient":
        """Build the clients; nothing is asked yet. What takes time is done in a thread."""
        credentials = None if place.endpoint else await asyncio.to_thread(_credentials, place)
        channels = [
            *(_channel(place, "run.googleapis.com", credentials) for _ in range(3)),
            _channel(place, "logging.googleapis.com", credentials),
        ]
        return cls(place, await asyncio.to_thread(_services, channels), channels, lanes)

    async def create(self, run: RunSpec) -> run_v2.Job | None:
        """Create the Job and wait for nothing more; None where a Job has its name already."""
        job = build.job_of(run, self._place)
        request = run_v2.CreateJobRequest(parent=self._place.parent, job=job, job_id=run.name)
        async with self._changing("CreateJob"):
            try:
                await self.services.jobs.create_job(request, retry=None, timeout=CHANGE_SECONDS)
            except AlreadyExists:
                return None
            except GoogleAPICallError as exc:
                raise faults.launch_refused(self._place, "CreateJob", exc) from exc
        job.name = self._place.job_path(run.name)
        return job

    async def start(self, job: run_v2.Job) -> None:
        """Have the Job executed; that it is already, or is gone, is fine: the next look tells."""
        request = run_v2.UpdateJobRequest(job=build.started(job))
        async with self._changing("UpdateJob"):
            try:
                await self.services.jobs.update_job(request, retry=None, timeout=CHANGE_SECONDS)
            except AlreadyExists:
                return
            except GoogleAPICallError as exc:
                if not faults.is_absence(exc):
                    raise faults.launch_refused(self._place, "UpdateJob", exc) from exc

    async def cancel(self, name: str) -> None:
        """Have the execution ended; that it has ended, or is gone, is fine."""
        request = run_v2.CancelExecutionRequest(name=self._place.execution_path(name))
        call = self.services.executions.cancel_execution
        await self._change("CancelExecution", lambda: call(request, retry=None, timeout=CHANGE_SECONDS))

    async def delete(self, name: str) -> None:
        """Delete the Job with its execution; that it is gone is fine."""
        request = run_v2.DeleteJobRequest(name=self._place.job_path(name))
        call = self.services.jobs.delete_job
        await self._change("DeleteJob", lambda: call(request, retry=None, timeout=CHANGE_SECONDS), over=False)

    async def find(self, name: str) -> run_v2.Job | None:
        """Return the Job; None where there is none."""
        request = run_v2.GetJobRequest(name=self._place.job_path(name))
        async with self._reading("GetJob"):
            try:
                return await self.services.jobs.get_job(request, retry=None, timeout=READ_SECONDS)
            except GoogleAPICallError as exc:
                if faults.is_absence(exc):
                    return None
                raise

    async def jobs(self, cluster_uid: str) -> list[run_v2.Job]:
        """List this cluster's Jobs; Google has no filter for them."""
        request = run_v2.ListJobsRequest(parent=self._place.parent, page_size=PAGE)
        found = await self._list("ListJobs", self.services.jobs.list_jobs, request)
        return [job for job in found.values() if read.of_cluster(job, cluster_uid)]

    async def executions(self, wanted: Collection[str]) -> dict[str, run_v2.Execution]:
        """List executions until all of these full names are found, or there are no more; one page at least.

        Those of other Jobs are among them, a thousand of each: Google has no filter for them.
        """
        request = run_v2.ListExecutionsRequest(parent=f"{self._place.parent}/jobs/-", page_size=PAGE)
        return await self._list("ListExecutions", self.services.executions.list_executions, request, wanted)

    async def tasks(self, wanted: Collection[str]) -> dict[str, run_v2.Task]:
        """List tasks until those of all these executions are found, by the execution's full name."""
        request = run_v2.ListTasksRequest(parent=f"{self._place.parent}/jobs/-/executions/-", page_size=PAGE)
        found = await self._list("ListTasks", self.services.tasks.list_tasks, request, wanted, read.execution_of)
        return {execution: task for execution, task in found.items() if execution in wanted}

    async def entries(self, ask: Ask, token: str = "") -> Page:
        """Read one page of the log."""
        request = read_log.request(self._place, ask, token)
        async with self._reading("ListLogEntries"):
            pager = await self.services.logging.list_log_entries(request, retry=None, timeout=READ_SECONDS)
            return read_log.page(await anext(aiter(pager.pages)))

    async def aclose(self) -> None:
        """Close the connections; what is under way is given up."""
        self._closed = True
        await asyncio.gather(*(channel.close() for channel in self._channels))

    async def _change(self, what: str, call: Callable[[], Awaitable[object]], *, over: bool = True) -> None:
        async with self._changing(what):
            try:
                await call()
            except GoogleAPICallError as exc:
                ended = over and faults.code_of(exc).name == "FAILED_PRECONDITION"
                if not (ended or faults.is_absence(exc)):
                    raise faults.unavailable(self._place, what, exc) from exc

    async def _list(
        self,
        what: str,
        call: Callable[..., Awaitable[Any]],
        request: object,
        wanted: Collection[str] | None = None,
        key: Callable[[str], str] = str,
    ) -> dict[str, Any]:
        """Read page by page; only as many as hold what is wanted."""
        found: dict[str, Any] = {}
        async with self._reading(what):
            pager = await call(request, retry=None, timeout=READ_SECONDS)
            async for page in pager.pages:
                found |= {key(item.name): item for item in read.items(page)}
                if wanted is not None and found.keys() >= set(wanted):
                    break
        return found

    @asynccontextmanager
    async def _reading(self, what: str) -> AsyncIterator[None]:
        try:
            async with self._open(what):
                yield
        except GoogleAPICallError as exc:
            raise faults.unavailable(self._place, what, exc) from exc

    @asynccontextmanager
    async def _changing(self, what: str) -> AsyncIterator[None]:
        async with self._lanes, self._open(what):
            yield

    @asynccontextmanager
    async def _open(self, what: str) -> AsyncIterator[None]:
        """Tell a call that ended with its channel from one whose caller was cancelled: gRPC says the same of both."""
        try:
            yield
        except (asyncio.CancelledError, aio.UsageError) as exc:
            task = asyncio.current_task()
            if not self._closed or task is None or task.cancelling():
                raise
            raise HostUnavailable(f"Cloud Run of {self._place.called} was let go meanwhile: {what}") from exc


def _channel(place: Place, host: str, credentials: GoogleCredentials | None) -> aio.Channel:
    if place.endpoint:
        return aio.insecure_channel(place.endpoint, options=_OPTIONS)
    return grpc_helpers_async.create_channel(host, credentials=credentials, scopes=[SCOPE], options=_OPTIONS)


def _services(channels: list[aio.Channel]) -> Services:
    jobs, executions, tasks, logging = channels
    return Services(
        run_v2.JobsAsyncClient(transport=JobsGrpcAsyncIOTransport(channel=jobs)),
        run_v2.ExecutionsAsyncClient(transport=ExecutionsGrpcAsyncIOTransport(channel=executions)),
        run_v2.TasksAsyncClient(transport=TasksGrpcAsyncIOTransport(channel=tasks)),
        LoggingServiceV2AsyncClient(transport=LoggingServiceV2GrpcAsyncIOTransport(channel=logging)),
    )


def _credentials(place: Place) -> GoogleCredentials:
    """Find out who we are; HostRefused where Google would not know."""
    try:
        return credentials_of(place.credentials)
    except (GoogleAuthError, AttributeError, KeyError, TypeError, ValueError) as exc:
        words = " ".join(str(exc).split())
        remedy = "name a Secret with a service account's key in spec.credentials, or set up Workload Identity"
        raise HostRefused(
            HostReason.CREDENTIALS_INVALID, f"{place.called}: no usable credentials: {words}; {remedy}"
        ) from exc


def credentials_of(wanted: Credentials) -> GoogleCredentials:
    """Return the identity that is wanted; ValueError or GoogleAuthError where there is none."""
    if wanted.key is not None:
        info = json.loads(wanted.key)
        found: GoogleCredentials = service_account.Credentials.from_service_account_info(info, scopes=[SCOPE])  # type: ignore[no-untyped-call]
        return found
    found, _ = google.auth.default(scopes=[SCOPE])
    if wanted.impersonate is None:
        return found
    return impersonated_credentials.Credentials(  # type: ignore[no-untyped-call]
        source_credentials=found, target_principal=wanted.impersonate, target_scopes=[SCOPE]
    )
