"""Hosts as `kubectl get` prints them: one table for each kind, or one document with all of them."""

import sys
from dataclasses import replace
from typing import Final

import click

from kubectl_containerjob.hosts import DOCKER, named
from kubectl_containerjob.kubectl import HOSTS, Kubectl
from kubectl_containerjob.listing import Listing
from kubectl_containerjob.problems import NO_KINDS, Refused

WATCHES: Final = frozenset({"--watch", "--watch-only"})


def show(kubectl: Kubectl, asked: Listing) -> None:
    """Let kubectl print it; a watch has one kind, since kubectl watches no more at a time."""
    names: dict[str, list[str]] = {}
    for host in map(named, asked.names):
        names.setdefault(host.kind, []).append(host.name)
    if WATCHES & set(asked.switches) or len(names) == 1:
        kind = next(iter(names), DOCKER)
        if len(names) > 1:
            raise click.UsageError("one kind of hosts can be watched at a time: name hosts of one kind")
        replace(asked, names=tuple(names.get(kind, ()))).show(kubectl, HOSTS[kind])
    elif names:
        both = tuple(f"{HOSTS[kind]}/{name}" for kind, found in names.items() for name in found)
        replace(asked, names=()).show(kubectl, *both)
    elif asked.output in {None, "wide"}:
        _tables(kubectl, asked)
    else:
        asked.show(kubectl, ",".join(HOSTS.values()))


def _tables(kubectl: Kubectl, asked: Listing) -> None:
    """Print the DockerHosts, and under them what there is of other kinds."""
    asked.show(kubectl, HOSTS[DOCKER])
    quietly = replace(asked, switches=(*asked.switches, "--ignore-not-found"))
    wanted = [*quietly.arguments(HOSTS["CloudRunHost"]), *([f"--output={asked.output}"] if asked.output else [])]
    try:
        table = kubectl.run(*wanted, namespaced=False)
    except Refused as refused:
        if refused.message != NO_KINDS and refused.reason != "Forbidden":
            raise
        return  # a cluster before its upgrade, or a role that names one kind only
    if table:
        sys.stdout.write(f"\n{table}")
