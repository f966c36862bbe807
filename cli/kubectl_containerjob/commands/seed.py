"""`kubectl containerjob seed`: samples to look at and to run; a second time nothing changes."""

import json
import re
import sys
from concurrent.futures import ThreadPoolExecutor

import click

from kubectl_containerjob import terminal
from kubectl_containerjob.changing.outcomes import DRY_RUNS, How, telling
from kubectl_containerjob.connection import connected
from kubectl_containerjob.kubectl import HOSTS, JOBS, TEMPLATES, Body, Kubectl, as_list
from kubectl_containerjob.problems import Problem, Refused
from kubectl_containerjob.setup import samples

MANAGER = "kubectl-containerjob-seed"


@click.command(name="seed")
@connected
@click.option("--host-name", default=samples.HOST_NAME, show_default=True, help="Name of the sample host")
@click.option("--endpoint", default=samples.ENDPOINT, show_default=True, help="Endpoint of the sample host")
@click.option("--skip-host", is_flag=True, help="Leave the host out")
@click.option("--demo", is_flag=True, help="Run the sample jobs; without it they are suspended")
@click.option("--delete", is_flag=True, help="Delete what seed made in this namespace, and its host")
@click.option("--force-conflicts", is_flag=True, help="Overwrite what others have changed in a sample since")
@telling("name", "json", "yaml", asks=False)
def command(kubectl: Kubectl, how: How, host_name: str, endpoint: str, **flags: bool) -> None:
    """Create sample hosts, templates and jobs.

    The host admits the namespace that is seeded, and no other. An object of somebody else is never changed.

    \b
    # Make the samples, then run one of them
    kubectl containerjob seed
    kubectl containerjob run sample-hello

    \b
    # Make them and run them all; later, take everything away
    kubectl containerjob seed --demo
    kubectl containerjob seed --delete
    """
    name = None if flags["skip_host"] else host_name
    wanted = samples.Wanted(kubectl.namespace(), name, endpoint, flags["demo"])
    if flags["delete"]:
        _delete(kubectl, wanted, how)
    else:
        _seed(kubectl, wanted, how, force=flags["force_conflicts"])


def _seed(kubectl: Kubectl, wanted: samples.Wanted, how: How, *, force: bool) -> None:
    present, hosts = _read(kubectl, wanted)
    plan = samples.plan(wanted, present, hosts)
    if plan.taken:
        names = ", ".join(map(samples.identity, plan.taken))
        raise Problem(f"{names}: not from seed, and left alone; rename it, or seed another namespace with -n")
    before = {samples.identity(body): body for body in (*present, *hosts)}
    written = _apply(kubectl, plan.apply, how, force=force)
    if how.output in {"json", "yaml"}:
        _print(kubectl, written, how)
        return
    for body, reason in plan.kept:
        _say(body, "unchanged" + (f" ({reason})" if reason else ""), how)
    for body in written:
        old = before.get(samples.identity(body))
        # Before the API server has filled in its defaults, nothing can be told about a change of what is there.
        told = "unchanged" if old is not None and not how.sends else samples.verb(old, body)
        _say(body, told, how)
    if terminal.is_terminal(sys.stdout) and how.dry_run == "none" and not how.output:
        click.echo(
            "Watch them: kubectl containerjob list -w"
            if wanted.demo
            else "Run one: kubectl containerjob run sample-hello"
        )


def _read(kubectl: Kubectl, wanted: samples.Wanted) -> tuple[list[Body], list[Body]]:
    """Read what has a sample's name, and all hosts: another one may have the endpoint already."""
    namespaced = [body for body in samples.manifests(wanted) if body["kind"] != "DockerHost"]
    names = [samples.identity(body) for body in namespaced]
    with ThreadPoolExecutor(1) as beside:
        hosts = beside.submit(kubectl.items, HOSTS["DockerHost"], namespaced=False) if wanted.host_name else None
        found = kubectl.find(*names)
        return list(found["items"]) if found else [], hosts.result() if hosts else []


def _apply(kubectl: Kubectl, bodies: list[Body], how: How, *, force: bool = False) -> list[Body]:
    if not bodies or not how.sends:
        return bodies
    arguments = ["apply", "--server-side", f"--field-manager={MANAGER}", f"--dry-run={how.dry_run}", "-f", "-"]
    if force:
        arguments.append("--force-conflicts")
    try:
        answer = kubectl.json(*arguments, stdin=json.dumps(as_list(bodies)), namespaced=False)
    except Refused as refused:
        raise _explained(refused) from refused
    return list(answer["items"]) if answer["kind"] == "List" else [answer]


def _explained(refused: Refused) -> Problem:
    """Say it in the words of seed where kubectl's are not enough."""
    namespace = re.search(r'namespaces "([^"]+)" not found', refused.message)
    if namespace:
        return Problem(f"there is no namespace {namespace[1]}: `kubectl create namespace {namespace[1]}` makes it")
    if refused.reason == "Conflict":
        return Problem(f"{refused.message}: somebody has changed it since; --force-conflicts overwrites that")
    return refused


def _delete(kubectl: Kubectl, wanted: samples.Wanted, how: How) -> None:
    marked = f"--selector={samples.LABEL}"
    with ThreadPoolExecutor(1) as beside:
        hosts = (
            beside.submit(kubectl.items, HOSTS["DockerHost"], marked, namespaced=False) if wanted.host_name else None
        )
        found = kubectl.items(f"configmaps,{TEMPLATES},{JOBS}", marked)
        mine = [host for host in (hosts.result() if hosts else []) if host["metadata"]["name"] == wanted.host_name]
    gone = [body for body in found if samples.ours(body)]
    for host in filter(samples.ours, mine):
        others = [name for name in samples.admitted(host) if name != wanted.namespace]
        if others:
            _leave(kubectl, host, others, how)
        else:
            gone.append(host)
    if gone and how.sends:
        kubectl.run(
            "delete",
            "-f",
            "-",
            "--ignore-not-found",
            "--wait=false",
            f"--dry-run={how.dry_run}",
            stdin=json.dumps(as_list(gone)),
            namespaced=False,
        )
    for body in gone:
        _say(body, "deleted", how)


def _leave(kubectl: Kubectl, host: Body, others: list[str], how: How) -> None:
    """Take the namespace off a host that samples of other namespaces use."""
    metadata = {key: host["metadata"][key] for key in ("name", "labels", "uid", "resourceVersion")}
    spec = {key: host["spec"][key] for key in ("endpoint", "maxConcurrentJobs")}
    smaller = {
        **{key: host[key] for key in ("apiVersion", "kind")},
        "metadata": metadata,
        "spec": spec | {"allowedNamespaces": samples.admitting(others)},
    }
    _apply(kubectl, [smaller], how)
    _say(host, f"configured (other namespaces use it: {', '.join(others)})", how)


def _say(body: Body, told: str, how: How) -> None:
    name = samples.identity(body)
    click.echo(name if how.output == "name" else f"{name} {told}{DRY_RUNS[how.dry_run]}")


def _print(kubectl: Kubectl, bodies: list[Body], how: How) -> None:
    """Print objects; kubectl writes the YAML, the plugin brings none."""
    if how.output == "json":
        click.echo(json.dumps(as_list(bodies), indent=4))
    else:
        click.echo(
            kubectl.run("create", "--dry-run=client", "-o", "yaml", "-f", "-", stdin=json.dumps(as_list(bodies))),
            nl=False,
        )
