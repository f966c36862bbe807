"""What a log request has to know of a job: little, since one selector may match ten thousand."""

from dataclasses import dataclass

from containerjob_api.hostrefs import HostReference
from containerjob_api.phases import ConditionType
from containerjob_operator.api.parameters import LogQuery
from containerjob_operator.api.refusals import Refusal
from containerjob_operator.kube.resources import Body

_TRACES = ("containerID", "launchTime", "startedAt")
"""What a record has of an attempt whose container was there."""


@dataclass(frozen=True, slots=True)
class AttemptSeen:
    """One attempt."""

    number: int
    container: str
    host: HostReference
    begun: bool
    """Its container was seen; before, there is nothing to read."""
    over: bool
    exit_code: int | None


@dataclass(frozen=True, slots=True)
class JobSeen:
    """One job as the API server has it."""

    uid: str
    namespace: str
    name: str
    phase: str
    finished: bool
    exit_code: int | None
    why: str
    """The reason of its Ready condition."""
    attempts: tuple[AttemptSeen, ...]

    @classmethod
    def from_body(cls, body: Body) -> "JobSeen":
        """Read an object, whose schema makes sure of what is required."""
        metadata, status = body["metadata"], body.get("status", {})
        ready = (c for c in status.get("conditions", ()) if c["type"] == ConditionType.READY)
        return cls(
            uid=metadata["uid"],
            namespace=metadata["namespace"],
            name=metadata["name"],
            phase=status.get("phase", "Pending"),
            finished=bool(status.get("finished")),
            exit_code=status.get("exitCode"),
            why=next((c["reason"] for c in ready), "the operator has not looked at it yet"),
            attempts=tuple(_attempt(each) for each in status.get("attempts", ())),
        )

    @property
    def begun(self) -> list[AttemptSeen]:
        """The attempts that had a container, oldest first."""
        return [attempt for attempt in self.attempts if attempt.begun]


@dataclass(frozen=True, slots=True)
class Choice:
    """Which attempts of a job are read: those from `first` on, up to `last`."""

    first: int
    last: int | None
    """None: every one that follows, until the job has finished."""


def choose(job: JobSeen, query: LogQuery) -> Choice:
    """Return which attempts are read; Refusal where there is nothing, and nothing to wait for."""
    begun = job.begun
    if query.attempt is not None:
        return _exactly(query.attempt, job, query)
    if query.previous:
        if len(begun) < 2:
            raise Refusal(400, f"previous: containerjob {job.name} has no attempt before its newest one")
        return Choice(begun[-2].number, begun[-2].number)
    if not begun:
        if not query.follow or job.finished:
            raise Refusal(400, _nothing(job))
        return Choice(0, None)
    # A request that goes on begins where the earlier one stood, though another attempt may have begun since.
    read = [attempt.number for attempt in begun if attempt.container in query.cursors]
    first = min(read, default=begun[-1].number)
    return Choice(first, None if query.follow else first)


def _exactly(number: int, job: JobSeen, query: LogQuery) -> Choice:
    known = next((attempt for attempt in job.attempts if attempt.number == number), None)
    to_come = known is None and number > max((attempt.number for attempt in job.attempts), default=-1)
    waiting = query.follow and not job.finished
    if known is None and not (to_come and waiting):
        recorded = ", ".join(str(attempt.number) for attempt in job.attempts) or "none"
        raise Refusal(400, f"attempt: containerjob {job.name} has a record of these: {recorded}; not of {number}")
    if known is not None and not known.begun and (known.over or not waiting):
        raise Refusal(400, f"attempt: {_nothing(job)}")
    return Choice(number, number)


def _nothing(job: JobSeen) -> str:
    if job.finished:
        return f"containerjob {job.name} never had a container: {job.why}"
    return f"the container of containerjob {job.name} is waiting to start: {job.why}"


def _attempt(body: Body) -> AttemptSeen:
    return AttemptSeen(
        number=body["attempt"],
        container=body["name"],
        host=HostReference.model_validate(body["host"]),
        begun=any(body.get(trace) for trace in _TRACES),
        over="reason" in body,
        exit_code=body.get("exitCode"),
    )
