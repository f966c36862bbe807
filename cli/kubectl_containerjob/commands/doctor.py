"""`kubectl containerjob doctor`: what is wrong between the person and a running job, and what to do about it."""

import json
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

import click

from kubectl_containerjob import exits
from kubectl_containerjob.connection import connected
from kubectl_containerjob.explaining import surroundings
from kubectl_containerjob.kubectl import API, SUBRESOURCES, Body, Kubectl, as_list, documents, path_of
from kubectl_containerjob.problems import Problem, Refused
from kubectl_containerjob.records import Host
from kubectl_containerjob.screens.census import Operator
from kubectl_containerjob.screens.counting import operator_seen
from kubectl_containerjob.setup import checks, versions
from kubectl_containerjob.setup.checks import BAD, COLOURS, DOUBTFUL, ICONS, Check
from kubectl_containerjob.terminal import color_option

T = TypeVar("T")


@click.command(
    name="doctor", epilog="Exit codes: 0 nothing is wrong, 1 something is (✘); what is doubtful (!) is no failure."
)
@connected
@click.option("-o", "--output", type=click.Choice(["json"]), help="Print this instead of lines")
@color_option
def command(kubectl: Kubectl, output: str | None, colour: bool) -> None:
    """Check the cluster, the operator, its hosts and your permissions.

    \b
    # Nothing runs: why?
    kubectl containerjob doctor
    """
    found = list(examine(kubectl))
    if output:
        click.echo(json.dumps({"checks": [check.as_json() for check in found]}, indent=2))
    else:
        for check in found:
            icon = click.style(ICONS[check.state], fg=COLOURS[check.state]) if colour else ICONS[check.state]
            click.echo(f"{icon} {check.name}: {check.detail}")
            if check.remedy:
                click.echo(f"  → {check.remedy}")
    if any(check.state == BAD for check in found):
        sys.exit(exits.FAILED)


def examine(kubectl: Kubectl) -> Iterator[Check]:
    """Ask everything at once; without kubectl, or without a cluster, the rest has no answer."""
    try:
        client = versions.client(kubectl)
    except Problem as problem:
        yield Check("kubectl", BAD, problem.message)
        return
    try:
        server = versions.server(kubectl)
    except Problem as problem:
        yield checks.kubectl_version(client, None)
        yield Check("cluster", BAD, problem.message)
        return
    yield checks.kubectl_version(client, server)
    yield Check("cluster", checks.GOOD, f"Kubernetes {server} answers")
    yield from _inside(kubectl)


def _inside(kubectl: Kubectl) -> Iterator[Check]:
    with ThreadPoolExecutor(8) as beside:

        def ask(question: Callable[[Kubectl], T]) -> "Future[T]":
            return beside.submit(question, kubectl)

        kinds, fields, rights = ask(_kinds), ask(_fields), ask(_reviews)
        operator, log_api, hosts, version = ask(_operator), ask(_log_api), ask(_hosts), ask(versions.operator)
        known = checks.kinds(kinds.result())
        yield known
        if known.state == BAD:
            yield checks.operator(operator.result())
            return
        yield checks.fields(fields.result())
        yield from _permissions(rights)
        yield checks.operator(operator.result())
        yield checks.versions(versions.plugin(), version.result())
        yield checks.log_api(log_api.result())
        yield from checks.hosts(hosts.result())


def _permissions(answers: "Future[list[Body]]") -> Iterator[Check]:
    try:
        yield from checks.permissions(answers.result())
    except Problem as problem:
        yield Check("permission", DOUBTFUL, f"not known: {problem.message}")


def _kinds(kubectl: Kubectl) -> Body | None:
    try:
        return kubectl.raw(API)
    except Refused:
        return None


def _fields(kubectl: Kubectl) -> str | None:
    """Select by one field after the other: the first one that can't be selected is named, and the others with it."""
    refusals = []
    for field in checks.SELECTABLE:
        try:
            query = {"fieldSelector": f"{field}=x", "limit": 1}
            kubectl.raw(path_of("containerjobs", kubectl.namespace()), query)
        except Refused as refused:
            refusals.append(refused.message)
            if refused.reason == "Forbidden":
                break
    return "; ".join(refusals) or None


def _reviews(kubectl: Kubectl) -> list[Body]:
    bodies = as_list(checks.reviews(kubectl.namespace()))
    return documents(kubectl.run("create", "-f", "-", "-o", "json", stdin=json.dumps(bodies), namespaced=False))


def _operator(kubectl: Kubectl) -> Operator | None:
    try:
        return operator_seen(kubectl)
    except Refused:
        return None


def _log_api(kubectl: Kubectl) -> str | None:
    """Ask for its discovery document, as every user may: 404 says that there is none, 503 that nobody serves it."""
    try:
        kubectl.raw(SUBRESOURCES)
    except Refused as refused:
        return {"Unknown": "absent", "NotFound": "absent", "Forbidden": None}.get(refused.reason, refused.message)
    return "available"


def _hosts(kubectl: Kubectl) -> tuple[Host, ...] | None:
    return surroundings.readable(lambda: surroundings.hosts(kubectl))
