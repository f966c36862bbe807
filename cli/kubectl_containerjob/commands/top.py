"""`kubectl containerjob top`."""

import json
import sys
import time
from typing import Any, Final

import click

from kubectl_containerjob import exits, terminal
from kubectl_containerjob.connection import connected
from kubectl_containerjob.kubectl import SUBRESOURCES, Body, Kubectl, path_of
from kubectl_containerjob.logs.events import MANY
from kubectl_containerjob.logs.reading import absence, nobody
from kubectl_containerjob.logs.usage_table import ORDERS, Columns, lines, ordered
from kubectl_containerjob.problems import Problem, Refused
from kubectl_containerjob.screens.plain_text import harmless
from kubectl_containerjob.selection import Selection, missing_job, one_job, selecting

PERMISSION: Final = "get containerjobs/stats in group subresources.containerjobs.io"
EVERY_SECONDS: Final = 2.0
_REDRAW: Final = "\x1b[H\x1b[J"
_CLEAR: Final = "\x1b[2J"


@click.command(name="top")
@connected
@selecting
@click.option("--sort-by", type=click.Choice(list(ORDERS)), default="name", show_default=True, help="Order of rows")
@click.option("--no-headers", is_flag=True, help="Leave the line of column names out")
@click.option("-o", "--output", "form", type=click.Choice(["json"]), help="Print what was measured")
@click.option("-w", "--watch", is_flag=True, help="Measure again every 2 seconds, until Ctrl-C")
@terminal.color_option
@click.pass_context
def command(
    ctx: click.Context, /, kubectl: Kubectl, selection: Selection, *, colour: bool, watch: bool, **given: Any
) -> None:
    """Show what running jobs use.

    \b
    # Show the running jobs of the namespace, the hungriest first
    kubectl containerjob top --sort-by memory
    # Keep an eye on all of them
    kubectl containerjob top -A -w

    CPU counts in thousandths of a CPU, as kubectl top does; LIMIT% is the part of the memory that may be used, of the
    host's where the job sets no limit.

    Needs: get containerjobs/stats in group subresources.containerjobs.io.
    """
    if len(selection.names) > 1:
        raise click.UsageError("give one name; for several jobs at once use -l SELECTOR, --all or nothing")
    if selection.names or (selection.selector and selection.everything):
        selection.check()
    if watch and given["form"]:
        raise click.UsageError("-o json shows one moment: leave -w out")
    person = terminal.is_terminal(sys.stdout)
    columns = Columns(selection.all_namespaces, not given["no_headers"], bars=colour and person)
    path = _path(kubectl, selection)
    if not watch:
        _show(_measured(kubectl, selection, path), columns, given, nobody_runs=_nobody_runs(selection))
        return
    try:
        if person:
            click.echo(_CLEAR, nl=False)
        while True:
            items = _measured(kubectl, selection, path)
            if person:
                click.echo(_REDRAW, nl=False)
            _show(items, columns, given, nobody_runs=_nobody_runs(selection))
            time.sleep(EVERY_SECONDS)
    except KeyboardInterrupt:
        ctx.exit(exits.DETACHED)


def _path(kubectl: Kubectl, selection: Selection) -> str:
    namespace = None if selection.all_namespaces else kubectl.namespace()
    name = one_job(selection.names[0]) if selection.names else MANY
    return path_of("containerjobs", namespace, f"{name}/stats", base=SUBRESOURCES)


def _measured(kubectl: Kubectl, selection: Selection, path: str) -> list[Body]:
    """Ask once, for one job or for many, and return what was found."""
    try:
        answer = kubectl.raw(path, {"labelSelector": selection.selector})
    except Refused as refused:
        if nobody(refused):
            raise Problem(f"nothing can be measured: {absence(refused)}") from refused
        if refused.reason == "Forbidden":
            raise Problem(
                f"you may not see what jobs use, which needs `{PERMISSION}`: ask an administrator for it"
            ) from refused
        if refused.reason == "NotFound" and selection.names:
            raise missing_job(one_job(selection.names[0])) from refused
        raise
    if selection.names:
        name = one_job(selection.names[0])
        answer = {"items": [{"namespace": kubectl.namespace(), "name": name, **answer}]}
    return list(answer["items"])


def _nobody_runs(selection: Selection) -> str:
    return f"{one_job(selection.names[0])} is not running" if selection.names else "No jobs are running"


def _show(items: list[Body], columns: Columns, given: dict[str, Any], *, nobody_runs: str) -> None:
    found = ordered([item for item in items if item.get("usage")], given["sort_by"])
    failed = [item for item in items if item.get("message")]
    for item in failed:
        click.echo(f"{harmless(item['name'])} could not be measured: {harmless(item['message'])}", err=True)
    if given["form"]:
        click.echo(json.dumps({"items": found}, indent=4))
    elif found:
        click.echo("\n".join(lines(found, columns)))
    elif not failed:
        click.echo(nobody_runs, err=True)
