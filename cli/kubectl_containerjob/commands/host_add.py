"""`kubectl containerjob host add`: register an engine as a host."""

import json
import os

import click

from containerjob_api.names import API_VERSION, host_text
from kubectl_containerjob.changing.outcomes import How, telling
from kubectl_containerjob.connection import connected
from kubectl_containerjob.hosts import named
from kubectl_containerjob.kubectl import FIELD_MANAGER, Body, Kubectl
from kubectl_containerjob.problems import Problem
from kubectl_containerjob.setup import docker_contexts
from kubectl_containerjob.setup.remedies import nobody_admitted
from kubectl_containerjob.setup.samples import admitting


@click.command(name="add")
@connected
@click.argument("name")
@click.option("--endpoint", metavar="URL", help="Where the engine listens, such as unix:///var/run/docker.sock")
@click.option("--from-docker-context", metavar="CONTEXT", help="Take the endpoint of a context of docker")
@click.option("--project", metavar="ID", help="Google Cloud project, for a CloudRunHost; with --location")
@click.option("--location", metavar="REGION", help="Region of Cloud Run, such as europe-west1")
@click.option("--service-account", metavar="EMAIL", help="Identity of tasks on Cloud Run [default: the project's]")
@click.option("--secret", metavar="NAME", help="Secret of the operator's namespace with a key.json for Google")
@click.option("--impersonate", metavar="EMAIL", help="Service account that the operator acts as for Google")
@click.option(
    "--max-concurrent",
    type=click.IntRange(1, 10000),
    help="Jobs at a time [default: the engine's CPUs; 100 on Cloud Run]",
)
@click.option("--allow-namespaces", metavar="NAME,...", help="Namespaces that may use the host [default: none]")
@click.option("--all-namespaces", is_flag=True, help="Let every namespace use the host")
@telling("name", "json", "yaml", asks=False)
def command(kubectl: Kubectl, name: str, how: How, **given: str | int | bool | None) -> None:
    """Register an engine, or a region of Cloud Run, as a host.

    Whoever may run jobs on a host can be root on its machine: no namespace may use it until it is named.

    \b
    # The engine of the operator's own machine, for one namespace
    kubectl containerjob host add builder-1 --endpoint unix:///var/run/docker.sock --allow-namespaces default

    \b
    # A region of Google Cloud Run, for every namespace
    kubectl containerjob host add europe --project my-project --location europe-west1 --all-namespaces
    """
    body = manifest(name, given)
    arguments = ["create", "-f", "-", f"--dry-run={how.dry_run}", f"--field-manager={FIELD_MANAGER}"]
    arguments += [f"--output={how.output}"] if how.output else []
    click.echo(kubectl.run(*arguments, stdin=json.dumps(body), namespaced=False), nl=False)
    if not how.output and "allowedNamespaces" not in body["spec"]:
        click.echo(nobody_admitted(host_text(body["kind"], body["metadata"]["name"])), err=True)


Given = dict[str, str | int | bool | None]
_CLOUD_RUN = ("project", "location", "service_account", "secret", "impersonate")


def manifest(name: str, given: Given) -> Body:
    """Return the host that the options describe: a CloudRunHost where one of them is about Cloud Run."""
    cloud_run = any(given[option] is not None for option in _CLOUD_RUN)
    spec: Body = _place(given) if cloud_run else {"endpoint": _endpoint(given)}
    if given["max_concurrent"] is not None:
        spec["maxConcurrentJobs"] = given["max_concurrent"]
    if given["all_namespaces"] and given["allow_namespaces"]:
        raise click.UsageError("give --allow-namespaces or --all-namespaces, not both")
    if given["all_namespaces"]:
        spec["allowedNamespaces"] = {"from": "All"}
    if given["allow_namespaces"]:
        spec["allowedNamespaces"] = admitting(filter(None, str(given["allow_namespaces"]).split(",")))
    kind = "CloudRunHost" if cloud_run else "DockerHost"
    return {"apiVersion": API_VERSION, "kind": kind, "metadata": {"name": named(name).name}, "spec": spec}


def _place(given: Given) -> Body:
    if given["endpoint"] is not None or given["from_docker_context"] is not None:
        raise click.UsageError("give the endpoint of an engine, or --project and --location of Cloud Run; not both")
    if given["project"] is None or given["location"] is None:
        raise click.UsageError("give --project and --location: a host on Cloud Run is one region of one project")
    if given["secret"] is not None and given["impersonate"] is not None:
        raise click.UsageError("give --secret or --impersonate, not both")
    spec: Body = {"project": given["project"], "location": given["location"]}
    if given["service_account"] is not None:
        spec["serviceAccount"] = given["service_account"]
    if given["secret"] is not None:
        spec["credentials"] = {"secretRef": {"name": given["secret"]}}
    if given["impersonate"] is not None:
        spec["credentials"] = {"impersonateServiceAccount": given["impersonate"]}
    return spec


def _endpoint(given: Given) -> str:
    endpoint, context = given["endpoint"], given["from_docker_context"]
    if (endpoint is None) == (context is None):
        raise click.UsageError("give --endpoint or --from-docker-context, or --project and --location of Cloud Run")
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
