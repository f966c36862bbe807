"""`kubectl containerjob version`."""

import json
from concurrent.futures import ThreadPoolExecutor

import click

from containerjob_api.names import API_VERSION
from kubectl_containerjob.connection import connected
from kubectl_containerjob.kubectl import Kubectl
from kubectl_containerjob.problems import Problem
from kubectl_containerjob.setup import versions

_NAMES = {
    "plugin": "plugin",
    "api": "API",
    "controlPlane": "control plane",
    "kubectl": "kubectl",
    "server": "API server",
    "operator": "operator",
}


@click.command(name="version")
@connected
@click.option("--client", is_flag=True, help="Ask nobody: only what is on this machine")
@click.option("-o", "--output", type=click.Choice(["json"]), help="Print this instead of lines")
def command(kubectl: Kubectl, client: bool, output: str | None) -> None:
    """Show the versions of the plugin and of what it talks to.

    What can't be asked is <unknown>; `kubectl containerjob doctor` says why.

    \b
    # What is on this machine
    kubectl containerjob version --client
    """
    from containerjob_local.binaries.releases import ETCD_VERSION, KUBERNETES_VERSION

    found = {
        "plugin": versions.plugin(),
        "api": API_VERSION,
        "controlPlane": f"Kubernetes {KUBERNETES_VERSION}, etcd {ETCD_VERSION}",
    }
    if not client:
        found |= _asked(kubectl)
    if output:
        click.echo(json.dumps(found, indent=2))
        return
    for key, version in found.items():
        click.echo(f"{_NAMES[key]:<13}  {version}")


def _asked(kubectl: Kubectl) -> dict[str, str]:
    questions = {"kubectl": versions.client, "server": versions.server, "operator": versions.operator}

    def answer(key: str) -> str:
        try:
            return questions[key](kubectl)
        except Problem:
            return versions.UNKNOWN

    with ThreadPoolExecutor() as beside:
        return dict(zip(questions, beside.map(answer, questions), strict=True))
