"""`kubectl containerjob create`."""

import sys

import click

from kubectl_containerjob.connection import connected
from kubectl_containerjob.creating.job_options import JobCommand, JobOptions, Writing, job_options
from kubectl_containerjob.kubectl import Kubectl


@click.command(name="create", cls=JobCommand)
@job_options
@click.option(
    "-f", "--filename", "files", multiple=True, metavar="FILE", help="Manifests to create; - reads them from stdin"
)
@click.option("--wait", is_flag=True, help="Wait until all have finished; the exit code is 1 unless all succeeded")
@connected
@click.pass_context
def command(
    ctx: click.Context, kubectl: Kubectl, options: JobOptions, writing: Writing, files: tuple[str, ...], wait: bool
) -> None:
    """Create jobs.

    What stands behind -- are the container's arguments; with --command they replace the image's entrypoint too.
    Options given beside --from-template win over what the template says.

    \b
    # Create a job, and see it as a manifest first
    kubectl containerjob create hello --image busybox:1.37 --dry-run=client -o yaml -- echo hello
    kubectl containerjob create hello --image busybox:1.37 -- echo hello

    \b
    # Create 100 jobs, each with its number
    kubectl containerjob create part --image busybox:1.37 --count 100 -- echo part {index}

    \b
    # Create a job from a template
    kubectl containerjob create --from-template report -p month=5 --memory 1Gi
    """
    from kubectl_containerjob.creating import creation

    waits = wait and writing.dry_run == "none"
    if files:
        jobs = creation.send(kubectl, _files(options, files), _stdin(files), writing, whole=waits)
    else:
        if not options.new:
            raise click.UsageError("say what to run: --image IMAGE, --from-template NAME, or -f FILE")
        jobs = creation.create(kubectl, creation.made(kubectl, options), writing, whole=waits)
    if waits:
        from kubectl_containerjob.changing.awaiting import Goal, Terms, wait_for

        ctx.exit(wait_for(kubectl, jobs, Terms(Goal.FINISHED), quiet=writing.output is not None))


def _files(options: JobOptions, files: tuple[str, ...]) -> list[str]:
    given = [*options.given(), *([options.name] if options.name else [])]
    if given:
        raise click.UsageError(f"{', '.join(given)} can't go with -f: the file says it all")
    return [f"--filename={file}" for file in files]


def _stdin(files: tuple[str, ...]) -> str:
    return sys.stdin.read() if "-" in files else ""
