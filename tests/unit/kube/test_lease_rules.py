from hypothesis import given
from hypothesis import strategies as st

from containerjob_operator.kube.lease_rules import Claim, Sighting, Timing, may_take, sight
from containerjob_operator.options import Options


def _claim(holder: str = "other", renewed: str = "1", duration: float = 15) -> Claim:
    return Claim(version="1", holder=holder, renewed=renewed, transitions=0, duration=duration)


def test_a_holder_that_renews_keeps_the_lease_for_ever() -> None:
    sighting: Sighting | None = None
    for now in range(0, 1000, 10):
        claim = _claim(renewed=str(now))
        sighting = sight(sighting, claim, now)
        assert not may_take(claim, sighting, "me", now)


def test_a_holder_that_stops_loses_the_lease_only_after_its_duration_on_our_clock() -> None:
    claim = _claim(renewed="long ago by any wall clock")
    first = sight(None, claim, 100.0)
    for now, taken in [(100.0, False), (114.9, False), (115.0, False), (115.1, True)]:
        assert may_take(claim, sight(first, claim, now), "me", now) is taken


def test_another_holder_starts_the_wait_anew_even_with_the_same_time() -> None:
    first = sight(None, _claim(holder="one"), 0.0)
    assert sight(first, _claim(holder="two"), 20.0).since == 20.0


def test_the_same_identity_takes_over_at_once() -> None:
    claim = _claim(holder="me")
    assert may_take(claim, sight(None, claim, 0.0), "me", 0.0)


def test_a_released_lease_is_taken_at_once() -> None:
    claim = _claim(holder="")
    assert may_take(claim, sight(None, claim, 0.0), "me", 0.0)


def test_a_lease_that_says_nothing_is_free_and_one_without_a_duration_gets_ours() -> None:
    empty = Claim.from_body({"metadata": {"resourceVersion": "1"}})
    assert empty == Claim(version="1", holder="", renewed="", transitions=0, duration=15)


@given(st.integers(2, 600))
def test_a_holder_gives_up_before_another_may_take_over_and_a_standby_looks_often(seconds: int) -> None:
    timing = Timing.within(seconds)
    assert timing.renew + timing.retry < timing.deadline < timing.duration == seconds
    assert timing.retry <= 1


def test_by_default_a_crash_is_made_good_within_15_seconds() -> None:
    timing = Timing.within(Options().lease_seconds)
    # Seen late by one look, run out, taken by the next look, and two seconds to take in what there is.
    assert timing.retry + timing.duration + timing.retry + 2 <= 15
