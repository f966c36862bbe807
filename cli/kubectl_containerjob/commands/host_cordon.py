"""`kubectl containerjob host cordon` and `uncordon`: keep new jobs away, and let them in again."""

import json
import sys
from collections.abc import Callable
from typing import Any

import click

from containerjob_api.names import GROUP
from kubectl_containerjob.changing.outcomes import How, Report, telling
from kubectl_containerjob.connection import connected
from kubectl_containerjob.hosts import Named, named
from kubectl_containerjob.kubectl import FIELD_MANAGER, Body, Kubectl
from kubectl_containerjob.problems import Refused

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
    report = Report(kubectl, how)
    for name in map(named, names):
        try:
            host, changed = _set_one(kubectl, name, unschedulable, how)
        except Refused as refused:
            report.fail(name.missing() if refused.reason == "NotFound" else refused)
            continue
        report.kind = f"{name.typed}.{GROUP}"
        told = "cordoned" if unschedulable else "uncordoned"
        report.tell(host, told if changed else "unchanged", changed=changed)
    return report.finish(error_unchanged=error_unchanged)


def _set_one(kubectl: Kubectl, name: Named, unschedulable: bool, how: How) -> tuple[Body, bool]:
    """Set it on one host; return the host, no more than its name where that is enough, and whether it changed."""
    patch = json.dumps({"spec": {"unschedulable": unschedulable}})
    arguments = ["patch", name.resource, name.name, "--type=merge", f"--patch={patch}", f"--dry-run={how.dry_run}"]
    arguments.append(f"--field-manager={FIELD_MANAGER}")
    if how.output in {"json", "yaml"}:
        before = kubectl.json("get", name.resource, name.name, namespaced=False)
        host = kubectl.json(*arguments, namespaced=False)
        return host, bool(before["spec"].get("unschedulable", False)) != unschedulable
    answer = kubectl.run(*arguments, namespaced=False)
    return {"kind": name.kind, "metadata": {"name": name.name}}, _NO_CHANGE not in answer
