"""`kubectl containerjob resume`."""

import click

from kubectl_containerjob.changing.changes import Waiting, carry_out, changing
from kubectl_containerjob.changing.outcomes import How
from kubectl_containerjob.connection import connected
from kubectl_containerjob.kubectl import Kubectl
from kubectl_containerjob.selection import Selection, selecting


@click.command(name="resume")
@selecting
@changing
@connected
@click.pass_context
def command(ctx: click.Context, kubectl: Kubectl, selection: Selection, how: How, waiting: Waiting) -> None:
    """Let suspended jobs run.

    \b
    # Let a job run that was suspended or created with --suspend
    kubectl containerjob resume report

    \b
    # Let all jobs of an app run
    kubectl containerjob resume -l app=report -y

    Exit codes: 3 if --error-unchanged is given and nothing had to be changed, 124 if --wait took too long.
    """
    from kubectl_containerjob.changing.wishes import RESUME

    ctx.exit(carry_out(kubectl, RESUME, selection, how, waiting))
