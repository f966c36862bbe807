"""`kubectl containerjob run`."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from kubectl_containerjob.connection import connected
from kubectl_containerjob.creating.job_options import JobCommand, JobOptions, Writing, job_options
from kubectl_containerjob.decorating import decorated
from kubectl_containerjob.kubectl import Kubectl

if TYPE_CHECKING:
    from kubectl_containerjob.following.steps import Step
    from kubectl_containerjob.records import Job


@dataclass(frozen=True, slots=True)
class Manner:
    """How the job is followed, and what becomes of it."""

    progress: str
    detach: bool
    quiet: bool
    rm: bool
    cancel_on_interrupt: bool
    color: str


def _manner(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options of following, and pass them on as `manner`."""

    def with_manner(*args: object, **values: object) -> None:
        fields = {name: values.pop(name) for name in Manner.__dataclass_fields__}
        command(*args, manner=Manner(**fields), **values)  # type: ignore[arg-type]

    when = click.Choice(["auto", "always", "never"])
    how = click.Choice(["auto", "tty", "plain", "json", "quiet"])
    given: tuple[Callable[[Callable[..., None]], Callable[..., None]], ...] = (
        click.option("-d", "--detach", is_flag=True, help="Create or resume the job, and do not follow it"),
        click.option("--progress", type=how, default="auto", show_default=True, help="How its steps are shown"),
        click.option("-q", "--quiet", is_flag=True, help="Show the output only"),
        click.option("--rm", is_flag=True, help="Delete the job once it has ended"),
        click.option("--cancel-on-interrupt", is_flag=True, help="Let Ctrl-C cancel the job; a second one detaches"),
        click.option("--color", type=when, default="auto", show_default=True, help="When to colour"),
    )
    with_manner.__doc__ = command.__doc__
    with_manner.__dict__.update(command.__dict__)
    return decorated(with_manner, reversed(given))


@click.command(name="run", cls=JobCommand)
@job_options
@_manner
@connected
@click.pass_context
def command(ctx: click.Context, kubectl: Kubectl, options: JobOptions, writing: Writing, manner: Manner) -> None:
    """Create or resume a job, follow it, and end as it does.

    With --image or --from-template a job is created; unless --retries or the template says otherwise, it is tried
    once. A NAME alone means a job that exists: it is resumed where it is suspended, started now where it waits for
    its time, and followed. What the container prints comes to stdout and stderr, the steps to stderr.

    \b
    # Run a command on any host, and end with its exit code
    kubectl containerjob run hello --image busybox:1.37 -- echo hello

    \b
    # Let a suspended job run, and follow it; or come back to one that was left
    kubectl containerjob run hello

    Exit codes: the container's own (126 and 127 where its command could not be started), 124 stopped at a deadline,
    125 it never ran to an end of its own (cancelled, refused, lost, deleted), 130 detached by Ctrl-C.
    """
    _check(options, writing, manner)
    if options.new:
        ctx.exit(_create(kubectl, options, writing, manner))
    from kubectl_containerjob.changing.resuming import resume

    job, first = resume(kubectl, options.name or "")
    ctx.exit(_go_on(kubectl, job, first, manner))


def _check(options: JobOptions, writing: Writing, manner: Manner) -> None:
    """Refuse what does not go together."""
    if not options.new and options.name is None:
        raise click.UsageError("say what to run: --image IMAGE, --from-template NAME, or the NAME of a job")
    if not options.new and (given := [*options.given(), *writing.given()]):
        raise click.UsageError(f"{', '.join(given)}: only for a new job, with --image or --from-template")
    if manner.detach and (manner.rm or manner.cancel_on_interrupt):
        raise click.UsageError("--rm and --cancel-on-interrupt need a job that is followed: leave out --detach")
    followed = not manner.detach and writing.dry_run == "none"
    for wrong, option in ((options.suspend, "--suspend"), (options.count, "--count"), (writing.output, "-o")):
        if followed and wrong:
            raise click.UsageError(f"{option} leaves nothing to follow: add --detach, or use create")


def _create(kubectl: Kubectl, options: JobOptions, writing: Writing, manner: Manner) -> int:
    from kubectl_containerjob.creating import creation

    bodies = creation.made(kubectl, options)
    for body in bodies:
        body["spec"].setdefault("backoffLimit", 0)
    if manner.detach or writing.dry_run != "none":
        creation.create(kubectl, bodies, writing)
        return 0
    from kubectl_containerjob.following.steps import Kind, Step
    from kubectl_containerjob.records import Job

    job = Job(creation.create_one(kubectl, bodies[0], writing))
    return _go_on(kubectl, job, Step(Kind.CREATED, "created"), manner)


def _go_on(kubectl: Kubectl, job: "Job", first: "Step", manner: Manner) -> int:
    """Follow the job, unless that is not wanted."""
    from kubectl_containerjob.changing.outcomes import KIND

    if manner.detach:
        click.echo(f"{KIND}/{job.name} {first.kind}")
        return 0
    import sys

    from kubectl_containerjob import terminal
    from kubectl_containerjob.changing import resuming
    from kubectl_containerjob.following.follower import Follower
    from kubectl_containerjob.following.step_views import view

    colour = terminal.coloured(manner.color, sys.stderr)
    choice = "quiet" if manner.quiet else manner.progress
    follower = Follower(kubectl, job.body, view(choice, job.name, job.namespace, colour=colour))
    cancel = resuming.canceller(kubectl) if manner.cancel_on_interrupt else None
    code = follower.follow(first, on_interrupt=cancel)
    if manner.rm and follower.job.finished and not follower.gone:
        resuming.remove(kubectl, follower.job)
    return code
