"""`kubectl containerjob host bootstrap`: print how a machine is prepared; nothing is run."""

import click

from kubectl_containerjob.setup import bootstraps


@click.command(name="bootstrap", short_help="Print a script that prepares a Docker machine.")
@click.argument("host")
@click.option("--name", metavar="NAME", help="Name of the DockerHost [default: the machine's first label]")
@click.option("--ssh", "over_ssh", is_flag=True, help="Bring its socket to the operator's machine over SSH")
@click.option("--ssh-user", "user", default="root", show_default=True, help="User that may write to the socket there")
@click.option("--ssh-port", type=click.IntRange(1, 65535), default=22, show_default=True, help="Port of its SSH")
@click.option("--endpoint", metavar="unix://PATH", help="Path of the socket [default: unix:///var/run/docker.sock]")
@click.option("--local", is_flag=True, help="The engine runs on the operator's own machine")
@click.option("--port", type=click.IntRange(1, 65535), default=2376, show_default=True, help="TCP port of the engine")
@click.option("--san", "names", multiple=True, metavar="NAME", help="Further name or address of it, may be repeated")
@click.option("--days", type=click.IntRange(1, 3650), default=365, show_default=True, help="Life of its certificates")
@click.option("--allow-namespaces", metavar="NAME,...", default="", help="Namespaces that may use it [default: none]")
def command(
    host: str,
    *,
    name: str | None,
    over_ssh: bool,
    local: bool,
    endpoint: str | None,
    allow_namespaces: str,
    **rest: object,
) -> None:
    """Print a script that prepares a Docker machine; read it, then run it yourself.

    Over TCP with certificates of both sides, or with --ssh, or for the operator's own machine with --local.

    \b
    # A machine that is reached over SSH
    kubectl containerjob host bootstrap builder-1.example.com --ssh --allow-namespaces default
    """
    if local and over_ssh:
        raise click.UsageError("give --ssh or --local, not both")
    if endpoint is not None and not endpoint.startswith("unix:///"):
        raise click.UsageError("--endpoint names the socket on that machine, such as unix:///var/run/docker.sock")
    machine = bootstraps.Machine(
        host,
        name or bootstraps.name_for(host),
        socket=(endpoint or "unix:///var/run/docker.sock").removeprefix("unix://"),
        namespaces=tuple(filter(None, allow_namespaces.split(","))),
        **rest,  # type: ignore[arg-type]
    )
    made = bootstraps.unix if local else bootstraps.ssh if over_ssh else bootstraps.tls
    click.echo(made(machine), nl=False)
