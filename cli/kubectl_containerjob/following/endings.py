"""How a job ended, as an exit code and as a line. Pure."""

from datetime import datetime
from typing import Final

from containerjob_api.phases import Phase, Reason
from kubectl_containerjob import exits
from kubectl_containerjob.records import Job
from kubectl_containerjob.screens.durations import moment, run_time
from kubectl_containerjob.screens.plain_text import harmless

NOT_STARTED: Final = frozenset({126, 127})
"""What an engine says of a container that could not be started because of its command; as shells do."""


def exit_code(job: Job) -> int:
    """Return the container's own code; 124 at a deadline, 125 where no container ended of itself."""
    newest = job.newest or {}
    code = newest.get("exitCode")
    if job.phase == Phase.SUCCEEDED:
        return exits.DONE
    if job.phase == Phase.TIMED_OUT or newest.get("reason") == Reason.ATTEMPT_DEADLINE_EXCEEDED:
        return exits.DEADLINE
    if job.phase == Phase.CANCELLED or not code:
        return exits.NOT_RUN
    if newest.get("failureClass") == "Application" or code in NOT_STARTED:
        return int(code)
    return exits.NOT_RUN


def seconds(job: Job) -> float | None:
    """Return how long the newest container ran."""
    begin, end = _times(job)
    return None if begin is None or end is None else round((end - begin).total_seconds(), 3)


def summary(job: Job) -> str:
    """Say in one line how it ended, after how long and with which code."""
    newest = job.newest or {}
    parts = [job.phase]
    ran = run_time(*_times(job))
    if ran:
        parts.append(f"after {ran}" + (f" on {harmless(job.host)}" if job.host else ""))
    line = " ".join(parts)
    if newest.get("exitCode") is not None:
        line += f", exit code {newest['exitCode']}"
    tries = int(job.status.get("attemptCount") or 0)
    if tries > 1:
        line += f", {tries} attempts"
    if job.phase != Phase.SUCCEEDED and job.message and job.reason != Reason.NON_ZERO_EXIT_CODE:
        line += f": {job.message}"
    return line


def _times(job: Job) -> tuple[datetime | None, datetime | None]:
    newest = job.newest or {}
    return moment(newest.get("startedAt")), moment(newest.get("finishedAt"))
