"""`kubectl containerjob version`."""

import importlib.metadata

import click

from containerjob_api.names import API_VERSION
from containerjob_local.binaries.releases import ETCD_VERSION, KUBERNETES_VERSION


@click.command(name="version")
def command() -> None:
    """Show the versions of the plugin and of what it brings."""
    try:
        plugin = importlib.metadata.version("containerjob")
    except importlib.metadata.PackageNotFoundError:  # run from a checkout
        plugin = "not installed"
    click.echo(f"plugin         {plugin}")
    click.echo(f"API            {API_VERSION}")
    click.echo(f"control plane  Kubernetes {KUBERNETES_VERSION}, etcd {ETCD_VERSION}")
