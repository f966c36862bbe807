"""`kubectl containerjob local`: a whole environment on this machine, without a cluster."""

import os
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import click

from containerjob_local.errors import LocalError
from containerjob_local.state import State, default_folder
from kubectl_containerjob.problems import shown

if TYPE_CHECKING:
    from containerjob_local.environment import Options

STATE_DIR = click.option(
    "--state-dir",
    type=click.Path(path_type=Path, file_okay=False),
    default=lambda: default_folder(os.environ),
    show_default="$XDG_STATE_HOME/containerjob/local",
    help="Folder that holds everything of the environment",
)
PORT = click.option(
    "--port", type=click.IntRange(1, 65535), help="Port of the API server on loopback [default: a free one]"
)
FAKE_HOSTS = click.option("--allow-fake-hosts", is_flag=True, help="Let hosts have fake:// endpoints, for tests")
CLOUD_RUN = click.option(
    "--cloud-run", is_flag=True, help="Emulate Google Cloud Run on the engine, as cloudrunhost/cloud-run"
)


@click.group(name="local")
def command() -> None:
    """Run a control plane, an engine and the operator on this machine.

    \b
    # Bring everything up, then use kubectl with it
    kubectl containerjob local up
    eval "$(kubectl containerjob local env)"
    """


@command.command()
@STATE_DIR
@PORT
@FAKE_HOSTS
@click.option("--no-operator", is_flag=True, help="Leave the operator out, to run one by hand")
@click.option(
    "--no-api", is_flag=True, help="Leave the custom resources and the operator out, for Helm to bring them"
)
@click.option(
    "--node", is_flag=True, help="Add a real node, for pods; needs root and, where it is built, 5 more minutes"
)
@CLOUD_RUN
@click.option("--kubernetes-version", metavar="VERSION", help="The control plane's [default: the newest there is]")
def up(
    state_dir: Path,
    port: int | None,
    kubernetes_version: str | None,
    **given: bool,
) -> None:
    """Bring the environment up; what is up already stays as it is.

    \b
    # A cluster on which jobs run on Docker and, emulated, on Google Cloud Run
    kubectl containerjob local up --cloud-run

    \b
    # A cluster with a node, to install the operator's chart on
    sudo kubectl containerjob local up --node --no-api
    """
    from dataclasses import replace

    with shown(LocalError):
        from containerjob_local import environment

        no_api = given["no_api"]
        options = _options(state_dir, port, given["allow_fake_hosts"], given["no_operator"] or no_api)
        left_out = {environment.Component.API} if no_api else set()
        options = replace(
            options,
            components=options.components - left_out,
            node=given["node"],
            cloud_run=given["cloud_run"],
            kubernetes=kubernetes_version,
        )
        environment.up(options, click.echo)


@command.command()
@STATE_DIR
@click.argument("archive", type=click.Path(path_type=Path))
def load(state_dir: Path, archive: Path) -> None:
    """Import images into the node from an ARCHIVE that `docker save` wrote.

    \b
    # Pods find it under the name it was saved by; let them not pull it (imagePullPolicy)
    docker save -o app.tar app:1.0
    kubectl containerjob local load app.tar
    """
    with shown(LocalError):
        from containerjob_local import node

        for name in node.import_archive(state_dir, archive):
            click.echo(f"✔ {name}")


@command.command()
@STATE_DIR
def down(state_dir: Path) -> None:
    """Stop everything and remove the folder."""
    with shown(LocalError):
        from containerjob_local import environment

        environment.down(state_dir, click.echo)


@command.command()
@STATE_DIR
@click.pass_context
def status(ctx: click.Context, state_dir: Path) -> None:
    """Show what runs; exit code 1 unless everything does."""
    with shown(LocalError):
        from containerjob_local import environment

        parts = environment.status(state_dir)
    for part in parts:
        click.echo(f"{'✔' if part.running else '✘'} {part.name}: {part.detail}")
    ctx.exit(0 if all(part.running for part in parts) else 1)


@command.command()
@STATE_DIR
def env(state_dir: Path) -> None:
    """Print shell lines that point kubectl at the environment, for eval."""
    with shown(LocalError):
        from containerjob_local import environment

        environment.running(state_dir)
    state = State(state_dir.absolute())
    click.echo(f"export KUBECONFIG={shlex.quote(str(state.admin_kubeconfig))}")
    click.echo(f'export PATH={shlex.quote(str(state.programs))}:"$PATH"')


@command.command()
@STATE_DIR
@PORT
@FAKE_HOSTS
@CLOUD_RUN
@click.pass_context
def demo(ctx: click.Context, state_dir: Path, port: int | None, allow_fake_hosts: bool, cloud_run: bool) -> None:
    """Bring the environment up and run the first example; exit code 1 unless it succeeds.

    With --cloud-run it is the example for Cloud Run, followed as it runs.
    """
    with shown(LocalError):
        from dataclasses import replace

        from containerjob_local import demo as first_job

        options = _options(state_dir, port, allow_fake_hosts, no_operator=False)
        succeeded = first_job.demo(replace(options, cloud_run=cloud_run), click.echo)
    ctx.exit(0 if succeeded else 1)


def _options(state_dir: Path, port: int | None, allow_fake_hosts: bool, no_operator: bool) -> "Options":
    from containerjob_local.environment import Component, Options
    from containerjob_local.operator_process import OperatorOptions

    left_out = {Component.OPERATOR} if no_operator else set()
    return Options(state_dir, port, frozenset(Component) - left_out, OperatorOptions(allow_fake_hosts))
