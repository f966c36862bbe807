"""`kubectl containerjob cancel`."""

import click

from kubectl_containerjob.changing.changes import Waiting, carry_out, changing
from kubectl_containerjob.changing.outcomes import How
from kubectl_containerjob.connection import connected
from kubectl_containerjob.kubectl import Kubectl
from kubectl_containerjob.selection import Selection, selecting


@click.command(name="cancel")
@selecting
@changing
@connected
@click.pass_context
def command(ctx: click.Context, kubectl: Kubectl, selection: Selection, how: How, waiting: Waiting) -> None:
    """Stop jobs; their records stay.

    A job that was cancelled before is unchanged; one that has finished otherwise is an error when it is named, and
    left out when it is selected.

    \b
    # Stop a job, and wait until its container has ended
    kubectl containerjob cancel report --wait

    \b
    # Stop all jobs of an app, after a look at which they are
    kubectl containerjob cancel -l app=report --dry-run=client
    kubectl containerjob cancel -l app=report -y

    Exit codes: 3 if --error-unchanged is given and nothing had to be changed, 124 if --wait took too long.
    """
    from kubectl_containerjob.changing.wishes import CANCEL

    ctx.exit(carry_out(kubectl, CANCEL, selection, how, waiting))
