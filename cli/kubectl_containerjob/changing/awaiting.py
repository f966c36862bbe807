"""Wait until jobs are where one wants them: a line for each that is, and an exit code that says whether all are."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final

import click

from containerjob_api.phases import Phase
from kubectl_containerjob import exits
from kubectl_containerjob.changing.outcomes import KIND
from kubectl_containerjob.changing.settling import settle
from kubectl_containerjob.following.endings import exit_code
from kubectl_containerjob.kubectl import Body, Kubectl
from kubectl_containerjob.problems import Problem
from kubectl_containerjob.records import Job
from kubectl_containerjob.selection import uid_of

FOR_EVER: Final = timedelta(days=36500)


class Goal(StrEnum):
    """What is waited for."""

    FINISHED = "finished"
    SUCCEEDED = "succeeded"
    RUNNING = "running"
    DELETE = "delete"


@dataclass(frozen=True, slots=True)
class Terms:
    """What is waited for, how long, and what the exit code says."""

    goal: Goal
    timeout: timedelta = FOR_EVER
    first: bool = False
    """Whether the first job that gets there ends the waiting."""
    own_code: bool = False
    """Whether a single job's own exit code is ours."""


def settled(goal: Goal, job: Job) -> bool:
    """Say whether a job is there, or will never be."""
    if goal is Goal.DELETE:
        return False
    return job.finished or (goal is Goal.RUNNING and job.phase == Phase.RUNNING)


def reached(goal: Goal, job: Job, *, there: bool) -> bool:
    """Say whether a job that is settled is where it should be; what ran and ended so quickly has run."""
    if goal is Goal.DELETE:
        return not there
    if goal is Goal.RUNNING:
        return job.phase == Phase.RUNNING or any(attempt.get("startedAt") for attempt in job.attempts)
    return job.phase == Phase.SUCCEEDED if goal is Goal.SUCCEEDED else job.finished


def told(goal: Goal, job: Job, *, there: bool) -> str:
    """Say what became of a job."""
    if not there and not job.finished:
        return "deleted"
    if job.finished:
        return "deleted" if goal is Goal.DELETE else f"finished ({job.phase})"
    return "running"


def wait_for(kubectl: Kubectl, jobs: Sequence[Body], terms: Terms, *, quiet: bool = False) -> int:
    """Wait, tell, and return the exit code; Problem when the time is up."""
    left = {uid_of(job): Job(job) for job in jobs}
    code = exits.DONE
    for body, there in settle(kubectl, jobs, lambda job: settled(terms.goal, job), terms.timeout.total_seconds()):
        job = Job(body)
        left.pop(uid_of(body))
        if not quiet:
            click.echo(f"{KIND}/{job.name} {told(terms.goal, job, there=there)}")
        code = max(code, _code(job, terms, there=there))
        if terms.own_code:
            code = exit_code(job) if job.finished else exits.NOT_RUN
        if terms.first:
            return code
    if left:
        names = [job.name for job in left.values()]
        more = f" and {len(names) - 1} more" if len(names) > 1 else ""
        raise Problem(
            f"the time is up: {names[0]}{more} not {_word(terms.goal)} after {terms.timeout.total_seconds():g} s;"
            f" see `kubectl containerjob why {names[0]}`",
            exits.DEADLINE,
        )
    return code


def _code(job: Job, terms: Terms, *, there: bool) -> int:
    """Fail for a job that is not where it should be, and at its end for one that did not succeed."""
    if not reached(terms.goal, job, there=there):
        return exits.FAILED
    if terms.goal is Goal.FINISHED and job.phase != Phase.SUCCEEDED:
        return exits.FAILED
    return exits.DONE


def _word(goal: Goal) -> str:
    return "deleted" if goal is Goal.DELETE else goal.value
