"""google.cloud.run.v2.Jobs: create, read, replace, delete, run."""

import asyncio

from google.cloud.run_v2.types import (
    Condition,
    CreateJobRequest,
    DeleteJobRequest,
    GetJobRequest,
    Job,
    ListJobsRequest,
    ListJobsResponse,
    RunJobRequest,
    UpdateJobRequest,
)
from google.longrunning.operations_pb2 import Operation

from .containers import ImageMissing
from .launching import Launches, drop_execution, place_of
from .names import Name, missing, parse
from .operations import Ending
from .overrides import overridden
from .paging import page
from .project import Project
from .refusals import Code, Refused, quota_exceeded
from .rules import check_job, fill_in
from .running import Play
from .state import State, condition, touch


class Jobs:
    """The service; every rule not said elsewhere is of the reference of the method it is in."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._jobs = project.records.jobs
        self._launches = Launches(project)

    def create(self, request: CreateJobRequest) -> Operation:
        """Create a Job, and its first execution if it has a token."""
        place = parse(request.parent, 0, self._project.options)
        name = Name(place.project, place.location, (request.job_id,))
        job = self._written(request.job)
        check_job(job, request.job_id)
        if name.full in self._jobs:
            raise Refused(Code.ALREADY_EXISTS, f"Resource '{request.job_id}' already exists.")
        if sum(place.holds(one) for one in self._jobs) >= self._project.options.jobs_per_region:
            raise quota_exceeded(place.full, "Quota exceeded for total allowable count of jobs per region.")
        job.name = name.full
        job.creator = self._project.options.caller
        self._project.records.born(job)
        return self._store(job, validate_only=request.validate_only, launch=True)

    def get(self, request: GetJobRequest) -> Job:
        """Give one."""
        return self._find(request.name)

    def list(self, request: ListJobsRequest) -> ListJobsResponse:
        """Give a page of a location's Jobs."""
        place = parse(request.parent, 0, self._project.options)
        found = [one for one in self._jobs.values() if place.holds(one.name)]
        if request.show_deleted:
            found += [one for one in self._project.records.deleted if isinstance(one, Job) and place.holds(one.name)]
        asked = (place.full, request.page_size, request.page_token)
        jobs, token = page(found, self._project.records, asked, self._project.options)
        return ListJobsResponse(jobs=jobs, next_page_token=token)

    def update(self, request: UpdateJobRequest) -> Operation:
        """Replace a Job; there is no update mask, so what the request leaves out is gone."""
        name = parse(request.job.name, 1, self._project.options)
        if name.full not in self._jobs and request.allow_missing:
            create = CreateJobRequest(
                parent=name.place, job_id=name.ids[0], job=request.job, validate_only=request.validate_only
            )
            return self.create(create)
        old = self._find(request.job.name)
        check_etag(request.job.etag, old.etag, old.name)
        job = self._written(request.job)
        check_job(job, name.ids[0])
        for kept in ("name", "uid", "creator", "create_time", "latest_created_execution", "execution_count"):
            setattr(job, kept, getattr(old, kept))
        job.generation = old.generation + 1
        job.observed_generation = old.observed_generation
        return self._store(job, validate_only=request.validate_only, launch=_token(job) != _token(old))

    def delete(self, request: DeleteJobRequest) -> Operation:
        """Delete a Job with its executions; those that run are stopped."""
        job = self._find(request.name)
        check_etag(request.etag, job.etag, job.name)
        if not request.validate_only:
            del self._jobs[job.name]
            self._project.records.gone(job)
            stopping = [drop_execution(self._project, one) for one in self._project.records.executions_of(job.name)]
        else:
            stopping = []

        async def ending() -> Job:
            await asyncio.gather(*(play.ended.wait() for play in stopping if play is not None))
            return job

        return self._begin(job, ending)

    def run(self, request: RunJobRequest) -> Operation:
        """Create an execution with a name of the service's choice."""
        job = self._find(request.name)
        check_etag(request.etag, job.etag, job.name)
        changed = overridden(job, request.overrides)
        check_job(changed, job.name.rpartition("/")[2])
        if request.validate_only:
            return self._launches.validated(changed)
        return self._launches.run(job, changed)

    def _find(self, full: str) -> Job:
        name = parse(full, 1, self._project.options)
        try:
            return self._jobs[name.full]
        except KeyError:
            raise missing("JOB", name) from None

    def _written(self, given: Job) -> Job:
        """Copy what callers may set; output-only fields are ignored: https://google.aip.dev/203."""
        kept = (
            "labels",
            "annotations",
            "client",
            "client_version",
            "launch_stage",
            "binary_authorization",
            "template",
        )
        job = Job({name: getattr(given, name) for name in kept})
        token = _token(given)
        if token is not None:
            setattr(job, *token)
        job.last_modifier = self._project.options.caller
        fill_in(job, self._project.options)
        return job

    def _store(self, job: Job, *, validate_only: bool, launch: bool) -> Operation:
        """Write a Job and reconcile it; `launch` is for a token that has not been seen."""
        token = _token(job)
        if token and launch:
            self._launches.check(job, token[1])
        job.reconciling = True
        job.terminal_condition = condition("Ready", State.CONDITION_PENDING)
        if validate_only:

            async def at_once() -> Job:
                return job

            return self._begin(job, at_once)
        touch(job)
        self._jobs[job.name] = job
        starting = token if launch else None
        play = None if self._project.options.images_checked_with_job else self._launch(job, starting)
        reconciling = self._project.spawn(self._reconcile(job, starting, play))

        async def ending() -> Job:
            refused = await asyncio.shield(reconciling)
            if refused is not None:
                raise refused
            return job

        return self._begin(job, ending)

    async def _reconcile(self, job: Job, starting: tuple[str, str] | None, play: Play | None) -> Refused | None:
        """Make a Job ready; Job.start_execution_token and .run_execution_token say when that is."""
        await asyncio.sleep(self._project.options.reconcile_seconds)
        if self._project.options.images_checked_with_job:
            image = job.template.template.containers[0].image
            try:
                await self._project.engine.need(image)
            except ImageMissing:
                return _fail(job, f"Image '{image}' not found.")
            play = self._launch(self._jobs.get(job.name), starting)
        if play is not None:
            await (play.ended if job.run_execution_token else play.started).wait()
        job.reconciling = False
        job.observed_generation = job.generation
        job.terminal_condition = condition("Ready", State.CONDITION_SUCCEEDED)
        return None

    def _launch(self, job: Job | None, starting: tuple[str, str] | None) -> Play | None:
        if job is None or starting is None:
            return None
        return self._launches.begin(job, starting[1], job)

    def _begin(self, job: Job, ending: Ending) -> Operation:
        return self._project.operations.begin(place_of(job.name), job, ending)


def _fail(job: Job, message: str) -> Refused:
    """Leave a Job whose image is missing as not ready: Condition.CommonReason.CONTAINER_MISSING."""
    reason = Condition.CommonReason.CONTAINER_MISSING
    job.reconciling = False
    job.terminal_condition = condition("Ready", State.CONDITION_FAILED, message, reason=reason)
    return Refused(Code.NOT_FOUND, message)


def check_etag(given: str, current: str, name: str) -> None:
    """Refuse to change another version than the caller saw: «may be used to detect modification conflict»."""
    if given and given != current:
        raise Refused(
            Code.ABORTED,
            f"Conflict for resource '{name.rpartition('/')[2]}': version '{given}' was specified but current version "
            f"is '{current}'.",
        )


def _token(job: Job) -> tuple[str, str] | None:
    """Give the field and the value of the token a Job has."""
    field = Job.pb(job).WhichOneof("create_execution")
    value = getattr(job, field) if field else ""
    return (field, value) if value else None
