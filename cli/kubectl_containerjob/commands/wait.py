"""`kubectl containerjob wait`."""

from datetime import timedelta

import click

from kubectl_containerjob.connection import connected
from kubectl_containerjob.kubectl import Kubectl
from kubectl_containerjob.selection import Selection, none_found, selecting
from kubectl_containerjob.values.spans import SPAN


@click.command(name="wait")
@selecting
@click.option(
    "--for",
    "goal",
    type=click.Choice(["finished", "succeeded", "running", "delete"]),
    default="finished",
    show_default=True,
    help="What to wait for",
)
@click.option(
    "--timeout", type=SPAN, metavar="DURATION", help="How long at most, such as 10m, 0 to look once; else for ever"
)
@click.option("--any", "first", is_flag=True, help="Wait for the first one only")
@click.option("--exit-code", "own_code", is_flag=True, help="End with the exit code of the one job's container")
@connected
@click.pass_context
def command(
    ctx: click.Context,
    kubectl: Kubectl,
    selection: Selection,
    goal: str,
    timeout: timedelta | None,
    first: bool,
    own_code: bool,
) -> None:
    """Wait until jobs have finished.

    A selection means the jobs that there are at the start; --for=delete is content with names that are gone already.

    \b
    # Wait for a job, and end with its container's own exit code
    kubectl containerjob wait report --exit-code

    \b
    # Wait until every job of an app has succeeded, for an hour at most
    kubectl containerjob wait -l app=report --for=succeeded --timeout=1h

    Exit codes: 0 all are there (and, where their end was waited for, succeeded), 1 not all, 124 the time is up;
    with --exit-code the container's own, 124 deadline, 125 it never ran to an end of its own.
    """
    from kubectl_containerjob.changing.awaiting import FOR_EVER, Goal, Terms, wait_for

    if own_code and (selection.bulk or len(selection.names) != 1 or goal != "finished"):
        raise click.UsageError("--exit-code is one job's: give one name, and wait for its end")
    selection = selection.looking()
    jobs, missing = selection.found(kubectl)
    if missing and goal != Goal.DELETE:
        raise missing[0]
    if not jobs and selection.bulk:
        none_found(kubectl, all_namespaces=selection.all_namespaces)
    terms = Terms(Goal(goal), FOR_EVER if timeout is None else timeout, first, own_code)
    ctx.exit(wait_for(kubectl, jobs, terms))
