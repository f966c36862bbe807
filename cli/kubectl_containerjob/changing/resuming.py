"""What `run` does to a job that exists: let it run, cancel it, delete it; each to that very job alone."""

from collections.abc import Callable
from datetime import UTC, datetime

from kubectl_containerjob.changing.changes import Change, change_one
from kubectl_containerjob.changing.wishes import CANCEL
from kubectl_containerjob.explaining.cases import command
from kubectl_containerjob.following.steps import Kind, Step
from kubectl_containerjob.gateway import job_path, opened
from kubectl_containerjob.kubectl import JOBS, Kubectl, bare
from kubectl_containerjob.problems import Problem, Refused
from kubectl_containerjob.records import Job
from kubectl_containerjob.screens.durations import moment
from kubectl_containerjob.selection import uid_of
from kubectl_containerjob.values.moments import written


def resume(kubectl: Kubectl, name: str) -> tuple[Job, Step]:
    """Let a job run that is suspended or waits for its time, and return it with the step to tell."""
    found = kubectl.find(JOBS, bare(name))
    if found is None:
        raise Refused(f"there is no ContainerJob {bare(name)}: give --image to create it", "NotFound")
    now = datetime.now(UTC)
    job = Job(found)
    if refusal := _refusal(job):
        raise Problem(refusal)
    if not _held(job, now):
        return job, Step(Kind.FOLLOWED, f"is {job.phase}", {"phase": job.phase})
    # A little in the past, so that a host clock behind ours does not hold it again.
    wish = {"suspend": False} | ({"notBefore": written(now.replace(microsecond=0))} if _early(job, now) else {})
    change = Change("run", "resumed", wish, lambda it: not _held(it, now), _refusal, lambda it: it.finished)
    with opened(kubectl) as gateway:
        changed = change_one(gateway, change, found)
    return Job(changed or found), Step(Kind.RESUMED, "resumed")


def canceller(kubectl: Kubectl) -> Callable[[Job], None]:
    """Return what cancels the job that is followed."""

    def cancel(job: Job) -> None:
        with opened(kubectl) as gateway:
            change_one(gateway, CANCEL, job.body)

    return cancel


def remove(kubectl: Kubectl, job: Job) -> None:
    """Delete the job that was followed; where that is refused, its exit code is still what counts."""
    try:
        with opened(kubectl) as gateway:
            gateway.delete(job_path(job.body), uid_of(job.body))
    except Refused as refusal:
        if refusal.reason != "NotFound":
            refusal.show()


def _refusal(job: Job) -> str:
    """Say why a job can't run any more; empty where it can."""
    if job.finished:
        return f"{job.name} has finished ({job.phase}): run it again with `{command('retry', job)}`"
    if job.body["metadata"].get("deletionTimestamp"):
        return f"{job.name} is being deleted: create it again with --image"
    if job.spec.get("cancel"):
        return f"{job.name} is being cancelled: run it again with `{command('retry', job)}`"
    return ""


def _held(job: Job, now: datetime) -> bool:
    return bool(job.spec.get("suspend")) or _early(job, now)


def _early(job: Job, now: datetime) -> bool:
    begin = moment(job.spec.get("notBefore"))
    return begin is not None and begin > now
