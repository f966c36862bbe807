"""`kubectl containerjob list`: what `kubectl get` prints, some shorter filters, and CSV."""

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

import click

from kubectl_containerjob.connection import connected
from kubectl_containerjob.kubectl import JOBS, Kubectl, parsed
from kubectl_containerjob.listing import Listing, listing
from kubectl_containerjob.problems import Problem, Refused

if TYPE_CHECKING:
    from containerjob_api.phases import Phase

CSV: Final = "csv"
HEADER: Final = (
    *("NAMESPACE", "NAME", "PHASE", "HOST", "ATTEMPTS", "EXIT CODE", "CREATED", "STARTED", "FINISHED", "REASON"),
)
_TABLES_ONLY: Final = frozenset({"--watch", "--watch-only", "--output-watch-events", "--show-labels", "--show-kind"})


def _phases(_ctx: click.Context, _param: click.Parameter, given: tuple[str, ...]) -> "frozenset[Phase]":
    """Read the names of phases, however they are capitalised."""
    if not given:
        return frozenset()
    from containerjob_api.phases import Phase

    known = {phase.lower(): phase for phase in Phase}
    asked = [word.strip() for text in given for word in text.split(",")]
    unknown = [word for word in asked if word.lower() not in known]
    if unknown:
        raise click.UsageError(f"there is no phase {unknown[0]!r}: --phase takes {', '.join(Phase)}")
    return frozenset(known[word.lower()] for word in asked)


@click.command(name="list")
@connected
@listing
@click.option("--phase", "phases", metavar="PHASES", multiple=True, callback=_phases, help="Jobs in these phases")
@click.option("--active", is_flag=True, help="Jobs that have not finished")
@click.option("--finished", is_flag=True, help="Jobs that have finished, however they did")
def command(kubectl: Kubectl, asked: Listing, phases: "frozenset[Phase]", active: bool, finished: bool) -> None:
    """List jobs as kubectl get does, with any format, and as CSV with -o csv.

    \b
    # List the jobs of this namespace
    kubectl containerjob list

    \b
    # Watch what runs or waits to run, everywhere
    kubectl containerjob list -A --active -w

    \b
    # Take what failed into a spreadsheet
    kubectl containerjob list --phase=Failed,TimedOut -o csv
    """
    if active and finished:
        raise click.UsageError("--active and --finished exclude each other: give one, or neither for all jobs")
    chosen = asked.selecting(_fields(phases, active=active, finished=finished))
    try:
        if asked.output == CSV:
            _csv(kubectl, chosen)
        else:
            chosen.show(kubectl, JOBS)
    except Refused as refused:
        if "field label not supported: status.phase" in refused.message:
            raise Problem("this cluster cannot select by phase: apply crds/ of the plugin's version") from refused
        raise


def _fields(phases: "frozenset[Phase]", *, active: bool, finished: bool) -> list[str]:
    """Return what the API server selects by; it knows no `or`, but every phase that is not wanted can be left out."""
    fields = ["status.finished!=true"] if active else []
    fields += ["status.finished=true"] if finished else []
    if not phases:
        return fields
    from containerjob_api.phases import Phase

    if len(phases) == 1:
        return [*fields, f"status.phase={min(phases)}"]
    return [*fields, *(f"status.phase!={phase}" for phase in Phase if phase not in phases)]


def _csv(kubectl: Kubectl, asked: Listing) -> None:
    import csv

    wrong = [flag for flag in asked.switches if flag in _TABLES_ONLY]
    wrong += [flag for flag, _ in asked.values if flag == "--label-columns"]
    if wrong:
        raise click.UsageError(f"-o csv cannot be used with {wrong[0]}")
    bare = Listing(asked.names, None, tuple(flag for flag in asked.switches if flag != "--no-headers"), asked.values)
    text = kubectl.run(*bare.arguments(JOBS), "-o", "json")
    writer = csv.writer(sys.stdout, lineterminator="\n")
    if "--no-headers" not in asked.switches:
        writer.writerow(HEADER)
    writer.writerows(_rows(parsed(text) if text else {"items": []}))


def _rows(answer: dict[str, Any]) -> Iterator[tuple[Any, ...]]:
    """Yield what the columns say of each job; kubectl answers with a list, or with one job alone."""
    from kubectl_containerjob.records import Job

    for job in map(Job, answer.get("items", [answer])):
        status, created = job.status, job.body["metadata"]["creationTimestamp"]
        yield (
            *(job.namespace, job.name, job.phase, job.host),
            *(status.get("attemptCount", 0), status.get("exitCode", "")),
            *(created, status.get("startTime", ""), status.get("finishTime", "")),
            job.reason,
        )
