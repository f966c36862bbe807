"""The output of jobs, wherever it can be had: from the log API, else from what the status keeps.

with closing(output(kubectl, LogRequest(namespace, name, follow=True))) as events:
    for event in events:
        printer.take(event)
"""

import contextlib
import dataclasses
import sys
import time
from collections.abc import Generator, Iterator
from typing import Final

import click

from containerjob_api.frames import EndReason
from kubectl_containerjob.kubectl import APISERVICE, JOBS, Body, Kubectl
from kubectl_containerjob.logs.events import MANY, Ended, Event, LogRequest, Output
from kubectl_containerjob.logs.streams import Patience, read
from kubectl_containerjob.problems import NO_KINDS, Problem, Refused
from kubectl_containerjob.selection import missing_job

PERMISSION: Final = "get containerjobs/log in group subresources.containerjobs.io"
COMING_SECONDS: Final = 10.0
"""For how long a follower waits for an operator that is being replaced."""
_AWAY: Final = ("unable to handle the request", "error trying to reach service", "service unavailable")
"""How the API server says that nobody serves the log API now."""


def output(
    kubectl: Kubectl, request: LogRequest, *, patience: Patience | None = None, coming: float = COMING_SECONDS
) -> Generator[Event, None, None]:
    """Yield the events of a reading up to its end; Problem with the remedy where there is nothing to read."""
    patience = patience or Patience(tell=0.0 if sys.stderr.isatty() else 10.0)
    until = time.monotonic() + (coming if request.follow else 0.0)
    while True:
        try:
            yield from read(kubectl, request, watched=sys.stdout, patience=patience)
        except Refused as refused:
            if not nobody(refused):
                raise _explained(refused, request) from refused
            if refused.message == NO_KINDS or time.monotonic() >= until:
                yield from _kept(kubectl, request, refused)
                return
            time.sleep(patience.first_pause)
        else:
            return


def nobody(refused: Refused) -> bool:
    """Say whether nobody serves the log API, or its server can't reach the job's host."""
    return refused.message == NO_KINDS or refused.reason == "ServiceUnavailable"


def _kept(kubectl: Kubectl, request: LogRequest, refused: Refused) -> Iterator[Event]:
    """Give what the status of each job keeps; a job that still runs can't be followed that way."""
    from kubectl_containerjob.logs.kept_tails import events
    from kubectl_containerjob.records import Job

    jobs = [Job(body) for body in _bodies(kubectl, request)]
    why = absence(refused)
    if request.follow and not all(job.finished for job in jobs):
        raise Problem(f"nothing can be followed: {why}")
    found: list[Event] = []
    for job in jobs:
        with contextlib.nullcontext() if request.name != MANY else contextlib.suppress(Problem):
            found += events(job, request)
    some = any(isinstance(event, Output) for event in found)
    kept = "the last lines that were kept follow" if some else "no output was kept"
    click.echo(f"--- {why}; {kept} ---", err=True)
    ends = [event for event in found if isinstance(event, Ended)]
    yield from (event for event in found if not isinstance(event, Ended))
    yield dataclasses.replace(ends[-1], source=None) if ends else Ended(None, EndReason.GONE)


def _bodies(kubectl: Kubectl, request: LogRequest) -> list[Body]:
    here = Kubectl(kubectl.flags, request.namespace)
    if request.name != MANY:
        found = here.find(JOBS, request.name)
        if found is None:
            raise missing_job(request.name)
        return [found]
    selector = [f"--selector={request.selector}"] if request.selector else []
    everywhere = ["--all-namespaces"] if request.namespace is None else []
    return here.items(JOBS, *selector, *everywhere)


def absence(refused: Refused) -> str:
    """Say why nothing is served, and where to look."""
    if refused.message == NO_KINDS:
        return (
            f"this cluster has no log API (`kubectl get apiservice {APISERVICE}`): enable it in the operator's chart"
        )
    if any(words in refused.message for words in _AWAY):
        return f"the log API is away: see `kubectl get apiservice {APISERVICE}`"
    return refused.message


def _explained(refused: Refused, request: LogRequest) -> Problem:
    """Add the remedy."""
    if refused.reason == "Forbidden":
        return Problem(f"you may not read this output, which needs `{PERMISSION}`: ask an administrator for it")
    if refused.reason == "NotFound" and request.name != MANY:
        return missing_job(request.name)
    if refused.reason == "BadRequest" and "is waiting to start" in refused.message and not request.follow:
        return Problem(f"{refused.message}: use -f to wait for it")
    return refused
