"""Change what is wanted of jobs (cancel, suspend, resume), one way for all: choose, confirm, patch, tell, wait."""

import contextlib
import functools
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import click

from kubectl_containerjob import exits
from kubectl_containerjob.changing.outcomes import How, Report, telling
from kubectl_containerjob.decorating import decorated
from kubectl_containerjob.gateway import Gateway, job_path, opened
from kubectl_containerjob.kubectl import Body, Kubectl
from kubectl_containerjob.problems import Problem, Refused
from kubectl_containerjob.records import Job
from kubectl_containerjob.selection import Selection, confirm, missing_job, none_found, uid_of
from kubectl_containerjob.values.spans import SPAN

TRIES: Final = 20
"""Writes of others between our read and our write, before a job counts as too busy."""
WAIT_SECONDS: Final = 300


@dataclass(frozen=True, slots=True)
class Change:
    """A verb that changes what is wanted of a job."""

    verb: str
    done: str
    wish: Body
    """Fields of spec, and what they become."""
    needless: Callable[[Job], bool]
    """Whether the job is there already."""
    impossible: Callable[[Job], str]
    """Why it can't be done any more; empty where it can."""
    reached: Callable[[Job], bool]
    """Whether the operator has carried it out."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """Whether and how long to wait, and what else a person may ask of a change."""

    wait: bool = False
    timeout: timedelta = timedelta(seconds=WAIT_SECONDS)
    error_unchanged: bool = False
    ignore_not_found: bool = False


class TooLate(Problem):
    """The job is past the point where this could be done; no failure for who did not name it."""


def changing(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options of a change, and pass them on as `how` and `waiting`."""

    @functools.wraps(command)
    def told(*args: Any, **values: Any) -> Any:
        fields = {name: values.pop(name) for name in Waiting.__dataclass_fields__}
        return command(*args, waiting=Waiting(**fields), **values)

    given: tuple[Callable[[Any], Any], ...] = (
        click.option("--ignore-not-found", is_flag=True, help="A name that does not exist is no error"),
        click.option("--error-unchanged", is_flag=True, help="Exit with code 3 if nothing had to be changed"),
        timeout_option,
        click.option("--wait", is_flag=True, help="Wait until the operator has done it"),
    )
    return telling("name", "json", "yaml")(decorated(told, given))


def timeout_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add --timeout."""
    text = "How long --wait waits before it gives up with code 124"
    return click.option("--timeout", type=SPAN, default=f"{WAIT_SECONDS}s", show_default=True, help=text)(command)


def carry_out(kubectl: Kubectl, change: Change, selection: Selection, how: How, waiting: Waiting) -> int:
    """Do it to every job that is meant; returns the exit code."""
    report = Report(kubectl, how)
    jobs = chosen(kubectl, selection, report, ignore_not_found=waiting.ignore_not_found)
    if selection.bulk:
        jobs = [job for job in jobs if not change.impossible(Job(job))]
        if not jobs and not report.problems:
            none_found(kubectl, all_namespaces=selection.all_namespaces)
        if how.dry_run == "none":
            open_ = [job for job in jobs if not change.needless(Job(job))]
            confirm(change.verb, open_, bulk=True, yes=how.yes)
    changed = _change_all(kubectl, change, jobs, report, named=not selection.bulk)
    if waiting.wait and how.dry_run == "none":
        for problem in awaited(kubectl, change, changed, waiting.timeout):
            report.fail(problem)
    return report.finish(error_unchanged=waiting.error_unchanged)


def chosen(kubectl: Kubectl, selection: Selection, report: Report, *, ignore_not_found: bool) -> list[Body]:
    """Read the jobs that are meant; each missing name is a failure of its own, unless that is no error."""
    jobs, missing = selection.found(kubectl)
    for problem in () if ignore_not_found else missing:
        report.fail(problem)
    return jobs


def awaited(kubectl: Kubectl, change: Change, jobs: list[Body], timeout: timedelta) -> list[Problem]:
    """Wait until the operator has carried it out; return what went another way."""
    from kubectl_containerjob.changing.settling import settle

    left = {uid_of(job): Job(job) for job in jobs}
    problems = []
    for body, there in settle(
        kubectl, jobs, lambda job: job.finished or change.reached(job), timeout.total_seconds()
    ):
        job = Job(body)
        del left[uid_of(body)]
        if not there:
            problems.append(Problem(f"job {job.name} was deleted before it was {change.done}"))
        elif not change.reached(job):
            problems.append(Problem(f"job {job.name} finished ({job.phase}) before it was {change.done}"))
    seconds = f"{timeout.total_seconds():g} s"
    late = "is not {} after {}: see `kubectl containerjob why {}`"
    return problems + [
        Problem(f"job {job.name} {late.format(change.done, seconds, job.name)}", exits.DEADLINE)
        for job in left.values()
    ]


def change_one(gateway: Gateway | None, change: Change, job: Body) -> Body | None:
    """Patch the job that was read, and no other of its name; None where it is there already.

    A job that somebody else wrote meanwhile is read again, and judged again. Without a gateway nothing is sent.
    """
    for _ in range(TRIES):
        if no := change.impossible(Job(job)):
            raise TooLate(no)
        if change.needless(Job(job)):
            return None
        if gateway is None:
            return {**job, "spec": {**job["spec"], **change.wish}}
        known = {"uid": uid_of(job), "resourceVersion": job["metadata"]["resourceVersion"]}
        try:
            return gateway.patch(job_path(job), {"metadata": known, "spec": change.wish})
        except Refused as refusal:
            job = _again(gateway, job, refusal)
    raise Problem(f"job {Job(job).name} is written by others all the time: try again")


def about(job: Body, refusal: Refused) -> Refused:
    """Return the refusal of a request about this job, in our words where the job is not there any more."""
    name = Job(job).name
    if refusal.reason == "NotFound":
        return missing_job(name)
    if refusal.reason == "Conflict":
        line = f"job {name} was deleted and created again meanwhile: the new one stays as it is"
        return Refused(line, "Conflict")
    return refusal


def _again(gateway: Gateway, job: Body, refusal: Refused) -> Body:
    """Read a job again that somebody else wrote; every other refusal stands."""
    if refusal.reason != "Conflict":
        raise about(job, refusal) from refusal
    try:
        now = gateway.get(job_path(job))
    except Refused as gone:
        raise about(job, gone) from refusal
    if uid_of(now) != uid_of(job):
        raise about(job, refusal) from refusal
    return now


def _change_all(kubectl: Kubectl, change: Change, jobs: list[Body], report: Report, *, named: bool) -> list[Body]:
    """Change each job; a failure is told, and the others go on. Returns those that are wanted so now."""
    wanted = []
    dry_run = report.how.dry_run == "server"
    with opened(kubectl, dry_run=dry_run) if jobs and report.how.sends else contextlib.nullcontext() as gateway:
        for job in jobs:
            try:
                changed = change_one(gateway, change, job)
            except TooLate as problem:
                if named:
                    report.fail(problem)
                continue
            except Problem as problem:
                report.fail(problem)
                continue
            report.tell(changed or job, change.done if changed else "unchanged", changed=changed is not None)
            wanted.append(changed or job)
    return wanted
