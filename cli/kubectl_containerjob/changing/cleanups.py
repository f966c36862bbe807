"""Which finished jobs may go, and what hosts have that belongs to no job."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import click

from containerjob_api.recreators import recreator
from kubectl_containerjob.changing.orphans import NO_LOG_API, orphans
from kubectl_containerjob.changing.outcomes import DRY_RUNS, How, Report
from kubectl_containerjob.hosts import items, named
from kubectl_containerjob.kubectl import Body, Kubectl, path_of
from kubectl_containerjob.problems import Refused
from kubectl_containerjob.records import Host, Job
from kubectl_containerjob.screens.durations import age
from kubectl_containerjob.screens.plain_text import harmless
from kubectl_containerjob.selection import confirm

PAGE: Final = 500
"""Jobs in one answer of the API server."""
SWEEP_SECONDS: Final = 30
"""How often the operator clears a host."""


@dataclass(frozen=True, slots=True)
class Where:
    """Which part of the cluster is looked at."""

    selector: str | None = None
    all_namespaces: bool = False


@dataclass(frozen=True, slots=True)
class Rule:
    """Which finished jobs are meant."""

    older_than: timedelta
    phases: frozenset[str]
    """Outcomes; empty for all of them."""
    keep: int = 0
    """How many of the newest stay in each namespace."""
    include_managed: bool = False


@dataclass(frozen=True, slots=True)
class Choice:
    """What goes, and what stays only because somebody would create it again."""

    doomed: list[Body]
    managed: dict[str, int]
    """By whom, how many."""


def choose(jobs: Iterable[Body], rule: Rule, now: datetime) -> Choice:
    """Judge jobs; one that has not finished never goes."""
    kept: dict[str, int] = {}
    choice = Choice([], {})
    for body in sorted(jobs, key=_ended, reverse=True):
        job = Job(body)
        if not job.finished or (rule.phases and job.phase not in rule.phases):
            continue
        kept[job.namespace] = kept.get(job.namespace, 0) + 1
        if kept[job.namespace] <= rule.keep or now - _ended(body) < rule.older_than:
            continue
        who = None if rule.include_managed else _recreator(body)
        if who:
            choice.managed[who] = choice.managed.get(who, 0) + 1
        else:
            choice.doomed.append(body)
    choice.doomed.reverse()
    return choice


def finished_jobs(kubectl: Kubectl, where: Where) -> Iterator[Body]:
    """Read the finished jobs page by page; of each only what is judged is kept, there may be very many."""
    path = path_of("containerjobs", None if where.all_namespaces else kubectl.namespace())
    query: dict[str, object] = {
        "fieldSelector": "status.finished=true",
        "labelSelector": where.selector,
        "limit": PAGE,
    }
    token: str | None = ""
    while token is not None:
        page = kubectl.raw(path, {**query, "continue": token})
        for job in page["items"]:
            yield _slim(job)
        token = page["metadata"].get("continue") or None


def clean(kubectl: Kubectl, where: Where, rule: Rule, how: How) -> int:
    """Delete what may go, and sum up; returns the exit code."""
    from kubectl_containerjob.changing.deletions import delete_each
    from kubectl_containerjob.gateway import opened

    report = Report(kubectl, how)
    choice = choose(finished_jobs(kubectl, where), rule, datetime.now(UTC))
    if how.dry_run == "none":
        confirm("delete", choice.doomed, bulk=True, yes=how.yes)
    if not how.sends:
        for job in choice.doomed:
            report.tell(job, "deleted")
    elif choice.doomed:
        with opened(kubectl, dry_run=how.dry_run == "server") as gateway:
            delete_each(gateway, choice.doomed, report, lenient=True)
    if how.output is None:
        click.echo(summary(report.changed, choice.managed) + DRY_RUNS[how.dry_run])
    return report.finish()


def summary(deleted: int, managed: dict[str, int]) -> str:
    """Say in one line what went and what stayed."""
    text = f"{_jobs(deleted)} deleted"
    if not managed:
        return text
    who = " and ".join(f"{number} of {name}" for name, number in sorted(managed.items()))
    return f"{text}; {who} left, they would be created and run again (--include-managed takes them too)"


def show_orphans(kubectl: Kubectl, names: tuple[str, ...]) -> int:
    """List what hosts have that belongs to no job, and say who removes it; the plugin itself never does."""
    hosts = {host.name: host for host in map(Host, items(kubectl))}
    report = Report(kubectl, How())
    for name in [str(named(name)) for name in names] or sorted(hosts):
        try:
            rows = orphans(kubectl, name)
        except Refused as refusal:
            report.fail(refusal)
            if refusal.reason == NO_LOG_API:
                break
            continue
        for row in rows:
            click.echo(_row(name, row))
        if name in hosts:
            click.echo(fate(hosts[name], len(rows)))
    return report.finish()


def fate(host: Host, number: int) -> str:
    """Say what becomes of a host's orphans."""
    if not number:
        return f"{host.name}: no containers without a job"
    what = f"{host.name}: {number} container{'s' if number > 1 else ''} without a job"
    if (host.spec.get("orphanPolicy") or {}).get("dryRun"):
        return f"{what}; they stay, as spec.orphanPolicy.dryRun asks: set it to false and the operator removes them"
    return f"{what}; the operator removes them by itself, it looks every {SWEEP_SECONDS} s"


def _recreator(job: Body) -> str | None:
    return recreator(job["metadata"]["labels"] or {}, job["metadata"]["annotations"] or {})


def _ended(job: Body) -> datetime:
    when = Job(job).time("finishTime")
    return when if when is not None else datetime.now(UTC)


def _slim(job: Body) -> Body:
    meta = {key: job["metadata"].get(key) for key in ("name", "namespace", "uid", "labels", "annotations")}
    status = {key: job["status"][key] for key in ("phase", "finishTime") if key in job["status"]}
    return {"metadata": meta, "status": status}


def _row(host: str, row: Body) -> str:
    made = age(datetime.now(UTC) - datetime.fromisoformat(row["createdAt"]))
    return harmless(f"{host}/{row['name']} {row['state']}, of {row['namespace']}/{row['jobName']}, {made} old")


def _jobs(number: int) -> str:
    return f"{number} job{'' if number == 1 else 's'}"
