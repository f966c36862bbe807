"""The pause before another attempt: base, factor, cap, a jitter that is always the same, and clocks that step."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.decide.builders import HOST, LIMITLESS, after, ends, exited, facts, new_job, retrying, running, stored

from containerjob_api.jobs import ContainerJob
from containerjob_api.phases import Phase
from containerjob_api.retries import Preset
from containerjob_operator.decide.actions import Wait
from containerjob_operator.decide.jobs import decide
from containerjob_operator.decide.verdicts import longest_pause_seconds, pause_seconds

POLICIES = st.fixed_dictionaries(
    {},
    optional={
        "preset": st.sampled_from(list(Preset)),
        "initialDelaySeconds": st.integers(0, 100),
        "factor": st.integers(1, 10),
        "maxDelaySeconds": st.integers(100, 86400),
        "jitterPercent": st.integers(0, 100),
    },
)


def with_policy(**policy: Any) -> ContainerJob:
    return new_job(more={"retryPolicy": policy})


def pauses(job: ContainerJob, failures: int) -> list[float]:
    return [pause_seconds(job, number) for number in range(1, failures + 1)]


def test_without_a_policy_the_pauses_are_those_of_batch() -> None:
    assert pauses(with_policy(jitterPercent=0), 8) == [10, 20, 40, 80, 160, 320, 360, 360]


@pytest.mark.parametrize(
    ("preset", "expected", "launches"),
    [
        ("Default", [2, 4, 8, 16, 32, 60, 60], 3),
        ("Aggressive", [1, 2, 4, 8, 16, 30, 30], 5),
        ("Conservative", [5, 10, 20, 40, 80, 160, 300], 2),
        ("HighPriority", [0.5, 1, 2, 4, 8, 15, 15], 5),
    ],
)
def test_a_preset_stands_for_its_numbers(preset: str, expected: list[float], launches: int) -> None:
    job = with_policy(preset=preset, jitterPercent=0)
    assert pauses(job, 7) == expected
    assert job.spec.retry_policy.backoff.launch_retry_limit == launches


def test_a_number_that_is_set_wins_over_its_preset() -> None:
    job = with_policy(preset="Aggressive", initialDelaySeconds=3, factor=10, maxDelaySeconds=200, jitterPercent=0)
    assert pauses(job, 4) == [3, 30, 200, 200]


def test_no_pause_is_allowed() -> None:
    job = running(more={"backoffLimit": 3, "retryPolicy": {"initialDelaySeconds": 0}})
    ended = ends(job, 5, seen=exited(1))
    assert ended.status.next_retry_time == after(5)


def test_a_thousand_failures_do_not_overflow_the_pause() -> None:
    assert pause_seconds(with_policy(factor=10, jitterPercent=0), 10_000) == 360


@given(POLICIES, st.integers(0, 100), st.integers(0, 1000))
def test_a_pause_is_its_plain_length_and_at_most_the_jitter_more(
    policy: dict[str, Any], failures: int, attempts: int
) -> None:
    job = new_job(more={"retryPolicy": policy}, status={"attemptCount": attempts})
    plain = pause_seconds(new_job(more={"retryPolicy": policy | {"jitterPercent": 0}}), failures)
    share = job.spec.retry_policy.backoff.jitter_percent / 100
    assert plain <= pause_seconds(job, failures) <= plain * (1 + share)
    assert pause_seconds(job, failures) <= longest_pause_seconds(job)
    assert pause_seconds(job, failures) == pause_seconds(stored(job, job.status), failures)


def test_jobs_and_attempts_that_fail_together_do_not_come_back_together() -> None:
    other = retrying().model_copy(update={"metadata": retrying().metadata.model_copy(update={"uid": "u2"})})
    later = new_job(more=LIMITLESS, status={"attemptCount": 2})
    assert len({pause_seconds(job, 1) for job in (retrying(), other, later)}) == 3


def test_the_pause_is_kept_to_the_moment_also_after_a_restart() -> None:
    job = retrying()
    until = job.status.next_retry_time
    assert until is not None
    assert after(15) <= until <= after(16)
    assert decide(facts(job, 14.9, placement=HOST)) == Wait(until)


def test_a_pause_that_ends_too_far_ahead_tells_of_a_clock_that_stepped_back_and_is_over() -> None:
    job = retrying()
    hour_ago = -3600.0
    status = decide(facts(job, hour_ago, placement=HOST))
    assert not isinstance(status, Wait)


def test_a_clock_that_steps_back_a_little_prolongs_a_pause_by_the_longest_one_at_most() -> None:
    job = retrying()
    until = job.status.next_retry_time
    assert until is not None
    longest = longest_pause_seconds(job)
    earliest = (until - after(0)).total_seconds() - longest
    assert decide(facts(job, earliest, placement=HOST)) == Wait(until)
    assert not isinstance(decide(facts(job, earliest - 0.001, placement=HOST)), Wait)


def test_a_pause_that_was_shortened_afterwards_is_over() -> None:
    job = retrying()
    policy = job.spec.retry_policy.model_copy(update={"initial_delay_seconds": 0, "max_delay_seconds": 1})
    spec = job.spec.model_copy(update={"retry_policy": policy})
    shorter = job.model_copy(update={"spec": spec})
    assert not isinstance(decide(facts(shorter, 6, placement=HOST)), Wait)


def test_a_pause_ends_early_at_the_deadline_of_the_whole_job() -> None:
    job = retrying(deadline=12)
    assert decide(facts(job, 6, placement=HOST)) == Wait(after(12))
    assert ends(job, 12).status.phase is Phase.TIMED_OUT
