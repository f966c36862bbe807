"""How far the reading of one job has come."""

from dataclasses import dataclass

from containerjob_api.frames import EndReason
from containerjob_operator.api.jobs import AttemptSeen, Choice, JobSeen
from containerjob_operator.api.sources import Source


@dataclass(slots=True)
class Line:
    """One job, whose attempts are read one after another."""

    job: JobSeen
    choice: Choice
    next: int
    """Number of the attempt to read next, or later."""
    known: int
    """Newest attempt that was there at first; what comes later is read whole, whatever tailLines says."""
    reading: bool = False
    source: Source | None = None
    """Kept while its host does not answer, since it knows how far it got."""
    failures: int = 0
    """How often its host did not answer."""
    deleted: bool = False
    ended: EndReason = EndReason.EXITED

    @classmethod
    def start(cls, job: JobSeen, choice: Choice) -> "Line":
        """Begin with a job as it is."""
        return cls(job, choice, choice.first, max((each.number for each in job.begun), default=-1))

    def following(self) -> AttemptSeen | None:
        """Return what is to be read next, if it is there."""
        if self.source is not None:
            return self.source.attempt
        return next((each for each in self.job.begun if self._is_wanted(each.number)), None)

    def is_over(self, *, follow: bool) -> bool:
        """Say whether nothing follows any more."""
        if self.reading or self.following() is not None:
            return False
        passed = self.choice.last is not None and self.next > self.choice.last
        return passed or not follow or self.job.finished or self.deleted

    def superseded(self, attempt: AttemptSeen) -> bool:
        """Say whether the job has gone on without this attempt, as when its host was lost."""
        return any(each.number > attempt.number for each in self.job.attempts)

    def passed(self, attempt: AttemptSeen, ended: EndReason) -> None:
        """Go on behind an attempt that was read."""
        self.source, self.next, self.ended, self.failures = None, attempt.number + 1, ended, 0

    def _is_wanted(self, number: int) -> bool:
        return number >= self.next and (self.choice.last is None or number <= self.choice.last)
