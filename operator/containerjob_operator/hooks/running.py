"""One run of a hook: connect, do it with a bound in time, and end with one readable line where that fails."""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final, TypeVar

import click

from containerjob_operator.errors import ContainerJobError, KubeUnavailable, WriteConflict
from containerjob_operator.kube.api import Api

Answer = TypeVar("Answer")
ASK_AGAIN_SECONDS: Final = 1.0


class HookFailed(ContainerJobError):
    """What the hook is for did not come about; the message says what and what to do."""


def kubeconfig_option(command: Callable[..., None]) -> Callable[..., None]:
    """Add --kubeconfig."""
    kind = click.Path(exists=True, dir_okay=False, path_type=Path)
    text = "Kubeconfig file; the pod's ServiceAccount when absent."
    return click.option("--kubeconfig", type=kind, envvar="KUBECONFIG", help=text)(command)


def timeout_option(seconds: int) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Add --timeout-seconds."""
    text = "How long it may take in all."
    return click.option(
        "--timeout-seconds", type=click.IntRange(1, 86400), default=seconds, show_default=True, help=text
    )


def run_hook(work: Callable[[Api], Awaitable[None]], kubeconfig: Path | None, seconds: float) -> None:
    """Do the work within `seconds`; exit code 1 and one line on stderr where it cannot be done."""
    try:
        asyncio.run(_bounded(work, kubeconfig, seconds))
    except ContainerJobError as problem:
        click.echo(f"error: {problem}", err=True)
        sys.exit(1)


async def _bounded(work: Callable[[Api], Awaitable[None]], kubeconfig: Path | None, seconds: float) -> None:
    api = Api.connect(kubeconfig)
    try:
        async with asyncio.timeout(seconds):
            await work(api)
    except TimeoutError as error:
        raise HookFailed(f"not done within {seconds:g} s: the lines before tell how far it came") from error
    finally:
        await api.aclose()


async def patiently(ask: Callable[[], Awaitable[Answer]]) -> Answer:
    """Ask until the API server answers and nobody has written in between; the run's own bound ends it."""
    told = ""
    while True:
        try:
            return await ask()
        except (KubeUnavailable, WriteConflict) as problem:
            if str(problem) != told:
                click.echo(f"trying again: {problem}")
                told = str(problem)
            await asyncio.sleep(ASK_AGAIN_SECONDS)
