"""podFailurePolicy: what a rule may say, and that its reasons are those that a failed attempt can have."""

from typing import Any, get_args

import pytest
from pydantic import ValidationError

from containerjob_api.failures import FailureAction, FailureReason, FailureRule, OnExitCodes, PodFailurePolicy
from containerjob_api.phases import Reason

CODES: dict[str, Any] = {"operator": "In", "values": [1]}
MATCHERS: dict[str, Any] = {
    "onExitCodes": CODES,
    "onPodConditions": [{"type": "DisruptionTarget"}],
    "onReasons": ["HostLost"],
}
NO_FAILURE = {
    *(Reason.NO_HOST, Reason.HOST_NOT_FOUND, Reason.NAMESPACE_NOT_ALLOWED, Reason.HOST_UNSCHEDULABLE),
    *(Reason.HOST_NOT_READY, Reason.NOT_BEFORE, Reason.JOB_SUSPENDED, Reason.JOB_RESUMED, Reason.HOST_FULL),
    *(Reason.JOB_RESTORED, Reason.OPERATOR_FULL),
    *(Reason.SCHEDULED, Reason.HOST_UNREACHABLE, Reason.HOST_REACHABLE, Reason.RUNNING, Reason.COMPLETED),
}
"""Why a job waits, goes on or has succeeded."""
ENDS_OF_A_JOB = {
    *(Reason.BACKOFF_LIMIT_EXCEEDED, Reason.LAUNCH_RETRIES_EXHAUSTED, Reason.POD_FAILURE_POLICY, Reason.CANCELLED),
    *(Reason.STARTING_DEADLINE_EXCEEDED, Reason.DEADLINE_EXCEEDED),
}
"""What ends a whole job, so that no rule could follow."""


def test_every_reason_is_one_of_a_failed_attempt_or_is_known_not_to_be() -> None:
    assert set(get_args(FailureReason)) == set(Reason) - NO_FAILURE - ENDS_OF_A_JOB


@pytest.mark.parametrize("matcher", MATCHERS)
def test_a_rule_with_one_matcher_is_read(matcher: str) -> None:
    rule = FailureRule.model_validate({"action": "Ignore", matcher: MATCHERS[matcher]})

    assert rule.action is FailureAction.IGNORE
    assert set(rule.to_json()) == {"action", matcher}


@pytest.mark.parametrize("matchers", [(), ("onExitCodes", "onReasons"), tuple(MATCHERS)], ids=len)
def test_a_rule_with_none_or_several_matchers_is_refused(matchers: tuple[str, ...]) -> None:
    with pytest.raises(ValidationError, match="exactly one of onExitCodes, onPodConditions and onReasons"):
        FailureRule.model_validate({"action": "Ignore", **{name: MATCHERS[name] for name in matchers}})


def test_exit_code_zero_is_no_failure_to_match() -> None:
    with pytest.raises(ValidationError, match="exit code 0 is no failure: remove it from the values of In"):
        OnExitCodes.model_validate({"operator": "In", "values": [3, 0]})

    assert OnExitCodes.model_validate({"operator": "NotIn", "values": [3, 0]}).values == (3, 0)


def test_a_condition_is_true_unless_said_so() -> None:
    rule = FailureRule.model_validate({"action": "Count", "onPodConditions": MATCHERS["onPodConditions"]})

    assert rule.to_json()["onPodConditions"] == [{"type": "DisruptionTarget", "status": "True"}]


@pytest.mark.parametrize("count", [0, 21])
def test_a_policy_has_one_to_twenty_rules(count: int) -> None:
    with pytest.raises(ValidationError, match="rules"):
        PodFailurePolicy.model_validate({"rules": [{"action": "Ignore", "onReasons": ["HostLost"]}] * count})
