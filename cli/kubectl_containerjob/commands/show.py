"""`kubectl containerjob show`."""

import shutil
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from kubectl_containerjob import exits, terminal
from kubectl_containerjob.connection import connected
from kubectl_containerjob.kubectl import JOBS, Body, Kubectl, bare
from kubectl_containerjob.problems import Problem
from kubectl_containerjob.selection import Selection, name_of, namespace_of, none_found, selecting, uid_of

if TYPE_CHECKING:
    from kubectl_containerjob.following.watching import Change
    from kubectl_containerjob.records import Job

CLEAR = "\x1b[H\x1b[2J"


@click.command(name="show")
@selecting
@click.option("-o", "--output", metavar="FORMAT", help="Print as kubectl get does: json, yaml, name, jsonpath=…")
@click.option("-w", "--watch", is_flag=True, help="Show one job again on every change, until it has finished")
@click.option("--logs", is_flag=True, help="Print the whole output instead of the kept last lines")
@terminal.color_option
@connected
@click.pass_context
def command(
    ctx: click.Context,
    /,
    kubectl: Kubectl,
    selection: Selection,
    output: str | None,
    colour: bool,
    **given: bool,
) -> int:
    """Show a job, its attempts and its events.

    With --watch a terminal is drawn anew on every change; elsewhere each change is one line.

    \b
    # Show what a job runs, its attempts, its events and its last lines
    kubectl containerjob show report

    \b
    # Follow where it stands until it has finished
    kubectl containerjob show report --watch
    """
    watch, logs, selection = given["watch"], given["logs"], selection.looking()
    if watch and (len(selection.names) != 1 or logs or output):
        raise click.UsageError("--watch shows one job: give one name, and neither --logs nor -o")
    if output is not None:
        kubectl.show(*_get(selection), f"--output={output}")
        return exits.DONE
    jobs = selection.jobs(kubectl)
    if watch:
        return _follow(kubectl, jobs[0], colour=colour)
    if not jobs:
        none_found(kubectl, all_namespaces=selection.all_namespaces)
    code = exits.DONE
    for number, body in enumerate(jobs):
        if number:
            click.echo("\n")
        _print(_screen(kubectl, body, colour=colour, tail=not logs), colour=colour)
        if logs:
            try:
                _print_output(ctx, kubectl, body, colour=colour)
            except Problem as problem:  # the other jobs have output too
                problem.show()
                code = exits.FAILED
    return code


def _get(selection: Selection) -> list[str]:
    selection.check()
    flags = [f"--selector={selection.selector}"] if selection.selector else []
    return [
        "get",
        JOBS,
        *map(bare, selection.names),
        *flags,
        *(["--all-namespaces"] if selection.all_namespaces else []),
    ]


def _screen(kubectl: Kubectl, body: Body, *, colour: bool, tail: bool = True) -> list[str]:
    from kubectl_containerjob.screens import descriptions, plain_text

    width = plain_text.room(sys.stdout)
    events = _events(kubectl, body)
    return descriptions.screen(_job(body), events, datetime.now(UTC), width=width, colour=colour, tail=tail)


def _job(body: Body) -> "Job":
    from kubectl_containerjob.records import Job

    return Job(body)


def _events(kubectl: Kubectl, body: Body) -> list[Body] | None:
    from kubectl_containerjob.explaining.surroundings import readable

    selector = f"--field-selector=involvedObject.uid={uid_of(body)}"
    where = f"--namespace={namespace_of(body)}"
    return readable(lambda: kubectl.items("events", selector, where, namespaced=False))


def _print(lines: list[str], *, colour: bool) -> None:
    for line in lines:
        click.echo(line, color=colour)


def _print_output(ctx: click.Context, kubectl: Kubectl, body: Body, *, colour: bool) -> None:
    """Print the output as the verb `logs` does; a job that has made no attempt has none."""
    from kubectl_containerjob.commands import logs

    job = _job(body)
    if not job.attempts:
        return
    click.echo(f"\n{click.style('Output', bold=True) if colour else 'Output'}", color=colour)
    own = [f"--namespace={job.namespace}", f"--color={'always' if colour else 'never'}", *kubectl.flags]
    logs.command.main([job.name, *own], prog_name="logs", standalone_mode=False, parent=ctx)


class Follower:
    """Shows every state of one job until it has finished."""

    def __init__(self, kubectl: Kubectl, *, colour: bool) -> None:
        self.problem: Problem | None = None
        """Why there was no such end."""
        self._kubectl = kubectl
        self._colour = colour
        self._drawn = terminal.is_terminal(sys.stdout)
        self._told = ""

    def see(self, change: "Change") -> bool:
        """Show it; False when there is no more to come."""
        from kubectl_containerjob.following.watching import Changed, Gone

        if isinstance(change, Gone):
            self.problem = Problem(f"{name_of(change.job)} was deleted")
            return False
        if isinstance(change, Changed):
            return self._show(change.job)
        if change.final:
            self.problem = change.problem
        else:
            click.echo(f"{change.problem.message}; trying again", err=True)
        return not change.final

    def _show(self, body: Body) -> bool:
        job = _job(body)
        if self._drawn:
            draw(_screen(self._kubectl, body, colour=self._colour), last=job.finished, colour=self._colour)
        else:
            self._append(job)
        return not job.finished

    def _append(self, job: "Job") -> None:
        from kubectl_containerjob.screens import descriptions

        time, _, rest = descriptions.line(job, datetime.now(UTC)).partition("Z")
        if rest != self._told:
            self._told = rest
            click.echo(f"{time}Z{rest}")
            sys.stdout.flush()


def _follow(kubectl: Kubectl, body: Body, *, colour: bool) -> int:
    """Show a job as it changes; Ctrl-C ends that, and the job goes on."""
    from kubectl_containerjob.following.watching import Changed, Watch

    follower = Follower(kubectl, colour=colour)
    if follower.see(Changed(body)):
        Watch(kubectl, body, follower.see).run()
    if follower.problem is not None:
        raise follower.problem
    return exits.DONE


def draw(lines: list[str], *, last: bool, colour: bool) -> None:
    """Draw on a cleared screen; only the last picture may be longer than it is."""
    rows = shutil.get_terminal_size().lines - 1
    if not last and len(lines) > rows:
        lines = [*lines[: rows - 1], f"… {len(lines) - rows + 1} more lines"]
    sys.stdout.write(CLEAR)
    _print(lines, colour=colour)
    sys.stdout.flush()
