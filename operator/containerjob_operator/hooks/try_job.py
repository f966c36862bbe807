"""`helm test`: run a small ContainerJob, and end as it does."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import click

from containerjob_api.jobs import ContainerJob
from containerjob_api.names import OPERATOR_NAME, read_host
from containerjob_api.phases import ConditionType, Phase
from containerjob_operator.command_line import OneLine
from containerjob_operator.errors import ObjectGone
from containerjob_operator.hooks.objects import delete
from containerjob_operator.hooks.running import HookFailed, kubeconfig_option, patiently, run_hook, timeout_option
from containerjob_operator.kube.api import Api
from containerjob_operator.kube.resources import CONTAINERJOB, Body

LOOK_SECONDS: Final = 0.5
WORDS: Final = "The ContainerJob operator works."


@dataclass(frozen=True, slots=True)
class Trial:
    """The job to try."""

    namespace: str
    name: str
    image: str
    host: str

    def body(self) -> Body:
        """Return the job's manifest."""
        container = {"name": "main", "image": self.image, "command": ["echo", WORDS]}
        spec: Body = {"backoffLimit": 0, "template": {"spec": {"containers": [container]}}}
        if self.host:
            kind, name = read_host(self.host)
            spec["placement"] = {"hostRef": {"kind": kind, "name": name}}
        labels = {"app.kubernetes.io/name": OPERATOR_NAME, "app.kubernetes.io/component": "test"}
        return {"metadata": {"name": self.name, "namespace": self.namespace, "labels": labels}, "spec": spec}


@click.command(cls=OneLine, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--namespace", required=True, help="Namespace of the job; a host has to admit it.")
@click.option("--name", required=True, help="Name of the job; an earlier one of this name is deleted.")
@click.option("--image", required=True, help="Image of the job; it needs `echo`.")
@click.option("--host", default="", help="Host to run on; any that admits the namespace when empty.")
@timeout_option(120)
@kubeconfig_option
def main(kubeconfig: Path | None, timeout_seconds: int, **trial: str) -> None:
    """Run a small ContainerJob, and end as it does."""
    told = Trial(**trial)

    async def work(api: Api) -> None:
        await attempt(api, told, time.monotonic() + timeout_seconds)

    # A little more than the job itself gets: what keeps it is told by the job, and not by a stopped program.
    run_hook(work, kubeconfig, timeout_seconds + 15)


async def attempt(api: Api, trial: Trial, deadline: float, clock: Callable[[], float] = time.monotonic) -> None:
    """Create the job and wait for its end; HookFailed where it is not Succeeded by `deadline` of the clock."""
    await patiently(lambda: delete(api, CONTAINERJOB, trial.name, trial.namespace))
    await _create(api, trial)
    click.echo(f"ContainerJob {trial.namespace}/{trial.name} is created")
    shown = None
    while True:
        job = await patiently(lambda: _read(api, trial))
        if job.status.phase != shown:
            shown = job.status.phase
            click.echo(f"{shown or 'not seen by the operator yet'}")
        if job.status.finished:
            await _judge(api, trial, job)
            return
        if clock() > deadline:
            raise HookFailed(f"{_where(trial)} has not ended in time: {_told(job)}")
        await asyncio.sleep(LOOK_SECONDS)


async def _create(api: Api, trial: Trial) -> None:
    """Create it; an earlier one takes a moment to go."""

    async def create() -> Any:
        return await api.create(CONTAINERJOB, trial.body())

    await patiently(create)


async def _read(api: Api, trial: Trial) -> ContainerJob:
    try:
        return ContainerJob.from_body(await api.get(CONTAINERJOB, trial.name, trial.namespace))
    except ObjectGone as problem:
        raise HookFailed(f"{_where(trial)} was deleted by somebody else") from problem


async def _judge(api: Api, trial: Trial, job: ContainerJob) -> None:
    """Show what the job said; delete it where it succeeded, and leave it to be looked at where not."""
    newest = job.status.newest
    if newest is not None and newest.log_tail is not None:
        click.echo(newest.log_tail.stdout.rstrip())
    if job.status.phase != Phase.SUCCEEDED:
        raise HookFailed(f"{_where(trial)} is {job.status.phase}: {_told(job)}")
    await patiently(lambda: delete(api, CONTAINERJOB, trial.name, trial.namespace))


def _where(trial: Trial) -> str:
    return f"ContainerJob {trial.namespace}/{trial.name}"


def _told(job: ContainerJob) -> str:
    """Return what the operator says of the job; where it says nothing, that."""
    ready = next((each for each in job.status.conditions if each.type == ConditionType.READY), None)
    if ready is None:
        return "no operator has looked at it: is one running, and may it see this namespace?"
    name = job.metadata.name
    return f"{ready.message or ready.reason}; see `kubectl containerjob why {name} -n {job.metadata.namespace}`"


if __name__ == "__main__":
    main()
