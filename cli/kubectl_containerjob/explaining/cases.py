"""One job with all that is known beside it, and the words that its sentences are made of. Pure."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from containerjob_api.names import read_host
from containerjob_api.phases import Reason
from kubectl_containerjob.explaining import waiting
from kubectl_containerjob.explaining.sentences import CLAUSES
from kubectl_containerjob.explaining.waiting import Surroundings
from kubectl_containerjob.records import Job
from kubectl_containerjob.screens.durations import ago, moment
from kubectl_containerjob.screens.plain_text import harmless

DOCTOR: Final = "kubectl containerjob doctor"
SHORT: Final = 300
"""Characters of somebody else's message that fit into a sentence."""


@dataclass(frozen=True, slots=True)
class Case:
    """A job, what is known beside it, and the time."""

    job: Job
    around: Surroundings
    now: datetime

    def clause(self, reason: str) -> tuple[str, str]:
        """Return what a reason means for this job, and the remedy; the operator's words for one we do not know."""
        known = CLAUSES.get(reason)
        if known is None:
            return self.message or f"the operator gives the reason {reason or 'none'}", ""
        what, remedy = known
        return what.format_map(self.words), remedy.format_map(self.words)

    @property
    def message(self) -> str:
        """What was said of the newest attempt, else of the job."""
        said = harmless(str((self.job.newest or {}).get("message") or "")) or self.job.message
        return said if len(said) <= SHORT else said[:SHORT] + "…"

    @property
    def words(self) -> dict[str, str]:
        """Return what the sentences may name."""
        job, newest = self.job, self.job.newest or {}
        spec, status = job.spec, job.status
        memory = ((job.container.get("resources") or {}).get("limits") or {}).get("memory")
        not_before = moment(spec.get("notBefore"))
        return {
            "name": job.name,
            "namespace": job.namespace,
            "host": job.host or job.pinned or "HOST",
            "pinned_full": _full(job.pinned),
            "a_host": self._a_host(),
            "a_host_typed": _typed(self._a_host()),
            "image": str(job.container.get("image", "")),
            "message": job.message if job.reason == Reason.POD_FAILURE_POLICY else self.message,
            "code": str(newest.get("exitCode", status.get("exitCode", "unknown"))),
            "signal": f" (signal {newest['signal']})" if newest.get("signal") else "",
            "memory": f"limit {memory}" if memory else "no limit set",
            "limit": str(spec.get("backoffLimit", 6)),
            "failed": times(int(status.get("failed") or 0)),
            "launch_failures": times(int(status.get("launchFailures") or 0)),
            "starting": str(spec.get("startingDeadlineSeconds", "?")),
            "per_attempt": str(spec.get("attemptDeadlineSeconds", "?")),
            "active": str(spec.get("activeDeadlineSeconds", "?")),
            "not_before": ago(not_before, self.now) if not_before else "its time",
            "doctor": DOCTOR,
            **{verb: command(verb, job) for verb in ("logs", "retry", "resume", "show")},
        }

    def _a_host(self) -> str:
        """Name the host that the remedy speaks of: the first one with the obstacle that the status tells."""
        found = waiting.obstacles(self.job, self.around, self.now)
        named = (obstacle.host for obstacle in found if obstacle.reason == self.job.reason)
        return next(named, self.job.pinned or "HOST")


def _full(host: str) -> str:
    kind, name = read_host(host)
    return f"{kind} {name}"


def _typed(host: str) -> str:
    """Return a host as kubectl's own commands take it."""
    kind, name = read_host(host)
    return f"{kind.lower()} {name}"


def command(verb: str, job: Job) -> str:
    """Return a command as it can be pasted, whatever the namespace of the context."""
    return f"kubectl containerjob {verb} {job.name} -n {job.namespace}"


def times(number: int) -> str:
    """Return how often, in words."""
    return {0: "never", 1: "once", 2: "twice"}.get(number, f"{number} times")


def capital(text: str) -> str:
    """Begin a sentence."""
    return text[:1].upper() + text[1:]
