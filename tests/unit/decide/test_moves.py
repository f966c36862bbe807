"""Every pair of phases: the table of moves permits it, or it is refused and nothing changes."""

from collections.abc import Callable
from itertools import product

import pytest
from tests.unit.decide.builders import START, in_phase, new_job, runs

from containerjob_api.jobs import ContainerJob
from containerjob_api.phases import MOVES, TERMINAL, Phase, Reason
from containerjob_operator.decide import statuses


@pytest.mark.parametrize(("before", "then"), list(product(Phase, Phase)), ids=str)
def test_a_move_is_made_exactly_when_the_table_has_it(before: Phase, then: Phase) -> None:
    job = in_phase(before)
    if then is before or then in MOVES[before]:
        assert statuses.moved(job, then, START, ()).phase is then
        return
    with pytest.raises(statuses.IllegalMoveError, match=f"{before} to {then}"):
        statuses.moved(job, then, START, ())
    assert job == in_phase(before)


def test_an_object_without_a_phase_is_pending() -> None:
    assert statuses.moved(new_job(), Phase.QUEUED, START, ()).phase is Phase.QUEUED
    with pytest.raises(statuses.IllegalMoveError, match="Pending to Running"):
        statuses.moved(new_job(), Phase.RUNNING, START, ())


def test_the_table_has_every_phase_and_no_way_out_of_an_end() -> None:
    assert set(MOVES) == set(Phase)
    assert {phase for phase in Phase if not MOVES[phase]} == TERMINAL


def test_an_attempt_that_is_under_way_only_moves_forward() -> None:
    order = [Phase.SCHEDULED, Phase.RUNNING, Phase.CANCELLING]
    for place, phase in enumerate(order):
        assert MOVES[phase].isdisjoint({Phase.PENDING, Phase.QUEUED, *order[:place]})


@pytest.mark.parametrize("phase", [Phase.PENDING, Phase.QUEUED, Phase.SCHEDULED, Phase.RUNNING, Phase.RETRYING])
def test_an_unfinished_job_can_end_in_any_way_but_success(phase: Phase) -> None:
    assert {Phase.FAILED, Phase.CANCELLED, Phase.TIMED_OUT} <= MOVES[phase]


def test_a_suspended_job_ends_only_by_cancel() -> None:
    assert MOVES[Phase.SUSPENDED] & TERMINAL == {Phase.CANCELLED}


@pytest.mark.parametrize("phase", Phase)
def test_only_a_container_makes_a_job_succeed(phase: Phase) -> None:
    bound = {Phase.SCHEDULED, Phase.RUNNING, Phase.CANCELLING}
    assert (Phase.SUCCEEDED in MOVES[phase]) == (phase in bound)


ABOUT_AN_ATTEMPT: dict[str, Callable[[ContainerJob], object]] = {
    "running": lambda job: statuses.running(job, runs(), START),
    "stopping": lambda job: statuses.stopping(job, Reason.CANCELLED, START),
    "unreachable": lambda job: statuses.unreachable(job, "no answer", START),
    "reachable": lambda job: statuses.reachable(job, START),
}


@pytest.mark.parametrize("write", list(ABOUT_AN_ATTEMPT.values()), ids=list(ABOUT_AN_ATTEMPT))
def test_nothing_is_written_about_an_attempt_that_does_not_exist(write: Callable[[ContainerJob], object]) -> None:
    with pytest.raises(statuses.IllegalMoveError, match="no attempt"):
        write(new_job())


@pytest.mark.parametrize("write", list(ABOUT_AN_ATTEMPT.values()), ids=list(ABOUT_AN_ATTEMPT))
def test_nothing_is_written_about_an_attempt_that_is_over(write: Callable[[ContainerJob], object]) -> None:
    with pytest.raises(statuses.IllegalMoveError, match="no attempt"):
        write(in_phase(Phase.RETRYING))
