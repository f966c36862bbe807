"""When a job's times are up: what each limit in force will do, as the end of a sentence. Pure."""

from datetime import datetime, timedelta

from kubectl_containerjob.explaining.cases import Case
from kubectl_containerjob.screens.durations import absolute, ago, moment


def expiry(case: Case) -> str:
    """Tell when the object of a finished job goes."""
    at = case.job.time("expireTime")
    return f" The object is deleted at {ago(at, case.now)}." if at else ""


def while_it_runs(case: Case) -> str:
    """Tell the first limit that stops a container."""
    job = case.job
    launched = moment((job.current or {}).get("launchTime"))
    limits = (
        (job.time("startTime"), "activeDeadlineSeconds"),
        (launched, "attemptDeadlineSeconds"),
    )
    found = [
        (begin + timedelta(seconds=int(job.spec[name])), name)
        for begin, name in limits
        if begin and job.spec.get(name)
    ]
    if not found:
        return ""
    at, name = min(found)
    return f" It is stopped at {ago(at, case.now)} if it has not ended by then ({name})."


def before_it_starts(case: Case) -> str:
    """Tell by when a container must have started, else what stops the job."""
    job, seconds = case.job, case.job.spec.get("startingDeadlineSeconds")
    if not seconds or job.attempts:
        return while_it_runs(case)
    told = job.condition("Suspended") or {}
    resumed = moment(told.get("lastTransitionTime")) if told.get("status") == "False" else None
    begins = [job.created, moment(job.spec.get("notBefore")), resumed]
    at = max(begin for begin in begins if begin) + timedelta(seconds=int(seconds))
    return f" It fails at {absolute(at)} if it has not started by then (startingDeadlineSeconds)."


def if_it_stays_away(case: Case, since: datetime | None) -> str:
    """Tell what follows for a job whose host does not answer: the job's own word, else the host's."""
    host = next((host for host in case.around.hosts or () if host.name == case.job.host), None)
    disconnect = {} if host is None else host.spec.get("disconnect") or {}
    own = (case.job.spec.get("retryPolicy") or {}).get("onHostLost")
    action = own or (None if host is None else disconnect.get("onHostLost", "Wait"))
    if action is None:
        return "What follows is in the host's spec.disconnect."
    if action == "Wait":
        return "It waits for the host however long that takes (onHostLost Wait)."
    at = "after the host's lostAfterSeconds"
    if since is not None and host is not None:
        at = f"at {ago(since + timedelta(seconds=int(disconnect.get('lostAfterSeconds', 300))), case.now)}"
    follows = "another attempt follows" if action == "Retry" else "the job fails"
    return f"If it stays away, the attempt counts as lost {at} and {follows} (onHostLost {action})."
