"""`kubectl containerjob suspend`."""

import click

from kubectl_containerjob.changing.changes import Waiting, carry_out, changing
from kubectl_containerjob.changing.outcomes import How
from kubectl_containerjob.connection import connected
from kubectl_containerjob.kubectl import Kubectl
from kubectl_containerjob.selection import Selection, selecting


@click.command(name="suspend")
@selecting
@changing
@connected
@click.pass_context
def command(ctx: click.Context, kubectl: Kubectl, selection: Selection, how: How, waiting: Waiting) -> None:
    """Stop jobs until they are resumed.

    A container that runs is stopped; when the job is resumed, it begins anew in another one.

    \b
    # Keep a job from running for now
    kubectl containerjob suspend report --wait

    \b
    # Suspend all jobs of the namespace
    kubectl containerjob suspend --all -y

    Exit codes: 3 if --error-unchanged is given and nothing had to be changed, 124 if --wait took too long.
    """
    from kubectl_containerjob.changing.wishes import SUSPEND

    ctx.exit(carry_out(kubectl, SUSPEND, selection, how, waiting))
