"""Times as people read them."""

from datetime import UTC, datetime, timedelta

import pytest

from kubectl_containerjob.screens import durations

NOW = datetime(2026, 1, 31, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-5, "0s"),
        (0.9, "0s"),
        (119, "119s"),
        (120, "2m"),
        (125, "2m5s"),
        (600, "10m"),
        (10799, "179m"),
        (10800, "3h"),
        (15000, "4h10m"),
        (86400, "24h"),
        (2 * 86400, "2d"),
        (2 * 86400 + 7200, "2d2h"),
        (30 * 86400, "30d"),
        (800 * 86400, "2y70d"),
        (3650 * 86400, "10y"),
    ],
)
def test_an_age_is_coarser_the_longer_it_is(seconds: float, text: str) -> None:
    assert durations.age(timedelta(seconds=seconds)) == text


@pytest.mark.parametrize("text", ["0s", "119s", "2m5s", "179m", "4h10m", "2d2h", "30d", "2y70d"])
def test_an_age_can_be_read_again(text: str) -> None:
    assert durations.age(timedelta(seconds=durations.seconds_of(text))) == text


def test_an_age_that_kubectl_does_not_know_is_none() -> None:
    assert durations.seconds_of("<unknown>") == 0


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-1, "0ms"),
        (0.0042, "4ms"),
        (0.9996, "1s"),
        (4.21, "4.2s"),
        (59, "59s"),
        (185, "3m5s"),
        (7800, "2h10m"),
        (72000, "20h"),
    ],
)
def test_a_run_is_timed_to_what_matters(seconds: float, text: str) -> None:
    assert durations.run_time(NOW, NOW + timedelta(seconds=seconds)) == text


def test_a_run_without_an_end_has_no_time() -> None:
    assert durations.run_time(NOW, None) == ""
    assert durations.run_time(None, NOW) == ""


def test_a_moment_is_told_with_its_distance_whichever_way_it_lies() -> None:
    zoned = durations.moment("2026-01-31T12:30:00.123456789+01:00")
    assert zoned is not None
    assert durations.ago(zoned, NOW) == "2026-01-31 11:30:00Z (29m ago)"
    assert durations.ago(NOW + timedelta(seconds=90), NOW) == "2026-01-31 12:01:30Z (in 90s)"
    assert durations.moment(None) is None
