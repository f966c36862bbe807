"""`kubectl containerjob host`: the machines that jobs run on."""

from typing import Any

import click

from kubectl_containerjob.commands import host_add, host_bootstrap, host_cordon, host_list, host_show, host_test
from kubectl_containerjob.connection import options, remember


@click.group(name="host")
@options
@click.pass_context
def command(ctx: click.Context, /, **given: Any) -> None:
    """Show, add, test and cordon hosts.

    \b
    # See which hosts there are, and whether one answers
    kubectl containerjob host list
    kubectl containerjob host test local-docker
    """
    remember(ctx, given)


for _verb in (
    host_add.command,
    host_bootstrap.command,
    host_cordon.cordon,
    host_list.command,
    host_show.command,
    host_test.command,
    host_cordon.uncordon,
):
    command.add_command(_verb)
