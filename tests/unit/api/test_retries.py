"""Which numbers are in force for a job that is tried again."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from containerjob_api.retries import AS_BATCH, PRESETS, Backoff, Preset, RetryPolicy

EXPLICIT: dict[str, Any] = {
    "initialDelaySeconds": 7,
    "factor": 3,
    "maxDelaySeconds": 77,
    "jitterPercent": 0,
    "launchRetryLimit": 0,
}


def policy(**fields: Any) -> RetryPolicy:
    """Read a policy as it is stored."""
    return RetryPolicy.model_validate(fields)


def test_without_a_word_the_pauses_are_those_of_batch_v1() -> None:
    assert policy().backoff == AS_BATCH == Backoff(10.0, 2, 360.0, 10, 6)


@pytest.mark.parametrize(
    ("preset", "numbers"),
    [
        (Preset.DEFAULT, (2.0, 2, 60.0, 3)),
        (Preset.AGGRESSIVE, (1.0, 2, 30.0, 5)),
        (Preset.CONSERVATIVE, (5.0, 2, 300.0, 2)),
        (Preset.HIGH_PRIORITY, (0.5, 2, 15.0, 5)),
    ],
)
def test_a_preset_stands_for_its_numbers(preset: Preset, numbers: tuple[float, int, float, int]) -> None:
    first, factor, most, retries = numbers

    assert policy(preset=preset.value).backoff == PRESETS[preset] == Backoff(first, factor, most, 10, retries)


@pytest.mark.parametrize("preset", [None, *Preset])
@pytest.mark.parametrize("field", EXPLICIT)
def test_a_number_that_is_set_wins_over_the_preset_and_leaves_the_others(field: str, preset: Preset | None) -> None:
    position = list(EXPLICIT).index(field)
    base = AS_BATCH if preset is None else PRESETS[preset]

    numbers = policy(preset=preset, **{field: EXPLICIT[field]}).backoff

    assert numbers[position] == EXPLICIT[field] != base[position]
    assert numbers[:position] + numbers[position + 1 :] == base[:position] + base[position + 1 :]


@pytest.mark.parametrize("preset", [None, *Preset])
def test_all_numbers_that_are_set_win_also_where_they_are_zero(preset: Preset | None) -> None:
    assert policy(preset=preset, **EXPLICIT).backoff == Backoff(7, 3, 77, 0, 0)


@given(first=st.integers(0, 100), most=st.integers(0, 100))
def test_delays_must_not_shrink(first: int, most: int) -> None:
    if first <= most:
        assert policy(initialDelaySeconds=first, maxDelaySeconds=most).backoff[::2][:2] == (first, most)
        return
    with pytest.raises(ValidationError, match="maxDelaySeconds must not be less than initialDelaySeconds"):
        policy(initialDelaySeconds=first, maxDelaySeconds=most)


@pytest.mark.parametrize("delay", ["initialDelaySeconds", "maxDelaySeconds"])
def test_one_delay_alone_is_no_contradiction(delay: str) -> None:
    assert 5 in policy(**{delay: 5}).backoff
