"""The attempts of a job as a tree: where each ran, for how long, and how it ended. Pure."""

from collections.abc import Callable
from datetime import datetime
from typing import Final

import click

from containerjob_api.phases import Phase, Reason
from kubectl_containerjob import terminal
from kubectl_containerjob.explaining import answers
from kubectl_containerjob.kubectl import Body
from kubectl_containerjob.records import Job, host_of
from kubectl_containerjob.screens import durations
from kubectl_containerjob.screens.durations import moment
from kubectl_containerjob.screens.plain_text import cells, cut, folded, harmless, padded

LIKE: Final[dict[str, Phase]] = {
    Reason.COMPLETED: Phase.SUCCEEDED,
    Reason.CANCELLED: Phase.CANCELLED,
    Reason.JOB_SUSPENDED: Phase.SUSPENDED,
    Reason.DEADLINE_EXCEEDED: Phase.TIMED_OUT,
    Reason.ATTEMPT_DEADLINE_EXCEEDED: Phase.TIMED_OUT,
    Reason.STARTING_DEADLINE_EXCEEDED: Phase.TIMED_OUT,
}
"""The phase whose sign and colour an ended attempt has; the others are failures."""
LEAST_HOST: Final = 8


def tree(job: Job, now: datetime, *, width: int, colour: bool) -> list[str]:
    """Lay all attempts out, oldest first; nothing where there was none."""
    if not job.attempts:
        return []
    rows = [_cells(attempt, durations.ago, now) for attempt in job.attempts]
    if _over(rows, width) > 0:
        rows = [_cells(attempt, _only_ago, now) for attempt in job.attempts]
    widths = _widths(rows)
    widths[1] = min(widths[1], max(LEAST_HOST, widths[1] - _over(rows, width)))
    found = []
    for number, (attempt, row) in enumerate(zip(job.attempts, rows, strict=True), 1):
        last = number == len(rows)
        laid = "  ".join(padded(cut(text, each), each) for text, each in zip(row, widths, strict=True)).rstrip()
        found.append(f"{'└' if last else '├'} {_sign(attempt, colour)} {_painted(laid, attempt, colour)}")
        for text in _said(attempt):
            found += folded(text, width, "      " if last else "│     ")
    return found


def phase_of(attempt: Body) -> Phase:
    """Return the phase whose sign an attempt has."""
    reason = attempt.get("reason")
    if reason:
        return LIKE.get(str(reason), Phase.FAILED)
    if attempt.get("stop"):
        return Phase.CANCELLING
    return Phase.RUNNING if attempt.get("launchTime") or attempt.get("startedAt") else Phase.SCHEDULED


def _widths(rows: list[list[str]]) -> list[int]:
    return [max(map(cells, column)) for column in zip(*rows, strict=True)]


def _over(rows: list[list[str]], width: int) -> int:
    """Return by how much the widest line is too long."""
    widths = _widths(rows)
    return 4 + sum(widths) + 2 * (len(widths) - 1) - width


def _only_ago(when: datetime, now: datetime) -> str:
    return f"{durations.age(now - when)} ago"


def _cells(attempt: Body, when_written: Callable[[datetime, datetime], str], now: datetime) -> list[str]:
    began = moment(attempt.get("startedAt") or attempt.get("launchTime"))
    ended = moment(attempt.get("finishedAt"))
    when = when_written(began, now) if began else "not started"
    ran = durations.run_time(began, ended or (None if attempt.get("reason") else now))
    code, signal = attempt.get("exitCode"), attempt.get("signal")
    end = "" if code is None else f"exit {code}" + (f" (signal {signal})" if signal else "")
    reason = str(attempt.get("reason") or phase_of(attempt))
    return [str(attempt["attempt"]), host_of(attempt["host"]), when, ran or "-", end or "-", reason]


def _said(attempt: Body) -> list[str]:
    """Return what was said of the attempt, and what its container left as its last words."""
    left = harmless(str(attempt.get("terminationMessage") or "").strip())
    return [harmless(str(attempt.get("message") or "")), *([f"it left the message: {left}"] if left else [])]


def _sign(attempt: Body, colour: bool) -> str:
    return answers.icon(phase_of(attempt), colour=colour)


def _painted(laid: str, attempt: Body, colour: bool) -> str:
    shade = terminal.COLOURS.get(phase_of(attempt))
    head, gap, reason = laid.rpartition("  ")
    return f"{head}{gap}{click.style(reason, fg=shade)}" if colour and shade else laid
