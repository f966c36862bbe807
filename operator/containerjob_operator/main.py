"""`containerjob-operator`: options in, exit code out."""

import os
import resource
import signal
import socket
import sys
import uuid
from typing import Any, Final

import click
import uvloop

from containerjob_api.names import OPERATOR_NAME
from containerjob_operator.command_line import OneLine, options_of
from containerjob_operator.errors import KubeRefused
from containerjob_operator.logs import set_up_logging
from containerjob_operator.settings import Settings

OPEN_FILES: Final = 65536
"""More than all streams of the log API, and all hosts, can take together."""


def _identity() -> str:
    """Return a name that no other process has."""
    return f"{socket.gethostname()}_{uuid.uuid4().hex[:8]}"


@click.command(cls=OneLine, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="containerjob", prog_name=OPERATOR_NAME, message="%(prog)s %(version)s")
def main(**options: Any) -> None:
    """Run the ContainerJob operator."""
    for number in (signal.SIGTERM, signal.SIGINT):  # the first process of a container would ignore it else
        signal.signal(number, _leave)
    _check_together(options)
    settings = Settings(**options)
    set_up_logging(settings.log_level, settings.log_format)
    if settings.kubeconfig is not None:
        os.environ["KUBECONFIG"] = str(settings.kubeconfig)
    sys.exit(run(settings))


main.params += options_of(Settings, identity=_identity)


def _leave(*_: object) -> None:
    """End before there is anything to finish; once the event loop runs, `signals` decides."""
    sys.exit(0)


def _check_together(options: dict[str, Any]) -> None:
    """Refuse half of what the log API needs."""
    port, certificate, key = options["api_port"], options["api_cert_file"], options["api_key_file"]
    if port is None and (certificate or key):
        raise click.UsageError("--api-cert-file and --api-key-file need --api-port")
    if port is not None and not (certificate and key):
        raise click.UsageError("--api-port needs --api-cert-file and --api-key-file")


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
