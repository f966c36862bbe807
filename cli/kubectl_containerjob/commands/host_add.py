"""`kubectl containerjob host add`: register an engine as a host."""

import json
import os

import click

from containerjob_api.names import API_VERSION
from kubectl_containerjob.changing.outcomes import How, telling
from kubectl_containerjob.connection import connected
from kubectl_containerjob.kubectl import FIELD_MANAGER, Body, Kubectl
from kubectl_containerjob.problems import Problem
from kubectl_containerjob.setup import docker_contexts
from kubectl_containerjob.setup.remedies import NOBODY_ADMITTED
from kubectl_containerjob.setup.samples import admitting


@click.command(name="add")
@connected
@click.argument("name")
@click.option("--endpoint", metavar="URL", help="Where the engine listens, such as unix:///var/run/docker.sock")
@click.option("--from-docker-context", metavar="CONTEXT", help="Take the endpoint of a context of docker")
@click.option("--max-concurrent", type=click.IntRange(1, 10000), help="Jobs at a time [default: the engine's CPUs]")
@click.option("--allow-namespaces", metavar="NAME,...", help="Namespaces that may use the host [default: none]")
@click.option("--all-namespaces", is_flag=True, help="Let every namespace use the host")
@telling("name", "json", "yaml", asks=False)
def command(kubectl: Kubectl, name: str, how: How, **given: str | int | bool | None) -> None:
    """Register an engine as a host.

    Whoever may run jobs on a host can be root on its machine: no namespace may use it until it is named.

    \b
    # The engine of the operator's own machine, for one namespace
    kubectl containerjob host add builder-1 --endpoint unix:///var/run/docker.sock --allow-namespaces default
    """
    body = manifest(name, _endpoint(given), given)
    arguments = ["create", "-f", "-", f"--dry-run={how.dry_run}", f"--field-manager={FIELD_MANAGER}"]
    arguments += [f"--output={how.output}"] if how.output else []
    click.echo(kubectl.run(*arguments, stdin=json.dumps(body), namespaced=False), nl=False)
    if not how.output and "allowedNamespaces" not in body["spec"]:
        click.echo(NOBODY_ADMITTED.format(name=name), err=True)


def manifest(name: str, endpoint: str, given: dict[str, str | int | bool | None]) -> Body:
    """Return the DockerHost that the options describe."""
    spec: Body = {"endpoint": endpoint}
    if given["max_concurrent"] is not None:
        spec["maxConcurrentJobs"] = given["max_concurrent"]
    if given["all_namespaces"] and given["allow_namespaces"]:
        raise click.UsageError("give --allow-namespaces or --all-namespaces, not both")
    if given["all_namespaces"]:
        spec["allowedNamespaces"] = {"from": "All"}
    if given["allow_namespaces"]:
        spec["allowedNamespaces"] = admitting(filter(None, str(given["allow_namespaces"]).split(",")))
    return {"apiVersion": API_VERSION, "kind": "DockerHost", "metadata": {"name": name}, "spec": spec}


def _endpoint(given: dict[str, str | int | bool | None]) -> str:
    endpoint, context = given["endpoint"], given["from_docker_context"]
    if (endpoint is None) == (context is None):
        raise click.UsageError("give --endpoint or --from-docker-context")
    found = str(endpoint) if endpoint is not None else docker_contexts.endpoint(str(context), os.environ)
    return checked(found)


def checked(endpoint: str) -> str:
    """Return an endpoint that the operator reaches; others are refused with the way round."""
    scheme = endpoint.partition("://")[0]
    if scheme in {"tcp", "ssh", "http", "https"}:
        raise Problem(
            f"endpoint {endpoint}: this version of the operator reaches sockets of its own machine only (unix://);"
            " `kubectl containerjob host bootstrap` prints how to bring another machine's socket there"
        )
    if scheme not in {"unix", "fake"} or "://" not in endpoint:
        raise Problem(f"endpoint {endpoint}: name a socket, such as unix:///var/run/docker.sock")
    return endpoint
