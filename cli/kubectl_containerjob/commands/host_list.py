"""`kubectl containerjob host list`."""

import click

from kubectl_containerjob.connection import connected
from kubectl_containerjob.host_tables import show
from kubectl_containerjob.kubectl import Kubectl
from kubectl_containerjob.listing import Listing, listing


@click.command(name="list")
@connected
@listing
def command(kubectl: Kubectl, asked: Listing) -> None:
    """List hosts as kubectl get does.

    \b
    # Every host, with its endpoint
    kubectl containerjob host list -o wide

    \b
    # One of each kind
    kubectl containerjob host list builder-1 cloudrunhost/europe
    """
    show(kubectl, asked)
