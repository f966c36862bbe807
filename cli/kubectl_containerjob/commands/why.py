"""`kubectl containerjob why`."""

import dataclasses
import json
import sys
from datetime import UTC, datetime

import click

from kubectl_containerjob import exits
from kubectl_containerjob.connection import connected
from kubectl_containerjob.kubectl import Kubectl
from kubectl_containerjob.selection import Selection, none_found, selecting
from kubectl_containerjob.terminal import color_option


@click.command(name="why")
@selecting
@click.option("-o", "--output", type=click.Choice(["json"]), help="Print this: an object for one name, else a list")
@color_option
@connected
def command(kubectl: Kubectl, selection: Selection, output: str | None, colour: bool) -> int:
    """Say why jobs are where they are, and what would move them.

    It tells which hosts a waiting job could use and why each does not take it, until when a job pauses, what ended
    it, and the command or the change that helps. Who may not list DockerHosts gets the answer without them.

    \b
    # Why does this job not start?
    kubectl containerjob why nightly

    \b
    # Explain every job of every namespace, for a script
    kubectl containerjob why -A -o json
    """
    from kubectl_containerjob.explaining import answers, reasons
    from kubectl_containerjob.explaining.surroundings import gather
    from kubectl_containerjob.explaining.waiting import Surroundings
    from kubectl_containerjob.records import Job
    from kubectl_containerjob.screens import plain_text

    selection = selection.looking()
    jobs = [Job(body) for body in selection.jobs(kubectl)]
    asking = {job.namespace for job in jobs if reasons.asks_hosts(job)}
    around = gather(kubectl, asking) if asking else Surroundings()
    now = datetime.now(UTC)
    said = [reasons.explain(job, around, now) for job in jobs]
    if output is not None:
        bodies = [dataclasses.asdict(one) for one in said]
        click.echo(json.dumps(bodies[0] if len(selection.names) == 1 else bodies, indent=2))
        return exits.DONE
    if not said:
        none_found(kubectl, all_namespaces=selection.all_namespaces)
    width = plain_text.room(sys.stdout)
    for number, one in enumerate(said):
        if number:
            click.echo()
        for line in answers.lines(one, width=width, colour=colour, with_namespace=selection.all_namespaces):
            click.echo(line, color=colour)
    return exits.DONE
