"""`kubectl containerjob logs`."""

import contextlib
import sys
from typing import Any

import click

from containerjob_api.phases import Phase
from kubectl_containerjob import exits, terminal
from kubectl_containerjob.connection import connected
from kubectl_containerjob.following.endings import exit_code
from kubectl_containerjob.kubectl import JOBS, Kubectl
from kubectl_containerjob.logs.events import Ended, LogRequest, Output, Started
from kubectl_containerjob.logs.options import choosing, look_of, request_of
from kubectl_containerjob.logs.printing import Printer, raw
from kubectl_containerjob.logs.reading import output
from kubectl_containerjob.problems import Refused
from kubectl_containerjob.records import Job
from kubectl_containerjob.selection import Selection, selecting


@click.command(name="logs")
@connected
@selecting
@choosing
@terminal.color_option
@click.pass_context
def command(ctx: click.Context, /, kubectl: Kubectl, selection: Selection, colour: bool, **given: Any) -> None:
    """Print the output of jobs.

    What a container wrote to stdout goes to stdout, and its stderr to stderr. A stream that breaks is resumed
    without a gap and without a repeat.

    \b
    # Print what a job has written so far
    kubectl containerjob logs report
    # Follow it until it ends, and end with its exit code
    kubectl containerjob logs report -f --exit-code
    # Follow every job with a label, with a coloured name before each line
    kubectl containerjob logs -l app=report -f --tail 10
    # Only the lines with an error, of the attempt before
    kubectl containerjob logs report --previous --include ERROR

    Needs: get containerjobs/log in group subresources.containerjobs.io. Exit codes: 0 done, 1 failed, 2 wrong
    usage, 130 Ctrl-C; with --exit-code the job's own, 124 deadline, 125 never ran to an end of its own.
    """
    if given["exit_code"] and (selection.bulk or not given["follow"]):
        raise click.UsageError("--exit-code needs -f and the name of one job")
    request = request_of(kubectl, selection, given)
    found = False
    printer = Printer(look_of(given, selection, colour=colour), raw(sys.stdout), raw(sys.stderr))
    try:
        with contextlib.closing(output(kubectl, request)) as events:
            for event in events:
                found = found or isinstance(event, (Started, Output))
                printer.take(event)
    except KeyboardInterrupt:
        printer.finish()
        ctx.exit(exits.DETACHED)
    if selection.bulk and not found:
        click.echo("No job with output found", err=True)
    if given["exit_code"] and printer.ended is not None:
        ctx.exit(_code(kubectl, request, printer.ended))


def _code(kubectl: Kubectl, request: LogRequest, ended: Ended) -> int:
    """Return the exit code of the job, as its record tells it, else as the stream did: it may be deleted by now."""
    with contextlib.suppress(Refused):
        job = kubectl.find(JOBS, request.name)
        if job is not None and Job(job).finished:
            return exit_code(Job(job))
    if ended.phase == Phase.TIMED_OUT:
        return exits.DEADLINE
    if ended.phase == Phase.SUCCEEDED:
        return exits.DONE
    return (ended.exit_code or exits.NOT_RUN) if ended.phase == Phase.FAILED else exits.NOT_RUN
