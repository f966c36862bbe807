"""podFailurePolicy: which rule speaks, and what its action does to the job and its counts."""

from typing import Any

import pytest
from tests.unit.decide.builders import (
    LIMITLESS,
    PASSING,
    after,
    ends,
    exited,
    failed_start,
    refusal,
    scheduled,
    unreachable,
    why,
)

from containerjob_api.hosts import Disconnect
from containerjob_api.jobs import ContainerJob
from containerjob_api.phases import Phase
from containerjob_api.retries import OnHostLost
from containerjob_operator.decide.observations import ABSENT, Observation, RunState

DISRUPTED = Observation(RunState.EXITED, exit_code=255, disrupted=True)


def codes(operator: str, *values: int, container: str | None = None) -> dict[str, Any]:
    named = {"containerName": container} if container else {}
    return {"onExitCodes": {"operator": operator, "values": values, **named}}


DISRUPTION = {"onPodConditions": [{"type": "DisruptionTarget"}]}


def rule(action: str, matcher: dict[str, Any]) -> dict[str, Any]:
    return {"action": action, **matcher}


def job_with(*rules: dict[str, Any], **spec: Any) -> ContainerJob:
    return scheduled(more=LIMITLESS | {"podFailurePolicy": {"rules": rules}} | spec)


def outcome(job: ContainerJob) -> tuple[Phase | None, str, int, int]:
    return (*why(job), job.status.failed, job.status.launch_failures)


RETRIED = (Phase.RETRYING, "NonZeroExitCode", 1, 0)
POLICY = (Phase.FAILED, "PodFailurePolicy", 0, 0)


@pytest.mark.parametrize(
    ("matcher", "code", "matches"),
    [
        (codes("In", 42), 42, True),
        (codes("In", 42), 1, False),
        (codes("In", 1, 42, 43), 43, True),
        (codes("NotIn", 42), 1, True),
        (codes("NotIn", 42), 42, False),
        (codes("NotIn", 0, 42), 7, True),
        (codes("In", 42, container="main"), 42, True),
        (codes("In", 42, container="other"), 42, False),
        (codes("NotIn", 1, container="other"), 42, False),
        ({"onReasons": ["NonZeroExitCode"]}, 42, True),
        ({"onReasons": ["OOMKilled", "HostLost"]}, 42, False),
        (DISRUPTION, 42, False),
    ],
)
def test_a_rule_matches_an_exit_as_it_says(matcher: dict[str, Any], code: int, matches: bool) -> None:
    job = ends(job_with(rule("FailJob", matcher)), 6, seen=exited(code))
    assert outcome(job) == (POLICY if matches else RETRIED)


def test_a_job_that_a_rule_fails_says_which_one_and_keeps_the_attempts_own_reason() -> None:
    job = ends(job_with(rule("Ignore", codes("In", 1)), rule("FailJob", codes("In", 42))), 6, seen=exited(42))
    assert outcome(job) == POLICY
    message = job.status.conditions[-1].message
    assert message == "podFailurePolicy.rules[1] fails the job: the container exited with code 42"
    assert job.status.newest is not None
    assert (job.status.newest.reason, job.status.newest.failure_class) == ("NonZeroExitCode", "Application")


def test_an_ignored_failure_is_followed_by_another_attempt_and_counts_nowhere() -> None:
    job = job_with(rule("Ignore", codes("In", 42)), backoffLimit=0)
    assert outcome(ends(job, 6, seen=exited(42))) == (Phase.RETRYING, "NonZeroExitCode", 0, 0)


def test_an_ignored_failure_is_followed_by_a_pause_nevertheless() -> None:
    job = ends(job_with(rule("Ignore", codes("In", 42))), 6, seen=exited(42))
    assert job.status.next_retry_time is not None
    assert after(16) <= job.status.next_retry_time <= after(17)


def test_a_counted_failure_counts_against_the_backoff_limit_whosever_it_was() -> None:
    lost = rule("Count", {"onReasons": ["ContainerLost"]})
    gone = {"seen": ABSENT, "launched_at": after(1)}
    assert outcome(ends(job_with(lost), 6, **gone)) == (Phase.RETRYING, "ContainerLost", 1, 0)
    assert outcome(ends(job_with(lost, backoffLimit=0), 6, **gone)) == (Phase.FAILED, "ContainerLost", 1, 0)


@pytest.mark.parametrize("action", ["Count", "Ignore"])
def test_a_rule_has_even_that_tried_again_which_would_fail_the_job_at_once(action: str) -> None:
    missing = job_with(rule(action, {"onReasons": ["ImageNotFound", "StartError"]}))
    count = 1 if action == "Count" else 0
    assert outcome(ends(missing, 1, seen=ABSENT, refusal=refusal(None))) == (
        Phase.RETRYING,
        "ImageNotFound",
        count,
        0,
    )
    assert outcome(ends(missing, 1, seen=failed_start())) == (Phase.RETRYING, "StartError", count, 0)


def test_the_first_rule_that_matches_decides() -> None:
    ignore, fail = rule("Ignore", codes("In", 42)), rule("FailJob", {"onReasons": ["NonZeroExitCode"]})
    assert outcome(ends(job_with(ignore, fail), 6, seen=exited(42))) == (Phase.RETRYING, "NonZeroExitCode", 0, 0)
    assert outcome(ends(job_with(fail, ignore), 6, seen=exited(42))) == POLICY


def test_what_no_rule_matches_is_handled_as_without_a_policy() -> None:
    other = rule("FailJob", codes("In", 99))
    assert outcome(ends(job_with(other), 6, seen=exited(1))) == RETRIED
    assert outcome(ends(job_with(other), 6, seen=ABSENT, refusal=PASSING)) == (
        Phase.RETRYING,
        "LaunchBackOff",
        0,
        1,
    )
    assert outcome(ends(job_with(other), 6, seen=ABSENT, refusal=refusal(None)))[:2] == (
        Phase.FAILED,
        "ImageNotFound",
    )


def test_a_rule_for_disruptions_matches_lost_hosts_and_engines_that_ended_the_container() -> None:
    job = job_with(rule("Ignore", DISRUPTION))
    assert outcome(ends(job, 6, seen=DISRUPTED)) == (Phase.RETRYING, "HostDisruption", 0, 0)
    away = unreachable(job)
    lost = ends(away, 900, disconnect=Disconnect(on_host_lost=OnHostLost.FAIL))
    assert outcome(lost) == (Phase.RETRYING, "HostLost", 0, 0)


def test_a_rule_for_exit_codes_does_not_match_an_attempt_without_one() -> None:
    job = job_with(rule("FailJob", codes("NotIn", 1)))
    assert outcome(ends(job, 6, seen=ABSENT, refusal=PASSING))[0] is Phase.RETRYING
    assert outcome(ends(job, 6, seen=exited(None)))[0] is Phase.RETRYING


def test_a_success_is_no_failure_whatever_the_rules_say() -> None:
    job = job_with(rule("FailJob", codes("NotIn", 1)))
    assert ends(job, 6, seen=exited(0)).status.phase is Phase.SUCCEEDED
