"""How an attempt ended: the true exit code or an explicit reason, never an invented 0."""

from dataclasses import dataclass

from containerjob_api.jobstatus import Attempt
from containerjob_api.phases import Phase, Reason
from containerjob_operator.decide.observations import Observation, RunState

STOPPED = {Reason.CANCELLED: Phase.CANCELLED, Reason.DEADLINE_EXCEEDED: Phase.TIMED_OUT}
"""What a job is called that was stopped on purpose."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """A final phase and what is known of the container's end."""

    phase: Phase
    reason: Reason
    message: str
    seen: Observation | None = None


def outcome_of_exit(attempt: Attempt, seen: Observation, *, stop_signalled: bool = False) -> Outcome:
    """Name the end of a container that has exited.

    A container that was seen running when its stop signal was sent was stopped, whatever its host's clock says.
    """
    stop = attempt.stop
    ended_before = stop is not None and seen.finished_at is not None and seen.finished_at < stop.time
    if stop is not None and (stop_signalled or not ended_before):
        return Outcome(STOPPED[stop.reason], stop.reason, _stopped_message(stop.reason), seen)
    if seen.exit_code is None:
        return Outcome(
            Phase.FAILED, Reason.CONTAINER_LOST, "the engine does not tell the container's exit code", seen
        )
    if seen.exit_code == 0:
        return Outcome(Phase.SUCCEEDED, Reason.COMPLETED, "the container exited with code 0", seen)
    if seen.oom_killed:
        message = f"the container ran out of memory and was killed (exit code {seen.exit_code})"
        return Outcome(Phase.FAILED, Reason.OOM_KILLED, message, seen)
    message = f"the container exited with code {seen.exit_code}"
    return Outcome(Phase.FAILED, Reason.NON_ZERO_EXIT_CODE, message, seen)


def outcome_of_absence(attempt: Attempt) -> Outcome:
    """Name the end of a container that nobody can ask any more."""
    if attempt.stop is not None:
        reason = attempt.stop.reason
        return Outcome(STOPPED[reason], reason, _stopped_message(reason))
    message = f"container {attempt.name} is gone from host {attempt.host.name}; somebody else removed it"
    return Outcome(Phase.FAILED, Reason.CONTAINER_LOST, message)


def outcome_of_refusal(reason: Reason, message: str) -> Outcome:
    """Name the end of an attempt that the engine will not launch."""
    return Outcome(Phase.FAILED, reason, message)


def outcome_of_failed_start(seen: Observation) -> Outcome:
    """Name the end of a container that could not be started."""
    return Outcome(Phase.FAILED, Reason.START_ERROR, seen.error or "the engine could not start the container", seen)


def outcome_without_attempt(reason: Reason) -> Outcome:
    """Name the end of a job that was stopped before any container existed."""
    return Outcome(STOPPED[reason], reason, _stopped_message(reason))


def never_started(seen: Observation) -> bool:
    """Say whether the container exists and has never run, so that removing it loses nothing."""
    return seen.state is RunState.CREATED and not seen.start_failed


def _stopped_message(reason: Reason) -> str:
    if reason is Reason.CANCELLED:
        return "cancelled as spec.cancel asks"
    return "the job was active for longer than activeDeadlineSeconds"
