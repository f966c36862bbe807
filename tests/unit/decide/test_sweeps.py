"""Which containers of a host may go."""

import pytest
from tests.unit.decide.builders import after

from containerjob_operator.decide.observations import OwnedContainer, RunState
from containerjob_operator.decide.sweeps import Retention, sweep

NOW = 100_000.0
DAY = 24 * 3600.0


def row(
    uid: str, state: RunState = RunState.EXITED, *, created: float = 0, finished: float | None = None
) -> OwnedContainer:
    at = None if finished is None else after(finished)
    return OwnedContainer(f"cj-{uid}-0", uid, "team-a", uid, state, after(created), at)


def swept(
    rows: list[OwnedContainer], *, existing: str = "", live: str = "", retention: Retention | None = None
) -> tuple[str, str]:
    plan = sweep(iter(rows), set(existing), set(live), retention or Retention(), after(NOW))
    return "".join(c.job_uid for c in plan.orphaned), "".join(c.job_uid for c in plan.expired)


@pytest.mark.parametrize("state", RunState)
def test_a_container_whose_job_does_not_exist_is_orphaned_in_any_state(state: RunState) -> None:
    assert swept([row("a", state)]) == ("a", "")


@pytest.mark.parametrize("state", RunState)
def test_a_container_of_an_unfinished_job_is_never_touched(state: RunState) -> None:
    nothing_kept = Retention(seconds=0, count=0)
    assert swept([row("a", state)], existing="a", live="a", retention=nothing_kept) == ("", "")


def test_a_finished_container_is_kept_for_its_time() -> None:
    rows = [row("a", finished=NOW - DAY), row("b", finished=NOW - DAY + 1)]
    assert swept(rows, existing="ab") == ("", "a")


def test_the_time_counts_from_the_creation_where_the_end_is_unknown() -> None:
    rows = [row("a", created=NOW - DAY - 1), row("b", created=NOW - DAY + 1)]
    assert swept(rows, existing="ab") == ("", "a")


def test_a_long_run_does_not_shorten_the_time_its_container_is_kept() -> None:
    assert swept([row("a", created=NOW - 3 * DAY, finished=NOW - 60)], existing="a") == ("", "")


def test_the_oldest_go_when_there_are_too_many() -> None:
    rows = [row("b", finished=NOW - 20), row("a", finished=NOW - 30), row("c", finished=NOW - 10)]
    assert swept(rows, existing="abc", retention=Retention(count=2)) == ("", "a")


def test_orphans_and_live_ones_do_not_count_among_those_kept() -> None:
    rows = [row("a", finished=NOW - 30), row("b", finished=NOW - 20), row("c", finished=NOW - 10)]
    assert swept(rows, existing="ac", live="c", retention=Retention(count=1)) == ("b", "")


def test_keeping_nothing_removes_what_has_finished() -> None:
    assert swept([row("a", finished=NOW - 0.5)], existing="a", retention=Retention(seconds=0)) == ("", "a")


def test_a_container_that_runs_again_though_its_job_has_finished_is_left_alone() -> None:
    rows = [row("a", RunState.RUNNING), row("b", RunState.CREATED)]
    assert swept(rows, existing="ab", retention=Retention(seconds=0, count=0)) == ("", "b")


def test_an_empty_host_needs_nothing() -> None:
    assert swept([]) == ("", "")
