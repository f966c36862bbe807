"""Durations as people read them."""

import pytest
from tests.unit.decide.builders import START, after

from containerjob_operator.decide.durations import human_duration


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0ms"),
        (0.0004, "0ms"),
        (0.34, "340ms"),
        (0.9994, "999ms"),
        (0.9997, "1s"),
        (1, "1s"),
        (4.24, "4.2s"),
        (9.97, "10s"),
        (10.4, "10s"),
        (59.4, "59s"),
        (59.6, "1m0s"),
        (185, "3m5s"),
        (3599.9, "1h0m"),
        (7830, "2h10m"),
        (35999, "9h59m"),
        (36000, "10h"),
        (360000, "100h"),
    ],
)
def test_a_duration_is_as_exact_as_its_length_deserves(seconds: float, text: str) -> None:
    assert human_duration(START, after(seconds)) == text


def test_a_clock_that_steps_back_gives_no_time_at_all() -> None:
    assert human_duration(after(5), START) == "0ms"


@pytest.mark.parametrize(("start", "end"), [(None, START), (START, None), (None, None)])
def test_an_unknown_moment_gives_no_duration(start: None, end: None) -> None:
    assert human_duration(start, end) is None
