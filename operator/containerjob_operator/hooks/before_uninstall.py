"""Prepares an uninstall, so that nothing is stuck afterwards: in this order, each step safe to repeat.

1. The log API is unregistered: one that does not answer keeps every namespace from being deleted.
2. The operator is told to stop, and its Lease tells when it has.
3. Its finalizer is taken off the hosts; nobody else would.
4. What no release knows of is deleted: the Lease, the certificates, the test's pod.

Containers that run go on, and jobs keep their records: a new install finds both again.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

import click

from containerjob_api.names import HOST_FINALIZER, host_text
from containerjob_operator.command_line import OneLine
from containerjob_operator.errors import ObjectGone
from containerjob_operator.hooks.objects import API_SERVICE, DEPLOYMENT, JOB, POD, delete
from containerjob_operator.hooks.running import HookFailed, kubeconfig_option, patiently, run_hook, timeout_option
from containerjob_operator.kube.api import Api, Resource
from containerjob_operator.kube.lease_rules import Claim, Sighting, may_take, sight
from containerjob_operator.kube.resources import HOSTS, LEASE, SECRET, Body

LOOK_SECONDS: Final = 0.5
STOPS: Final[dict[str, tuple[Any, Body, tuple[str, str]]]] = {
    "deployments": (DEPLOYMENT.Scale, {"spec": {"replicas": 0}}, ("status", "replicas")),
    "jobs": (JOB, {"spec": {"suspend": True}}, ("status", "active")),
}
"""By what each workload stops, and which of its fields counts the pods that are left."""
LEFTOVERS: Final[dict[str, Resource]] = {"pods": POD, "secrets": SECRET}
"""Only these: whatever else there is belongs to the release, or to people."""


class Place(click.ParamType[tuple[str, str]]):
    """KIND/NAME, of some kinds only."""

    name = "kind/name"

    def __init__(self, kinds: tuple[str, ...]) -> None:
        self._kinds = kinds

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, str]:
        """Take it apart; refuse other kinds."""
        kind, _, name = str(value).partition("/")
        if kind not in self._kinds or not name:
            self.fail(f"{value!r} is not {' or '.join(f'{each}/NAME' for each in self._kinds)}.", param, ctx)
        return kind, name


@dataclass(frozen=True, slots=True)
class Installed:
    """What is to be uninstalled."""

    namespace: str
    workload: tuple[str, str]
    lease: str
    api_service: str
    leftover: tuple[tuple[str, str], ...]
    host: tuple[str, ...] = ()
    """The only hosts that are this operator's; all, where there is none."""


@click.command(cls=OneLine, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--namespace", required=True, help="The operator's namespace.")
@click.option("--workload", required=True, type=Place(tuple(STOPS)), help="What runs the operator.")
@click.option("--lease", required=True, help="Lease that the operator holds while it works.")
@click.option("--api-service", required=True, help="APIService of the log API.")
@click.option("--leftover", multiple=True, type=Place(tuple(LEFTOVERS)), help="What to delete last; repeatable.")
@click.option("--host", multiple=True, help="The only hosts that are this operator's; repeatable, all without it.")
@timeout_option(160)
@kubeconfig_option
def main(kubeconfig: Path | None, timeout_seconds: int, **installed: Any) -> None:
    """Prepare an uninstall."""
    told = Installed(**installed)

    async def work(api: Api) -> None:
        await prepare(api, told, time.monotonic() + timeout_seconds * 0.9)

    run_hook(work, kubeconfig, timeout_seconds)


async def prepare(
    api: Api, installed: Installed, deadline: float, clock: Callable[[], float] = time.monotonic
) -> None:
    """Do all steps; HookFailed where an operator that nobody told to stop goes on after `deadline` of the clock."""
    if await patiently(lambda: delete(api, API_SERVICE, installed.api_service)):
        click.echo(f"APIService {installed.api_service} is deleted")
    await _stop(api, installed)
    await _await_end(api, installed, deadline, clock)
    await patiently(lambda: _free_hosts(api, installed))
    await patiently(lambda: delete(api, LEASE, installed.lease, installed.namespace))
    for kind, name in installed.leftover:
        await patiently(partial(delete, api, LEFTOVERS[kind], name, installed.namespace))
    click.echo("everything is prepared")


async def _stop(api: Api, installed: Installed) -> None:
    kind, name = installed.workload
    target, patch, _ = STOPS[kind]
    try:
        await patiently(lambda: api.patch(target, name, patch, installed.namespace))
        click.echo(f"{kind}/{name} is told to stop")
    except ObjectGone:
        click.echo(f"there is no {kind}/{name}")


async def _await_end(api: Api, installed: Installed, deadline: float, clock: Callable[[], float]) -> None:
    """Wait until no pod is counted, and until the Lease is given up or has run out."""
    sighting: Sighting | None = None
    while True:
        pods = await patiently(lambda: _pods_left(api, installed))
        claim = await patiently(lambda: _claim(api, installed))
        now = clock()
        if claim is not None:
            sighting = sight(sighting, claim, now)
        free = claim is None or (sighting is not None and may_take(claim, sighting, "", now))
        if free and not pods:
            click.echo("the operator has stopped")
            return
        if now > deadline:
            raise HookFailed(_still_there(installed, pods, "" if claim is None or free else claim.holder))
        await asyncio.sleep(LOOK_SECONDS)


def _still_there(installed: Installed, pods: int, holder: str) -> str:
    kind, name = installed.workload
    what = f"{pods} pods of {kind}/{name} are" if pods else f"Lease {installed.namespace}/{installed.lease} is"
    whose = f" held by {holder}" if holder else " there"
    return f"{what} still{whose}: end that operator, then uninstall again"


async def _pods_left(api: Api, installed: Installed) -> int:
    kind, name = installed.workload
    target, _, (part, key) = STOPS[kind]
    try:
        # lightkube has a class for Scale, where other kinds are plain dicts.
        answer: Any = await api.get(target, name, installed.namespace)
    except ObjectGone:
        return 0
    body = answer.to_dict()
    return int((body.get(part) or {}).get(key) or 0)


async def _claim(api: Api, installed: Installed) -> Claim | None:
    try:
        return Claim.from_body(await api.get(LEASE, installed.lease, installed.namespace))
    except ObjectGone:
        return None


async def _free_hosts(api: Api, installed: Installed) -> None:
    """Take our finalizer off every host of ours; WriteConflict where somebody changes one meanwhile."""
    for kind, resource in HOSTS.items():
        try:
            hosts = await api.list(resource)
        except ObjectGone:
            continue  # the definition is gone, and so are the hosts
        for host in hosts:
            told = host_text(kind, host["metadata"]["name"])
            if not installed.host or told in installed.host:
                await _free(api, resource, told, host["metadata"])


async def _free(api: Api, kind: Resource, told: str, metadata: Body) -> None:
    finalizers = metadata.get("finalizers") or []
    if HOST_FINALIZER not in finalizers:
        return
    others = [each for each in finalizers if each != HOST_FINALIZER]
    patch = {"metadata": {"finalizers": others or None, "resourceVersion": metadata["resourceVersion"]}}
    try:
        await api.patch(kind, metadata["name"], patch)
        click.echo(f"host {told} is free")
    except ObjectGone:
        click.echo(f"host {told} is gone")


if __name__ == "__main__":
    main()
