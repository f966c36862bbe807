"""`kubectl containerjob host show`: a host, its engine, its conditions and the jobs on it."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import click

from kubectl_containerjob import terminal
from kubectl_containerjob.commands.host_test import engine_line
from kubectl_containerjob.connection import connected
from kubectl_containerjob.explaining.surroundings import UNFINISHED
from kubectl_containerjob.hosts import DOCKER, named
from kubectl_containerjob.kubectl import JOBS, Body, Kubectl
from kubectl_containerjob.problems import Refused
from kubectl_containerjob.records import Host, Job
from kubectl_containerjob.screens import durations
from kubectl_containerjob.screens.plain_text import harmless
from kubectl_containerjob.setup.remedies import UNSEEN, nobody_admitted, remedy
from kubectl_containerjob.terminal import color_option

WIDTH = 14
_ICONS = {"True": ("✔", "green"), "False": ("✘", "red"), "Unknown": ("?", "yellow")}


@click.command(name="show", short_help="Show a host, its conditions and the jobs on it.")
@click.argument("name")
@click.option("-o", "--output", metavar="FORMAT", help="Any output format of kubectl get")
@color_option
@connected
def command(kubectl: Kubectl, *, name: str, output: str | None, colour: bool) -> None:
    """Show a host, its conditions with what to do about them, and the jobs on it.

    \b
    # Why does this host take no jobs?
    kubectl containerjob host show builder-1
    """
    host = named(name)
    if output:
        kubectl.show("get", host.resource, host.name, f"--output={output}", namespaced=False)
        return
    with ThreadPoolExecutor(1) as beside:
        jobs = beside.submit(_unfinished, kubectl)
        body = host.find(kubectl)
        if body is None:
            raise host.missing()
        for line in lines(body, jobs.result(), datetime.now(UTC), colour=colour):
            click.echo(line)


def _unfinished(kubectl: Kubectl) -> list[Body] | str:
    """List what may run there; why not, where that may not be read."""
    try:
        return kubectl.items(JOBS, "--all-namespaces", f"--field-selector={UNFINISHED}", namespaced=False)
    except Refused as refused:
        return refused.message


def lines(body: Body, jobs: list[Body] | str, now: datetime, *, colour: bool) -> Iterator[str]:
    """Describe a host."""
    host = Host(body)
    yield _row("Name", host.name)
    yield _row("Endpoint" if host.kind == DOCKER else "Place", host.place)
    yield _row("Age", durations.age(now - host.created))
    yield _row("Slots", f"{host.held} of {'<unknown>' if host.slots is None else host.slots} in use")
    yield _row("New jobs", "kept away (cordoned)" if host.unschedulable else "welcome")
    yield _row("Namespaces", _admits(host.spec.get("allowedNamespaces") or {}))
    if (host.spec.get("allowedNamespaces") or {}).get("from", "None") == "None":
        yield f"  → {nobody_admitted(host.name)}"
    if host.kind == DOCKER:
        yield _row("Engine", engine_line(host.status.get("engine") or {}) or "<unknown>")
    yield _row("Containers", _containers(host))
    yield "Conditions:"
    yield from _conditions(host, now, colour=colour)
    yield "Jobs:"
    yield from _jobs(host, jobs, colour=colour)


def _row(name: str, text: str) -> str:
    return f"{name + ':':<{WIDTH}}{text}"


def _admits(allowed: Body) -> str:
    word = allowed.get("from", "None")
    if word != "Selector":
        return "all" if word == "All" else "<none>"
    selector = allowed.get("selector") or {}
    labels = [f"{key}={value}" for key, value in (selector.get("matchLabels") or {}).items()]
    for each in selector.get("matchExpressions") or ():
        values = f" ({', '.join(each['values'])})" if each.get("values") else ""
        labels.append(f"{each['key']} {each['operator']}{values}")
    return harmless("; ".join(labels)) or "all"


def _containers(host: Host) -> str:
    spec = host.spec
    kept = f"{spec.get('maxRetainedContainers', 200)} finished ones stay at most"
    orphans = host.status.get("orphanedContainers")
    return kept + (f"; {orphans} belong to no job and were left (orphanPolicy.dryRun)" if orphans else "")


def _conditions(host: Host, now: datetime, *, colour: bool) -> Iterator[str]:
    conditions: list[Body] = host.status.get("conditions") or []
    if not conditions:
        yield f"  → {UNSEEN}"
    for each in conditions:
        shape, shade = _ICONS[each["status"]]
        icon = click.style(shape, fg=shade if colour else None)
        since = durations.age(now - datetime.fromisoformat(each["lastTransitionTime"]))
        yield f"  {icon} {each['type']} for {since}: {each['reason']}: {harmless(each.get('message', ''))}"
    todo = remedy(host.reason, host.name, host.spec.get("endpoint")) if conditions else ""
    if todo:
        yield f"  → {todo}"


def _jobs(host: Host, jobs: list[Body] | str, *, colour: bool) -> Iterator[str]:
    if isinstance(jobs, str):
        yield f"  <unknown>: {jobs}"
        return
    bound = sorted(
        (job for job in map(Job, jobs) if job.host == host.name), key=lambda job: (job.namespace, job.name)
    )
    if not bound:
        yield "  <none>"
    for job in bound:
        yield f"  {job.namespace}/{job.name}  {terminal.phase(job.phase, colour=colour)}"
