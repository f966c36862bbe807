"""`kubectl containerjob host`: the machines that jobs run on."""

import click

from kubectl_containerjob.commands import host_add, host_bootstrap, host_cordon, host_list, host_show, host_test


@click.group(name="host")
def command() -> None:
    """Show, add, test and cordon hosts.

    \b
    # See which hosts there are, and whether one answers
    kubectl containerjob host list
    kubectl containerjob host test local-docker
    """


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
