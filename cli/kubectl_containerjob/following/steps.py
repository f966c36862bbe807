"""What has happened to a job since one last looked, as steps that are told once each. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from containerjob_api.phases import Phase, Reason
from kubectl_containerjob.following import endings
from kubectl_containerjob.kubectl import Body
from kubectl_containerjob.records import Job, host_of
from kubectl_containerjob.screens.durations import moment
from kubectl_containerjob.screens.plain_text import harmless


class Kind(StrEnum):
    """What a step is; the word that --progress=json prints."""

    CREATED = "created"
    RESUMED = "resumed"
    FOLLOWED = "followed"
    WAITING = "waiting"
    SUSPENDED = "suspended"
    SCHEDULED = "scheduled"
    PREPARING = "preparing"
    STARTED = "started"
    RETRYING = "retrying"
    STOPPING = "stopping"
    UNREACHABLE = "unreachable"
    REACHABLE = "reachable"
    MISSING = "missing"
    OUTAGE = "outage"
    RESTORED = "restored"
    UNSEEN = "unseen"
    FINISHED = "finished"
    DELETED = "deleted"
    DETACHED = "detached"


LAST = frozenset({Kind.FINISHED, Kind.DELETED, Kind.DETACHED})
"""Steps after which nothing is followed any more."""
TROUBLE = frozenset({Kind.RETRYING, Kind.UNREACHABLE, Kind.MISSING, Kind.OUTAGE, Kind.UNSEEN, Kind.DELETED})
"""Steps that are no progress."""


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happened."""

    kind: Kind
    text: str
    facts: Body = field(default_factory=dict)
    """For machines: attempt, host, exitCode and their like."""


@dataclass(slots=True)
class Story:
    """What was told of a job so far."""

    told: set[object] = field(default_factory=set)
    waiting: str = ""
    """The reason that was told last of a job that does not go on."""
    unreachable: bool = False

    def next(self, job: Job, now: datetime) -> list[Step]:
        """Return what is new, in the order in which it happened."""
        return [*self._attempts(job), *self._standing(job, now), *self._host(job)]

    def output(self, attempt: int, host: str) -> list[Step]:
        """Return what output tells before the job's status does: its container was placed, and started."""
        return [*self._scheduled(attempt, host), *self._started(attempt, host)]

    def preparing(self, job: Job) -> list[Step]:
        """Tell of a container that is long in the making; most often its image is pulled."""
        attempt = job.current
        if job.phase != Phase.SCHEDULED or attempt is None or not self._new(("preparing", attempt["attempt"])):
            return []
        image = harmless(str(job.container.get("image", "")))
        return [Step(Kind.PREPARING, f"pulling {image}, or starting", {"attempt": attempt["attempt"]})]

    def _attempts(self, job: Job) -> Iterator[Step]:
        for attempt in job.attempts:
            number = int(attempt["attempt"])
            host = harmless(host_of(attempt["host"]))
            yield from self._scheduled(number, host)
            if attempt.get("startedAt"):
                yield from self._started(number, host)

    def _scheduled(self, attempt: int, host: str) -> Iterator[Step]:
        if self._new(("scheduled", attempt)):
            self.waiting = ""
            yield Step(Kind.SCHEDULED, f"scheduled on {host}", {"attempt": attempt, "host": host})

    def _started(self, attempt: int, host: str) -> Iterator[Step]:
        if self._new(("started", attempt)):
            self.waiting = ""
            yield Step(Kind.STARTED, f"started on {host}", {"attempt": attempt, "host": host})

    def _standing(self, job: Job, now: datetime) -> Iterator[Step]:
        """Tell why a job does not go on, once for each reason."""
        if job.phase == Phase.RETRYING and self._new(("retrying", job.status.get("attemptCount"))):
            self.waiting = job.reason
            yield _retrying(job, now)
        elif job.phase == Phase.CANCELLING and self._new(Kind.STOPPING):
            yield Step(Kind.STOPPING, "cancelling: the container is being stopped")
        elif job.status.get("observedGeneration") != job.body["metadata"].get("generation"):
            return  # it speaks of what was wanted before
        elif job.phase == Phase.SUSPENDED and self.waiting != Phase.SUSPENDED:
            self.waiting = Phase.SUSPENDED
            yield Step(Kind.SUSPENDED, "suspended: nothing runs until it is resumed")
        elif job.phase in {Phase.PENDING, Phase.QUEUED} and job.reason not in {"", Reason.JOB_RESUMED, self.waiting}:
            self.waiting = job.reason
            yield Step(Kind.WAITING, f"waiting: {job.message}", {"reason": job.reason})

    def _host(self, job: Job) -> Iterator[Step]:
        condition = job.condition("HostReachable")
        lost = condition is not None and condition.get("status") == "False" and not job.finished
        if lost != self.unreachable:
            self.unreachable = lost
            text = harmless(str((condition or {}).get("message", "")))
            yield Step(Kind.UNREACHABLE if lost else Kind.REACHABLE, text or "the host answers again")

    def _new(self, key: object) -> bool:
        known = key in self.told
        self.told.add(key)
        return not known


def finished(job: Job) -> Step:
    """Sum up."""
    newest = job.newest or {}
    facts = {
        "phase": job.phase,
        "reason": job.reason,
        "exitCode": newest.get("exitCode"),
        "durationSeconds": endings.seconds(job),
        "attempts": int(job.status.get("attemptCount") or 0),
    }
    return Step(Kind.FINISHED, endings.summary(job), facts)


def _retrying(job: Job, now: datetime) -> Step:
    newest = job.newest or {}
    said = harmless(str(newest.get("message") or "")) or job.message
    again = moment(job.status.get("nextRetryTime"))
    seconds = None if again is None else max(0, round((again - now).total_seconds()))
    when = "" if seconds is None else f" in {seconds} s"
    facts = {"attempt": newest.get("attempt"), "exitCode": newest.get("exitCode"), "seconds": seconds}
    return Step(Kind.RETRYING, f"retrying{when}: {said}", facts)
