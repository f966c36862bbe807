"""Delete jobs, each by its uid; with --wait they are stopped first, and their hosts are asked what is left."""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import click

from kubectl_containerjob import exits
from kubectl_containerjob.changing.changes import WAIT_SECONDS, TooLate, about, change_one, chosen
from kubectl_containerjob.changing.orphans import orphans
from kubectl_containerjob.changing.outcomes import How, Report
from kubectl_containerjob.changing.settling import settle
from kubectl_containerjob.changing.wishes import CANCEL
from kubectl_containerjob.gateway import Gateway, job_path, opened
from kubectl_containerjob.kubectl import Body, Kubectl
from kubectl_containerjob.problems import Problem, Refused
from kubectl_containerjob.records import Job, host_of
from kubectl_containerjob.selection import Selection, confirm, name_of, none_found, uid_of

POLL_SECONDS: Final = 0.5
"""Between two looks at what a host still has; nothing tells when it is gone."""


@dataclass(frozen=True, slots=True)
class Deleting:
    """What a person may ask of a deletion."""

    wait: bool = False
    timeout: timedelta = timedelta(seconds=WAIT_SECONDS)
    ignore_not_found: bool = False


def delete(kubectl: Kubectl, selection: Selection, how: How, deleting: Deleting) -> int:
    """Delete every job that is meant; returns the exit code."""
    report = Report(kubectl, how)
    jobs = chosen(kubectl, selection, report, ignore_not_found=deleting.ignore_not_found)
    if selection.bulk and not jobs:
        none_found(kubectl, all_namespaces=selection.all_namespaces)
    if how.dry_run == "none":
        confirm("delete", jobs, bulk=selection.bulk, yes=how.yes)
    if not jobs or not how.sends:
        for job in jobs:
            report.tell(job, "deleted")
        return report.finish()
    lenient = deleting.ignore_not_found or selection.bulk
    wait = deleting.wait and how.dry_run == "none"
    end = time.monotonic() + deleting.timeout.total_seconds()
    with opened(kubectl, dry_run=how.dry_run == "server") as gateway:
        if wait:
            _cancel(gateway, jobs, report, lenient=lenient)
            jobs = _ended(kubectl, jobs, report, end)
        gone = delete_each(gateway, jobs, report, lenient=lenient)
    if wait:
        await_removal(kubectl, gone, report, end)
    return report.finish()


def delete_each(gateway: Gateway, jobs: Iterable[Body], report: Report, *, lenient: bool) -> list[Body]:
    """Delete each job that was read, and no other of its name; a failure is told, and the others go on.

    Where `lenient`, it is no failure that somebody else was faster.
    """
    gone = []
    for job in jobs:
        try:
            gateway.delete(job_path(job), uid_of(job))
        except Refused as refusal:
            if not (lenient and refusal.reason == "NotFound"):
                report.fail(about(job, refusal))
            continue
        report.tell(job, "deleted")
        gone.append(job)
    return gone


def _cancel(gateway: Gateway, jobs: list[Body], report: Report, *, lenient: bool) -> None:
    """Ask for the end of what has not finished; a failure is told, and takes the job out of the list."""
    for job in list(jobs):
        try:
            change_one(gateway, CANCEL, job)
        except TooLate:
            continue
        except Problem as problem:
            jobs.remove(job)
            if not (lenient and isinstance(problem, Refused) and problem.reason == "NotFound"):
                report.fail(problem)


def _ended(kubectl: Kubectl, jobs: list[Body], report: Report, end: float) -> list[Body]:
    """Wait for the records of the ends: they are written only when a container was seen to have ended."""
    waited = {uid_of(job): job for job in jobs if not Job(job).finished}
    ended = [job for job in jobs if Job(job).finished]
    for job, _ in settle(kubectl, waited.values(), lambda job: job.finished, end - time.monotonic()):
        del waited[uid_of(job)]
        ended.append(job)  # where it is gone, the deletion says so
    for job in waited.values():
        name = name_of(job)
        late = "has not ended in time: it is cancelled and not deleted, see"
        report.fail(Problem(f"job {name} {late} `kubectl containerjob why {name}`", exits.DEADLINE))
    return ended


def await_removal(kubectl: Kubectl, jobs: list[Body], report: Report, end: float) -> None:
    """Wait until no host has a container of these jobs; where that can't be read, say what is known."""
    for host in sorted({host for job in jobs for host in hosts_of(job)}):
        uids = {uid_of(job) for job in jobs if host in hosts_of(job)}
        try:
            while left := [row for row in orphans(kubectl, host) if row["jobUid"] in uids]:
                if time.monotonic() >= end:
                    report.fail(_still_there(host, sorted({str(row["jobName"]) for row in left})))
                    break
                time.sleep(POLL_SECONDS)
        except Refused as refusal:
            click.echo(
                f"note: the containers have ended; whether {host} has removed them: {refusal.message}", err=True
            )


def hosts_of(job: Body) -> set[str]:
    """Return the hosts that attempts of a job ran on."""
    return {host_of(attempt["host"]) for attempt in Job(job).attempts}


def _still_there(host: str, names: list[str]) -> Problem:
    line = (
        f"host {host} still has containers of {', '.join(names)}: see `kubectl containerjob cleanup --orphans {host}`"
    )
    return Problem(line, exits.DEADLINE)
