"""Choose jobs, and create the next run of each."""

import contextlib
import sys
from dataclasses import dataclass, field, replace
from typing import Final

import click

from kubectl_containerjob.changing.changes import chosen
from kubectl_containerjob.changing.outcomes import How, Report
from kubectl_containerjob.creating import retries
from kubectl_containerjob.creating.job_options import JobOptions
from kubectl_containerjob.creating.manifests import manifests
from kubectl_containerjob.gateway import Gateway, job_path, opened
from kubectl_containerjob.kubectl import JOBS, Body, Kubectl, path_of
from kubectl_containerjob.problems import Problem, Refused
from kubectl_containerjob.records import Job
from kubectl_containerjob.selection import Selection, confirm, name_of, namespace_of
from kubectl_containerjob.values.job_names import checked

_NAMED: Final = 50
"""Uids in one selector; where there are more, every job that was retried is read."""


@dataclass(frozen=True, slots=True)
class Retrying:
    """What a person may ask of the next runs."""

    name: str | None = None
    overrides: JobOptions = field(default_factory=JobOptions)
    phases: frozenset[str] = frozenset(retries.UNSUCCESSFUL)
    follow: bool = False
    ignore_not_found: bool = False

    def check(self, selection: Selection, how: How) -> None:
        """Refuse what can't be meant together."""
        one = len(selection.names) == 1
        if self.name is not None:
            checked(self.name)
        if (self.name or self.follow) and not one:
            raise click.UsageError("--name and --follow are for one job: name it")
        if self.follow and (how.dry_run != "none" or how.output):
            raise click.UsageError("--follow goes with neither --dry-run nor -o")


def retry(kubectl: Kubectl, selection: Selection, how: How, asked: Retrying) -> tuple[int, list[Body]]:
    """Create the next run of every job that is meant; returns the exit code, and what was created."""
    asked.check(selection, how)
    report = Report(kubectl, how, quiet=asked.follow)
    jobs = chosen(kubectl, selection, report, ignore_not_found=asked.ignore_not_found)
    if selection.bulk:
        jobs = [job for job in jobs if Job(job).phase in asked.phases]
    families = _families(kubectl, jobs, selection)
    if selection.bulk:
        jobs = [job for job in jobs if not retries.outdated(job, families.get(retries.first_uid(job), []))]
        if not jobs:
            click.echo(f"No job whose newest run is {' or '.join(sorted(asked.phases))}: nothing to retry.", err=True)
        if how.dry_run == "none":
            confirm("retry", jobs, bulk=True, yes=how.yes)
    made = _create_each(kubectl, _planned(jobs, families, asked, report), report)
    return report.finish(), made


def _families(kubectl: Kubectl, jobs: list[Body], selection: Selection) -> dict[str, list[retries.Run]]:
    """Read the other runs of these jobs by one list."""
    if not jobs:
        return {}
    uids = sorted({retries.first_uid(job) for job in jobs})
    wanted = f"{retries.FIRST_UID} in ({','.join(uids)})" if len(uids) <= _NAMED else retries.FIRST_UID
    where = ["--all-namespaces"] if selection.all_namespaces else []
    return retries.families(kubectl.items(JOBS, f"--selector={wanted}", *where))


def _planned(
    jobs: list[Body], families: dict[str, list[retries.Run]], asked: Retrying, report: Report
) -> list[tuple[Body, Body]]:
    """Return sources and the manifests of their next runs; a job that can't be retried is a failure of its own."""
    planned = []
    for job in jobs:
        runs = families.get(retries.first_uid(job), [])
        try:
            retries.check(job, runs, named=asked.name is not None)
        except Problem as problem:
            report.fail(problem)
            continue
        run = retries.again(job, runs, asked.name)
        [made] = manifests(replace(asked.overrides, name=run["metadata"]["name"]), run)
        planned.append((job, made))
    return planned


def _create_each(kubectl: Kubectl, planned: list[tuple[Body, Body]], report: Report) -> list[Body]:
    """Create each; a failure is told, and the others go on."""
    made = []
    dry_run = report.how.dry_run == "server"
    with opened(kubectl, dry_run=dry_run) if planned and report.how.sends else contextlib.nullcontext() as gateway:
        for source, run in planned:
            try:
                stored = run if gateway is None else _create(gateway, source, run)
            except Problem as problem:
                report.fail(problem)
                continue
            report.tell(stored, "created")
            made.append(stored)
    return made


def _create(gateway: Gateway, source: Body, run: Body) -> Body:
    """Create a run; the API server lets one of those have its name who ask for it."""
    try:
        return gateway.create(path_of("containerjobs", namespace_of(run)), run)
    except Refused as refusal:
        if refusal.reason != "AlreadyExists":
            raise
        raise retries.taken(source, name_of(run), _there(gateway, run)) from refusal


def _there(gateway: Gateway, run: Body) -> Body | None:
    try:
        return gateway.get(job_path(run))
    except Refused:  # gone again, or not ours to read: the refusal of the creation says enough
        return None


def follow(kubectl: Kubectl, job: Body) -> int:
    """Follow a new run as `run` does, and return its exit code."""
    from kubectl_containerjob import terminal
    from kubectl_containerjob.following.follower import Follower
    from kubectl_containerjob.following.step_views import view
    from kubectl_containerjob.following.steps import Kind, Step

    shown = view("auto", name_of(job), namespace_of(job), colour=terminal.coloured("auto", sys.stderr))
    return Follower(kubectl, job, shown).follow(Step(Kind.CREATED, "created"))
