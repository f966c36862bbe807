"""`kubectl containerjob status`."""

import json
import sys

import click

from kubectl_containerjob import exits
from kubectl_containerjob.connection import connected
from kubectl_containerjob.kubectl import Kubectl
from kubectl_containerjob.terminal import color_option


@click.command(name="status")
@click.option(
    "-A", "--all-namespaces", is_flag=True, help="Count the jobs of every namespace, also where -n is given"
)
@click.option("-o", "--output", type=click.Choice(["json"]), help="Print this instead of the screen")
@color_option
@connected
def command(kubectl: Kubectl, all_namespaces: bool, output: str | None, colour: bool) -> int:
    """Show queue, hosts and operator on one screen.

    Jobs are counted in every namespace; with -n, or where you may not list them all, in one. What you may not read
    is shown as <forbidden>, and the rest is told.

    Exit codes: 0 the operator is alive and at least one host is ready (or you may not read that), 1 otherwise.

    \b
    # Is everything well?
    kubectl containerjob status

    \b
    # Count the jobs of one namespace
    kubectl containerjob status -n reports
    """
    from kubectl_containerjob.screens import overview, plain_text
    from kubectl_containerjob.screens.counting import count

    census = count(kubectl, everywhere=all_namespaces)
    if output is not None:
        click.echo(json.dumps(overview.body(census), indent=2))
    else:
        for line in overview.screen(census, width=plain_text.room(sys.stdout), colour=colour):
            click.echo(line, color=colour)
    return exits.DONE if census.healthy else exits.FAILED
