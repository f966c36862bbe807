"""`kubectl containerjob cleanup`."""

from typing import Any

import click

from kubectl_containerjob.changing.outcomes import How, telling
from kubectl_containerjob.connection import connected
from kubectl_containerjob.kubectl import Kubectl
from kubectl_containerjob.values.phase_option import Outcomes
from kubectl_containerjob.values.spans import SPAN


@click.command(name="cleanup")
@click.argument("hosts", metavar="[HOST]...", nargs=-1)
@click.option("-l", "--selector", metavar="QUERY", help="Only jobs whose labels match, such as app=report")
@click.option("-A", "--all-namespaces", is_flag=True, help="Jobs of every namespace")
@click.option(
    "--older-than", type=SPAN, default="24h", show_default=True, help="Only jobs that have been finished for so long"
)
@click.option(
    "--phase", "phases", type=Outcomes(), metavar="PHASES", help="Only these outcomes, such as Succeeded,Failed"
)
@click.option(
    "--keep", type=click.IntRange(min=0), default=0, metavar="N", help="Leave the N newest of them in each namespace"
)
@click.option(
    "--include-managed", is_flag=True, help="Take also what Argo CD, Flux or Helm would create and run again"
)
@click.option("--orphans", is_flag=True, help="Show what hosts have that belongs to no job, and delete nothing")
@telling("name")
@connected
@click.pass_context
def command(
    ctx: click.Context, /, kubectl: Kubectl, how: How, hosts: tuple[str, ...], orphans: bool, **asked: Any
) -> None:
    """Delete finished jobs and what they left.

    What has not finished is never deleted. The operator removes the containers of deleted jobs, and by itself those
    that belong to no job any more: --orphans shows them, on all hosts or on the ones named.

    \b
    # See what would go, then delete jobs that finished a day ago or earlier
    kubectl containerjob cleanup --dry-run=client
    kubectl containerjob cleanup -y

    \b
    # Delete what succeeded more than an hour ago, but for the 10 newest
    kubectl containerjob cleanup --older-than 1h --phase Succeeded --keep 10 -y

    \b
    # Show containers that belong to no job
    kubectl containerjob cleanup --orphans
    """
    from kubectl_containerjob.changing import cleanups

    if orphans:
        ctx.exit(cleanups.show_orphans(kubectl, hosts))
    if hosts:
        raise click.UsageError("cleanup takes names of hosts only with --orphans: to delete jobs by name, use delete")
    where = cleanups.Where(asked["selector"], all_namespaces=asked["all_namespaces"])
    phases = asked["phases"] or frozenset()
    rule = cleanups.Rule(asked["older_than"], phases, asked["keep"], include_managed=asked["include_managed"])
    ctx.exit(cleanups.clean(kubectl, where, rule, how))
