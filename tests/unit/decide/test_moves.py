"""Every pair of phases: the table permits the move, or it is refused and nothing changes."""

from collections.abc import Callable
from itertools import product

import pytest
from tests.unit.decide.builders import HOST, NO_HOST, START, new_job, runs, scheduled, stored

from containerjob_api.jobs import ContainerJob
from containerjob_api.phases import MOVES, TERMINAL, Phase, Reason
from containerjob_operator.decide import statuses
from containerjob_operator.decide.outcomes import Outcome


def job_in(phase: Phase) -> ContainerJob:
    job = scheduled()
    return stored(job, job.status.model_copy(update={"phase": phase}))


def move(job: ContainerJob, phase: Phase) -> Phase | None:
    """Ask for the status that stands for this phase."""
    match phase:
        case Phase.PENDING | Phase.QUEUED:
            why = type(NO_HOST)(phase, Reason.NO_HOST, "why")
            return statuses.unplaced(job, why, START).phase
        case Phase.SCHEDULED:
            return statuses.scheduled(job, HOST, START).phase
        case Phase.RUNNING:
            return statuses.running(job, runs(), START).phase
        case Phase.CANCELLING:
            return statuses.stopping(job, Reason.CANCELLED, START).phase
        case _:
            return statuses.concluded(job, Outcome(phase, Reason.COMPLETED, "end"), None, START).phase


@pytest.mark.parametrize(("before", "then"), list(product(Phase, Phase)), ids=str)
def test_a_move_is_made_exactly_when_the_table_has_it(before: Phase, then: Phase) -> None:
    job = job_in(before)
    if then is before or then in MOVES[before]:
        assert move(job, then) is then
        return
    with pytest.raises(statuses.IllegalMoveError, match=f"{before} to {then}"):
        move(job, then)
    assert job == job_in(before)


def test_the_table_has_every_phase_and_no_way_out_of_an_end() -> None:
    assert set(MOVES) == set(Phase)
    assert {phase for phase in Phase if not MOVES[phase]} == TERMINAL


def test_phases_only_move_forward_once_a_host_is_assigned() -> None:
    order = [Phase.SCHEDULED, Phase.RUNNING, Phase.CANCELLING]
    for place, phase in enumerate(order):
        assert MOVES[phase].isdisjoint({Phase.PENDING, Phase.QUEUED, *order[:place]})


@pytest.mark.parametrize("phase", Phase)
def test_every_unfinished_phase_can_end_in_any_way(phase: Phase) -> None:
    ways = {Phase.FAILED, Phase.CANCELLED, Phase.TIMED_OUT}
    assert phase in TERMINAL or ways <= MOVES[phase]


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
