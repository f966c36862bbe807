"""Conditions: a transition time moves only when the status does."""

from datetime import UTC, datetime

import pytest

from containerjob_api.conditions import Condition, condition, with_conditions

EARLY = datetime(2026, 1, 2, 3, 4, 5, 999, tzinfo=UTC)
LATE = datetime(2026, 1, 2, 3, 5, tzinfo=UTC)


def ready(status: bool | None, reason: str, now: datetime) -> Condition:
    """Build a Ready condition."""
    return condition("Ready", status, reason, f"because {reason}", now=now, generation=1)


@pytest.mark.parametrize(("status", "word"), [(True, "True"), (False, "False"), (None, "Unknown")])
def test_a_condition_has_three_states(status: bool | None, word: str) -> None:
    assert ready(status, "Because", LATE).status == word


def test_times_have_whole_seconds_as_they_are_stored_so() -> None:
    assert ready(True, "Because", EARLY).last_transition_time == EARLY.replace(microsecond=0)


def test_the_same_status_keeps_its_transition_time_and_takes_the_new_words() -> None:
    before, after = ready(False, "Pulling", EARLY), ready(False, "Running", LATE)

    (merged,) = with_conditions([before], [after])

    assert merged == after.model_copy(update={"last_transition_time": before.last_transition_time})


def test_another_status_takes_the_new_transition_time() -> None:
    after = ready(True, "Completed", LATE)

    assert with_conditions([ready(False, "Running", EARLY)], [after]) == (after,)


def test_conditions_of_other_types_stay_in_their_place() -> None:
    first, second = ready(False, "Pulling", EARLY), condition("Failed", False, "None", "", now=EARLY, generation=1)
    third = condition("Complete", True, "Completed", "", now=LATE, generation=1)
    changed = ready(True, "Completed", LATE)

    assert with_conditions([first, second], [changed, third]) == (changed, second, third)
