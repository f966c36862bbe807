"""`kubectl containerjob host cordon` and `uncordon`: keep new jobs away, and let them in again."""

import json
import sys
from collections.abc import Callable
from typing import Any

import click

from kubectl_containerjob import exits
from kubectl_containerjob.changing.outcomes import DRY_RUNS, How, telling
from kubectl_containerjob.connection import connected
from kubectl_containerjob.kubectl import FIELD_MANAGER, HOSTS, Body, Kubectl
from kubectl_containerjob.objects import without_bookkeeping, written
from kubectl_containerjob.problems import Refused
from kubectl_containerjob.selection import bare
from kubectl_containerjob.setup.remedies import missing_host

_NO_CHANGE = "patched (no change)"


def _setting(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add what both verbs take."""
    names = click.argument("names", metavar="NAME...", nargs=-1, required=True)
    text = "Exit with code 3 if nothing had to be changed"
    return names(
        click.option("--error-unchanged", is_flag=True, help=text)(
            telling("name", "json", "yaml", asks=False)(command)
        )
    )


@click.command(name="cordon")
@connected
@_setting
def cordon(kubectl: Kubectl, names: tuple[str, ...], error_unchanged: bool, how: How) -> None:
    """Keep new jobs away from hosts; running ones go on.

    \b
    # Before maintenance of a machine
    kubectl containerjob host cordon builder-1
    """
    sys.exit(_set(kubectl, names, unschedulable=True, how=how, error_unchanged=error_unchanged))


@click.command(name="uncordon")
@connected
@_setting
def uncordon(kubectl: Kubectl, names: tuple[str, ...], error_unchanged: bool, how: How) -> None:
    """Let new jobs run on hosts again.

    \b
    # After maintenance of a machine
    kubectl containerjob host uncordon builder-1
    """
    sys.exit(_set(kubectl, names, unschedulable=False, how=how, error_unchanged=error_unchanged))


def _set(kubectl: Kubectl, names: tuple[str, ...], *, unschedulable: bool, how: How, error_unchanged: bool) -> int:
    """Set it on each host and return the exit code; one that is missing does not spare the others."""
    failed = False
    changed = 0
    hosts: list[Body] = []
    for name in map(bare, names):
        try:
            changed += _set_one(kubectl, name, unschedulable, how, hosts)
        except Refused as refused:
            failed = True
            (missing_host(name) if refused.reason == "NotFound" else refused).show()
    if hosts:
        click.echo(written(kubectl, hosts, how.output or "json"), nl=False)
    if failed:
        return exits.FAILED
    return exits.UNCHANGED if error_unchanged and not changed else exits.DONE


def _set_one(kubectl: Kubectl, name: str, unschedulable: bool, how: How, hosts: list[Body]) -> bool:
    """Set it on one host, tell of it or keep the host for -o json and -o yaml, and say whether that changed it."""
    patch = json.dumps({"spec": {"unschedulable": unschedulable}})
    arguments = ["patch", HOSTS, name, "--type=merge", f"--patch={patch}", f"--dry-run={how.dry_run}"]
    arguments.append(f"--field-manager={FIELD_MANAGER}")
    if how.output in {"json", "yaml"}:
        before = kubectl.json("get", HOSTS, name, namespaced=False)
        hosts.append(without_bookkeeping(kubectl.json(*arguments, namespaced=False)))
        return bool(before["spec"].get("unschedulable", False)) != unschedulable
    changed = _NO_CHANGE not in kubectl.run(*arguments, namespaced=False)
    told = ("cordoned" if unschedulable else "uncordoned") if changed else "unchanged"
    what = f"dockerhost.containerjobs.io/{name}"
    click.echo(what if how.output == "name" else f"{what} {told}{DRY_RUNS[how.dry_run]}")
    return changed
