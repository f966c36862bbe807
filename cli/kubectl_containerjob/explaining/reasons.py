"""Why a job is where it is, and what would move it: a sentence or two from job, hosts and time. Pure."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from containerjob_api.phases import UNPLACED, Phase, Reason
from kubectl_containerjob.explaining import limits, waiting
from kubectl_containerjob.explaining.cases import DOCTOR, Case, capital, command
from kubectl_containerjob.explaining.waiting import Surroundings
from kubectl_containerjob.records import Job
from kubectl_containerjob.screens import durations
from kubectl_containerjob.screens.durations import ago, moment

NEW: Final = timedelta(seconds=10)
"""An operator that is alive has looked at a job by then."""
GRACE: Final = timedelta(seconds=30)
"""From the stop signal to SIGKILL, unless the operator was started with another."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """The answer for one job."""

    name: str
    namespace: str
    phase: str
    reason: str
    explanation: str
    remedy: str


Said = tuple[str, str]


def explain(job: Job, around: Surroundings, now: datetime) -> Explanation:
    """Say why the job is where it is, and what would move it."""
    case = Case(job, around, now)
    text, remedy = _said(case)
    return Explanation(job.name, job.namespace, job.phase, job.reason, text, remedy)


def asks_hosts(job: Job) -> bool:
    """Say whether the hosts, and who else uses them, have a part in the answer."""
    waits = job.phase in waiting.WAITING and job.reason in UNPLACED
    return not job.finished and (waits or _out_of_sight(job))


def _said(case: Case) -> Said:
    job = case.job
    if int(job.status.get("observedGeneration", -1)) < 0 and not job.finished:
        return _unseen(case)
    wish = None if job.finished else _unheeded(case)
    if wish is not None:
        return wish
    speaks = PHASES.get(job.phase)
    return case.clause(job.reason) if speaks is None else speaks(case)


def _unseen(case: Case) -> Said:
    since = case.now - case.job.created
    text = f"It was created {durations.age(since)} ago, and no operator has looked at it yet"
    if since < NEW:
        return f"{text}: one is about to.", f"if none does: `{DOCTOR}`"
    return f"{text}: is one alive?", f"`{DOCTOR}`"


def _unheeded(case: Case) -> Said | None:
    """Tell of a wish that is stored and not taken up: the operator is slow, or dead."""
    job, stop = case.job, (case.job.current or {}).get("stop")
    behind = int(job.body["metadata"].get("generation", 0)) > int(job.status.get("observedGeneration", -1))
    if not behind or stop:
        return None
    for asked, done, what in (("cancel", Phase.CANCELLING, "cancelled"), ("suspend", Phase.SUSPENDED, "suspended")):
        if job.spec.get(asked) and job.phase != done:
            return f"It is to be {what} (spec.{asked}), and the operator has not taken that up yet.", f"`{DOCTOR}`"
    if job.phase == Phase.SUSPENDED and not job.spec.get("suspend"):
        return "It was resumed, and the operator has not taken that up yet.", f"`{DOCTOR}`"
    return None


def _waits(case: Case) -> Said:
    """Pending and Queued, and Retrying once its pause is over."""
    job = case.job
    what, remedy = case.clause(job.reason)
    if job.reason not in UNPLACED:
        return f"{capital(what)}.{limits.before_it_starts(case)}", remedy
    found = waiting.obstacles(job, case.around, case.now)
    text = f"It waits for a host: {waiting.told(found) if found else what}."
    line = waiting.place_in_line(job, case.around)
    if line is not None and line[1] > 1:
        text += f" It is number {line[0]} of {line[1]} in line."
    if any(obstacle.reason is None for obstacle in found):
        remedy = f"the operator is about to place it; if it does not: `{DOCTOR}`"
    return _with_hint(text + limits.before_it_starts(case), case), remedy


def _retries(case: Case) -> Said:
    job, due = case.job, case.job.time("nextRetryTime")
    failure = str((job.newest or {}).get("reason") or "")
    if job.reason in UNPLACED or job.reason == Reason.NOT_BEFORE or not failure:
        text, remedy = _waits(case)
        return f"It is to be tried again. {text}" if failure else text, remedy
    what, remedy = case.clause(failure)
    if "containerjob retry" in remedy:  # it is tried again by itself
        remedy = f"read what it printed with `{command('logs', job)}`; to stop trying: `{command('cancel', job)}`"
    when = f"the next one is made at {ago(due, case.now)}" if due and due > case.now else "the next one is due"
    limit = int(job.spec.get("backoffLimit", 6))
    left = limit - int(job.status.get("failed") or 0) + 1
    chances = f"It has {left} attempt{'' if left == 1 else 's'} left (backoffLimit {limit})."
    return f"Its attempt {job.tried} failed: {what}; {when}. {chances}", remedy


def _scheduled(case: Case) -> Said:
    job, attempt = case.job, case.job.current or {}
    if _out_of_sight(case.job) or attempt.get("stop"):
        return _runs(case)
    what, remedy = case.clause(job.reason)
    since = moment(attempt.get("scheduledTime"))
    for_long = f" for {durations.age(case.now - since)}" if since else ""
    return f"It is assigned to host {job.host}{for_long}: {what}.{limits.while_it_runs(case)}", remedy


def _runs(case: Case) -> Said:
    job, attempt = case.job, case.job.current or {}
    if _out_of_sight(case.job):
        return _unreachable(case)
    stop = attempt.get("stop")
    if stop:
        return _stopping(case, str(stop.get("reason", "")), moment(stop.get("time")))
    since = moment(attempt.get("launchTime") or attempt.get("startedAt"))
    when = f" since {ago(since, case.now)}" if since else ""
    number = f", attempt {job.tried}" if job.tried > 1 else ""
    return f"It runs on host {job.host}{when}{number}.{limits.while_it_runs(case)}", f"`{command('logs', job)} -f`"


def _stopping(case: Case, reason: str, since: datetime | None) -> Said:
    what, _ = case.clause(reason)
    until = f", until about {ago(since + GRACE, case.now)}" if since else ""
    text = (
        f"Its container on host {case.job.host} is being stopped, because {what}: it has its grace to end by itself "
        f"({GRACE.seconds} s unless the operator was started with another){until}; then it is killed."
    )
    late = since is not None and case.now > since + 2 * GRACE
    return text, f"this takes long: `{DOCTOR}`" if late else ""


def _unreachable(case: Case) -> Said:
    job = case.job
    sight = job.condition("HostReachable") or {}
    since = moment(sight.get("lastTransitionTime"))
    when = f" since {ago(since, case.now)}" if since else ""
    what, remedy = case.clause(Reason.HOST_UNREACHABLE)
    text = (
        f"{capital(what)}{when}; what its container does there is not known. {limits.if_it_stays_away(case, since)}"
    )
    return _with_hint(text, case), remedy


def _suspended(case: Case) -> Said:
    if case.job.reason == Reason.JOB_RESTORED:
        what, remedy = case.clause(case.job.reason)
        return f"It is not run: {what}.", remedy
    since = moment((case.job.condition("Suspended") or {}).get("lastTransitionTime"))
    when = f" since {ago(since, case.now)}" if since else ""
    tried = f" after {case.job.tried} attempt{'' if case.job.tried == 1 else 's'}" if case.job.tried else ""
    return f"It is suspended{when}{tried}: spec.suspend is set.", f"`{command('resume', case.job)}`"


def _ended(case: Case) -> Said:
    job = case.job
    what, remedy = case.clause(job.reason)
    word = {
        Phase.SUCCEEDED: "It succeeded",
        Phase.FAILED: "It failed",
        Phase.CANCELLED: "It was stopped",
        Phase.TIMED_OUT: "It was stopped",
    }[Phase(job.phase)]
    at = job.time("finishTime")
    text = f"{word}{f' at {ago(at, case.now)}' if at else ''}: {what}"
    last = str((job.newest or {}).get("reason") or "")
    if job.reason in {Reason.BACKOFF_LIMIT_EXCEEDED, Reason.LAUNCH_RETRIES_EXHAUSTED} and last:
        what, remedy = case.clause(last)
        text += f"; at last {what}"
    return f"{text}.{limits.expiry(case)}", remedy


def _with_hint(text: str, case: Case) -> str:
    return f"{text} {case.around.hint}" if case.around.hint else text


def _out_of_sight(job: Job) -> bool:
    return (job.condition("HostReachable") or {}).get("status") == "False"


PHASES: Final[dict[str, Callable[[Case], Said]]] = {
    Phase.PENDING: _waits,
    Phase.QUEUED: _waits,
    Phase.SCHEDULED: _scheduled,
    Phase.RUNNING: _runs,
    Phase.RETRYING: _retries,
    Phase.SUSPENDED: _suspended,
    Phase.CANCELLING: _runs,
    Phase.SUCCEEDED: _ended,
    Phase.FAILED: _ended,
    Phase.CANCELLED: _ended,
    Phase.TIMED_OUT: _ended,
}
"""Who speaks for which phase."""
