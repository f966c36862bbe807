"""`kubectl containerjob delete`."""

from datetime import timedelta

import click

from kubectl_containerjob.changing.changes import timeout_option
from kubectl_containerjob.changing.outcomes import How, telling
from kubectl_containerjob.connection import connected
from kubectl_containerjob.kubectl import Kubectl
from kubectl_containerjob.selection import Selection, selecting


@click.command(name="delete")
@selecting
@telling("name")
@click.option("--wait", is_flag=True, help="Stop the jobs first, and wait until their containers are gone")
@timeout_option
@click.option("--ignore-not-found", is_flag=True, help="A name that does not exist is no error")
@connected
@click.pass_context
def command(
    ctx: click.Context,
    kubectl: Kubectl,
    selection: Selection,
    how: How,
    wait: bool,
    timeout: timedelta,
    ignore_not_found: bool,
) -> None:
    """Delete jobs and stop what they run.

    The records go at once, and the operator then stops and removes the containers. With --wait each job is cancelled
    first and deleted when its container was seen to have ended; then the hosts are asked, through the operator's log
    API, until they have removed the containers. Who may not ask that is told so.

    \b
    # Delete a job; its container is stopped behind it
    kubectl containerjob delete report

    \b
    # Delete a job, and return when its container is gone
    kubectl containerjob delete report --wait --timeout 2m

    \b
    # Delete all jobs of an app
    kubectl containerjob delete -l app=report -y

    Exit codes: 124 if --wait took too long.
    """
    from kubectl_containerjob.changing.deletions import Deleting, delete

    ctx.exit(delete(kubectl, selection, how, Deleting(wait, timeout, ignore_not_found)))
