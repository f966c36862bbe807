"""How an attempt ended: the true exit code or an explicit reason, never an invented 0."""

from dataclasses import dataclass
from typing import Final, Literal

from containerjob_api.jobstatus import Attempt
from containerjob_api.phases import Reason
from containerjob_operator.decide.facts import Refusal
from containerjob_operator.decide.observations import Observation

FailureClass = Literal["Application", "Launch", "Infrastructure"]
CLASSES: Final[dict[Reason, FailureClass]] = {
    Reason.NON_ZERO_EXIT_CODE: "Application",
    Reason.OOM_KILLED: "Application",
    Reason.OOM_SUSPECTED: "Application",
    Reason.ATTEMPT_DEADLINE_EXCEEDED: "Application",
    Reason.IMAGE_NOT_FOUND: "Launch",
    Reason.IMAGE_PULL_BACK_OFF: "Launch",
    Reason.INVALID_SPEC: "Launch",
    Reason.START_ERROR: "Launch",
    Reason.LAUNCH_BACK_OFF: "Launch",
    Reason.NAME_CONFLICT: "Launch",
    Reason.CONTAINER_LOST: "Infrastructure",
    Reason.CANCELLED_EXTERNALLY: "Infrastructure",
    Reason.HOST_DISRUPTION: "Infrastructure",
    Reason.HOST_LOST: "Infrastructure",
}
"""Every way an attempt can fail, and whose failure it is."""
STOPPED: Final[dict[Reason, str]] = {
    Reason.CANCELLED: "cancelled as spec.cancel asks",
    Reason.DEADLINE_EXCEEDED: "the job was active for longer than activeDeadlineSeconds",
    Reason.JOB_SUSPENDED: "suspended as spec.suspend asks",
    Reason.ATTEMPT_DEADLINE_EXCEEDED: "the container ran for longer than attemptDeadlineSeconds",
    Reason.STARTING_DEADLINE_EXCEEDED: "no container had started within startingDeadlineSeconds",
}
"""What is said of an attempt, or a job, that was stopped on purpose."""
SIGKILLED: Final = 137


@dataclass(frozen=True, slots=True)
class Outcome:
    """An attempt's end and what is known of its container."""

    reason: Reason
    message: str
    seen: Observation | None = None
    permanent: bool = False
    """Whether another attempt would end the same way."""

    @property
    def failure_class(self) -> FailureClass | None:
        """Whose failure it was; None where it was none."""
        return CLASSES.get(self.reason)


def outcome_of_exit(
    attempt: Attempt, seen: Observation, *, stop_signalled: bool = False, oom_seen: bool = False
) -> Outcome:
    """Name the end of a container that has exited.

    A container that was seen running when its stop signal was sent was stopped, whatever its host's clock says.
    """
    stop = attempt.stop
    ended_before = stop is not None and seen.finished_at is not None and seen.finished_at < stop.time
    if stop is not None and (stop_signalled or not ended_before):
        return Outcome(stop.reason, STOPPED[stop.reason], seen)
    if seen.disrupted:
        return Outcome(Reason.HOST_DISRUPTION, "the container ended when its engine or machine was restarted", seen)
    if seen.cancelled:
        return Outcome(Reason.CANCELLED_EXTERNALLY, f"somebody cancelled it on {attempt.host.called}", seen)
    return _outcome_of_its_own(seen, oom_seen=oom_seen)


def _outcome_of_its_own(seen: Observation, *, oom_seen: bool) -> Outcome:
    if seen.exit_code is None:
        return Outcome(Reason.CONTAINER_LOST, "the engine does not tell the container's exit code", seen)
    if seen.exit_code == 0:
        return Outcome(Reason.COMPLETED, "the container exited with code 0", seen)
    if seen.oom_killed or oom_seen:
        return _out_of_memory(seen)
    return Outcome(Reason.NON_ZERO_EXIT_CODE, f"the container exited with code {seen.exit_code}", seen)


def _out_of_memory(seen: Observation) -> Outcome:
    """Tell a kill of the main process from one of its children: exit code 137 alone proves neither."""
    if seen.oom_killed and seen.exit_code == SIGKILLED:
        message = f"the container ran out of memory and was killed (exit code {seen.exit_code})"
        return Outcome(Reason.OOM_KILLED, message, seen)
    message = f"a process in the container was killed for memory; the exit code is {seen.exit_code}"
    return Outcome(Reason.OOM_SUSPECTED, message, seen)


def outcome_of_absence(attempt: Attempt) -> Outcome:
    """Name the end of a container that nobody can ask any more."""
    if attempt.stop is not None:
        return Outcome(attempt.stop.reason, STOPPED[attempt.stop.reason])
    message = f"container {attempt.name} is gone from {attempt.host.called}; somebody else removed it"
    return Outcome(Reason.CONTAINER_LOST, message)


def outcome_of_refusal(refusal: Refusal) -> Outcome:
    """Name the end of an attempt that the engine did not launch."""
    return Outcome(refusal.reason, refusal.message, permanent=refusal.permanent)


def outcome_of_failed_start(seen: Observation) -> Outcome:
    """Name the end of a container that could not be started."""
    message = seen.error or "the engine could not start the container"
    return Outcome(Reason.START_ERROR, message, seen, permanent=seen.start_failure_permanent)


def outcome_of_loss(attempt: Attempt, seconds: int) -> Outcome:
    """Name the end of an attempt whose host has been away for too long."""
    message = f"{attempt.host.called} has not answered for {seconds} s; its container may still run"
    return Outcome(Reason.HOST_LOST, message)
