"""`containerjob-operator`: options in, exit code out."""

import os
import resource
import socket
import sys
import uuid
from pathlib import Path
from typing import Any, Final, Literal

import click
import uvloop

from containerjob_api.names import OPERATOR_NAMESPACE
from containerjob_operator.errors import KubeRefused
from containerjob_operator.logs import set_up_logging
from containerjob_operator.settings import Listen, Settings

OPEN_FILES: Final = 65536
"""More than all streams of the log API, and all hosts, can take together."""


def _identity() -> str:
    """Return a name for this process; a pod's own name stays when its container restarts."""
    return os.environ.get("POD_NAME") or f"{socket.gethostname()}_{uuid.uuid4().hex[:8]}"


@click.command(context_settings={"show_default": True, "help_option_names": ["-h", "--help"]})
@click.option(
    "--kubeconfig",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    envvar="KUBECONFIG",
    help="Kubeconfig file; the pod's ServiceAccount when absent.",
)
@click.option("--namespace", default=OPERATOR_NAMESPACE, help="Namespace of the Lease.")
@click.option(
    "--identity",
    default=_identity,
    show_default="$POD_NAME, else unique",
    help="Holder of the Lease; the same one takes over from itself at once.",
)
@click.option("--allow-fake-hosts", is_flag=True, help="Accept DockerHosts with a fake:// endpoint.")
@click.option(
    "--resync-seconds",
    type=click.FloatRange(1, 3600),
    default=30.0,
    help="How often each host is probed, listed and swept.",
)
@click.option(
    "--termination-grace-seconds",
    type=click.FloatRange(0, 3600),
    default=30.0,
    help="From a container's stop signal to SIGKILL.",
)
@click.option(
    "--concurrency",
    type=click.IntRange(1, 1000),
    default=16,
    help="Creates, starts and removals one engine is asked for at a time.",
)
@click.option(
    "--lease-seconds",
    type=click.IntRange(2, 600),
    default=15,
    help="After how long without renewal another operator takes over.",
)
@click.option("--api-port", type=click.IntRange(1, 65535), help="Port of the log API; it is not served when absent.")
@click.option(
    "--api-address",
    default="",
    show_default="every address: the API server comes from outside the pod",
    help="Address that the log API listens on.",
)
@click.option(
    "--api-cert-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Certificate of the log API, PEM, for SERVICE.NAMESPACE.svc; read again when it changes.",
)
@click.option(
    "--api-key-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Its key, PEM.",
)
@click.option("--log-level", type=click.Choice(["DEBUG", "INFO", "WARNING", "ERROR"]), default="INFO")
@click.option("--log-format", type=click.Choice(["json", "text"]), default="json")
def main(log_level: str, log_format: Literal["json", "text"], **options: object) -> None:
    """Run the ContainerJob operator."""
    set_up_logging(log_level, log_format)
    listen = _listen({name: options.pop(name) for name in list(options) if name.startswith("api_")})
    settings = Settings(log_api=listen, **options)  # type: ignore[arg-type]
    if settings.kubeconfig is not None:
        os.environ["KUBECONFIG"] = str(settings.kubeconfig)
    sys.exit(run(settings))


def _listen(options: dict[str, Any]) -> Listen | None:
    """Return where to serve the log API; its options make sense only together."""
    port, certificate, key = options["api_port"], options["api_cert_file"], options["api_key_file"]
    if port is None and (certificate or key):
        raise click.UsageError("--api-cert-file and --api-key-file need --api-port")
    if port is None:
        return None
    if not (certificate and key):
        raise click.UsageError("--api-port needs --api-cert-file and --api-key-file")
    return Listen(port, certificate, key, options["api_address"])


def run(settings: Settings) -> int:
    """Serve, and turn how it ended into an exit code."""
    from containerjob_operator.serve import LeaseLost, NotInstalledError, Unusable, serve  # heavy: kopf, lightkube

    allow_open_files()
    try:
        uvloop.run(serve(settings))
    except (NotInstalledError, KubeRefused, Unusable) as problem:
        click.echo(f"error: {problem}", err=True)
        return 1
    except LeaseLost as problem:
        click.echo(f"error: {problem}; another operator leads now", err=True)
        return 1
    return 0


def allow_open_files() -> None:
    """Raise the limit of open files as far as we may: readers of logs must not leave jobs without."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = OPEN_FILES if hard == resource.RLIM_INFINITY else min(hard, OPEN_FILES)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, most), hard))


if __name__ == "__main__":
    main()
