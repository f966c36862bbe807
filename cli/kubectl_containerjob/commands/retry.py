"""`kubectl containerjob retry`."""

from typing import Any

import click

from kubectl_containerjob.changing.outcomes import How, telling
from kubectl_containerjob.connection import connected
from kubectl_containerjob.hosts import HostName
from kubectl_containerjob.kubectl import Kubectl
from kubectl_containerjob.selection import Selection, selecting
from kubectl_containerjob.values.option_types import Variable
from kubectl_containerjob.values.phase_option import Outcomes


@click.command(name="retry")
@selecting
@click.option(
    "--phase",
    "phases",
    type=Outcomes(),
    metavar="PHASES",
    help="With -l or --all: only these outcomes [default: Failed,TimedOut]",
)
@click.option("--name", metavar="NAME", help="Name of the new job [default: the old one's with -retry-N]")
@click.option("--image", metavar="IMAGE", help="Run another image")
@click.option(
    "--env", multiple=True, type=Variable(), metavar="NAME[=VALUE]", help="Add or change a variable; may be repeated"
)
@click.option("--host", type=HostName(), metavar="NAME", help="Run on this host: NAME or cloudrunhost/NAME")
@click.option("--follow", is_flag=True, help="Follow the new job as run does, and end with its exit code")
@click.option("--ignore-not-found", is_flag=True, help="A name that does not exist is no error")
@telling("name", "json", "yaml")
@connected
@click.pass_context
def command(ctx: click.Context, /, kubectl: Kubectl, selection: Selection, how: How, **asked: Any) -> None:
    """Run a job again under a new name.

    The old job stays as a record; the new one says which job it runs again. A job that has not finished, or whose
    newest run has not, is refused: nothing runs twice by accident, however many people retry it at once. Of selected
    jobs only those are retried that failed or timed out, and only the newest run of each.

    \b
    # Run a job again, and follow it
    kubectl containerjob retry report --follow

    \b
    # Run it again with another variable, as a job named report-verbose
    kubectl containerjob retry report --name report-verbose --env LEVEL=debug

    \b
    # Run again whatever failed of an app
    kubectl containerjob retry -l app=report -y

    Exit codes: with --follow the ones of run.
    """
    from kubectl_containerjob.creating.job_options import JobOptions
    from kubectl_containerjob.creating.retries import UNSUCCESSFUL
    from kubectl_containerjob.creating.retrying import Retrying, follow, retry

    asked_to_follow: bool = asked["follow"]
    overrides = JobOptions(image=asked["image"], env=dict(asked["env"]), host=asked["host"])
    phases = asked["phases"] or UNSUCCESSFUL
    wish = Retrying(
        asked["name"], overrides, phases, follow=asked_to_follow, ignore_not_found=asked["ignore_not_found"]
    )
    code, made = retry(kubectl, selection, how, wish)
    ctx.exit(follow(kubectl, made[0]) if asked_to_follow and made else code)
