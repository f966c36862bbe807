"""What follows for a job from the end of an attempt: it is over, is tried again, or is suspended."""

import zlib
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from containerjob_api.failures import FailureAction, FailureRule, OnExitCodes
from containerjob_api.jobs import ContainerJob
from containerjob_api.phases import Phase, Reason
from containerjob_api.retries import OnHostLost
from containerjob_operator.decide.deadlines import wish_to_stop
from containerjob_operator.decide.facts import Facts
from containerjob_operator.decide.outcomes import STOPPED, Outcome

DISRUPTIONS: Final = frozenset({Reason.HOST_LOST, Reason.HOST_DISRUPTION})
"""What batch/v1 calls the pod condition DisruptionTarget."""
ENDS: Final = {
    Reason.COMPLETED: Phase.SUCCEEDED,
    Reason.CANCELLED: Phase.CANCELLED,
    Reason.DEADLINE_EXCEEDED: Phase.TIMED_OUT,
    Reason.STARTING_DEADLINE_EXCEEDED: Phase.FAILED,
}
"""Ends of an attempt, or wishes, after which nothing can follow."""
FINAL_WISHES: Final = frozenset({Reason.CANCELLED, Reason.DEADLINE_EXCEEDED})
"""Wishes that end the job instead of another attempt, also where they were withdrawn after they were acted on."""
MOST_DOUBLINGS: Final = 64


@dataclass(frozen=True, slots=True)
class Verdict:
    """Where the job goes, why, and what was counted."""

    phase: Phase
    reason: Reason
    message: str
    outcome: Outcome | None = None
    """How the attempt ended; None where there was none."""
    failed: int = 0
    launch_failures: int = 0
    next_retry_time: datetime | None = None
    launched_at: datetime | None = None
    """When this process started the attempt's container, where it did."""


def verdict_without_attempt(job: ContainerJob, reason: Reason) -> Verdict:
    """End a job that has no container just now."""
    status = job.status
    return Verdict(ENDS[reason], reason, STOPPED[reason], None, status.failed, status.launch_failures)


def verdict(facts: Facts, outcome: Outcome) -> Verdict:
    """Say what follows from the end of the current attempt."""
    status = facts.job.status
    same = Verdict(
        Phase.FAILED,
        outcome.reason,
        outcome.message,
        outcome,
        status.failed,
        status.launch_failures,
        launched_at=facts.launched_at,
    )
    if outcome.reason in ENDS:
        return replace(same, phase=ENDS[outcome.reason])
    if outcome.failure_class is None:
        return _again(facts, same, pause=False)
    return _after_a_failure(facts, outcome, same)


def _after_a_failure(facts: Facts, outcome: Outcome, same: Verdict) -> Verdict:
    job = facts.job
    number, rule = _matching_rule(job, outcome)
    if rule is not None and rule.action is FailureAction.FAIL_JOB:
        message = f"podFailurePolicy.rules[{number}] fails the job: {outcome.message}"
        return replace(same, reason=Reason.POD_FAILURE_POLICY, message=message)
    if rule is not None and rule.action is FailureAction.IGNORE:
        return _again(facts, same)
    if rule is None and (outcome.permanent or _lost_for_good(facts, outcome)):
        return same
    if rule is not None or outcome.failure_class == "Application":
        counted = replace(same, failed=same.failed + 1)
        return _unless_exhausted(
            facts, counted, counted.failed, job.spec.backoff_limit, Reason.BACKOFF_LIMIT_EXCEEDED
        )
    counted = replace(same, launch_failures=same.launch_failures + 1)
    limit = job.spec.retry_policy.backoff.launch_retry_limit
    return _unless_exhausted(facts, counted, counted.launch_failures, limit, Reason.LAUNCH_RETRIES_EXHAUSTED)


def _unless_exhausted(facts: Facts, counted: Verdict, failures: int, limit: int, reason: Reason) -> Verdict:
    if failures <= limit:
        return _again(facts, counted)
    if limit == 0:
        return counted  # nothing was tried again: the attempt's own reason says more
    times = "once" if failures == 1 else f"{failures} times"
    return replace(counted, reason=reason, message=f"failed {times}, at last: {counted.message}")


def _again(facts: Facts, ended: Verdict, *, pause: bool = True) -> Verdict:
    """Have another attempt follow, unless somebody wishes otherwise by now."""
    current = facts.job.status.current
    written = current.stop.reason if current is not None and current.stop is not None else None
    wish = written if written in FINAL_WISHES else wish_to_stop(facts)
    if wish is not None and wish in FINAL_WISHES and ended.reason is Reason.HOST_LOST:
        return ended  # neither cancelled nor stopped in time: its container may still run
    if wish is not None and wish in FINAL_WISHES:
        return replace(ended, phase=ENDS[wish], reason=wish, message=STOPPED[wish])
    if facts.job.spec.suspend:
        return replace(
            ended, phase=Phase.SUSPENDED, reason=Reason.JOB_SUSPENDED, message=STOPPED[Reason.JOB_SUSPENDED]
        )
    seconds = pause_seconds(facts.job, ended.failed + ended.launch_failures) if pause else 0.0
    retry_at = facts.now + timedelta(seconds=seconds)
    return replace(ended, phase=Phase.RETRYING, next_retry_time=retry_at)


def pause_seconds(job: ContainerJob, failures: int) -> float:
    """Return the pause after this many counted failures; its jitter is the attempt's own, whoever asks and when."""
    backoff = job.spec.retry_policy.backoff
    doublings = min(max(0, failures - 1), MOST_DOUBLINGS)
    plain = min(backoff.initial_seconds * float(backoff.factor) ** doublings, backoff.max_seconds)
    share = zlib.crc32(f"{job.metadata.uid}-{job.status.attempt_count}".encode()) / 2**32
    return plain * (1 + share * backoff.jitter_percent / 100)


def longest_pause_seconds(job: ContainerJob) -> float:
    """Return what no pause of this job can exceed; a longer one tells of a clock that stepped back."""
    backoff = job.spec.retry_policy.backoff
    return max(backoff.initial_seconds, backoff.max_seconds) * (1 + backoff.jitter_percent / 100)


def on_host_lost(facts: Facts) -> OnHostLost:
    """Return what shall happen when the host stays away: the job's word, else the host's."""
    return facts.job.spec.retry_policy.on_host_lost or facts.disconnect.on_host_lost


def _lost_for_good(facts: Facts, outcome: Outcome) -> bool:
    return outcome.reason is Reason.HOST_LOST and on_host_lost(facts) is OnHostLost.FAIL


def _matching_rule(job: ContainerJob, outcome: Outcome) -> tuple[int, FailureRule | None]:
    policy = job.spec.pod_failure_policy
    for number, rule in enumerate(policy.rules if policy is not None else ()):
        if _matches(rule, job, outcome):
            return number, rule
    return 0, None


def _matches(rule: FailureRule, job: ContainerJob, outcome: Outcome) -> bool:
    if rule.on_exit_codes is not None:
        return _matches_code(rule.on_exit_codes, job, outcome)
    if rule.on_pod_conditions is not None:
        return outcome.reason in DISRUPTIONS
    return outcome.reason in (rule.on_reasons or ())


def _matches_code(wanted: OnExitCodes, job: ContainerJob, outcome: Outcome) -> bool:
    code = outcome.seen.exit_code if outcome.seen is not None else None
    if not code or wanted.container_name not in {None, job.container.name}:
        return False
    return (code in wanted.values) == (wanted.operator == "In")
