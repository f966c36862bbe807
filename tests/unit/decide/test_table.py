"""The table of states: every row decides where it should, leads where it says, and nothing is left undecided."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace

import pytest
from tests.unit.decide.builders import facts, new_job, stored
from tests.unit.decide.cases import Case, cases

from containerjob_api.jobs import ContainerJob
from containerjob_api.jobstatus import ContainerJobStatus
from containerjob_api.phases import MOVES, Phase
from containerjob_operator.decide import steps as then
from containerjob_operator.decide.actions import Action, Conclude, Write
from containerjob_operator.decide.endings import Remains, concluded
from containerjob_operator.decide.facts import Facts
from containerjob_operator.decide.jobs import decide
from containerjob_operator.decide.table import TABLE, Row, row_for

CASES = list(cases())


def status_after(case: Case) -> ContainerJobStatus:
    """Return the status once the action is carried out, as the API server gives it back."""
    job, action = case.facts.job, decide(case.facts)
    if isinstance(action, Write):
        return stored(job, action.status).status
    if isinstance(action, Conclude):
        return stored(job, concluded(job, action.verdict, Remains(), case.facts.now)).status
    return job.status


def phase_of(job: ContainerJob) -> Phase:
    return job.status.phase or Phase.PENDING


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_situation_is_decided_by_its_row(case: Case) -> None:
    row = row_for(case.facts)
    assert (row.holds.__name__, row.step.__name__) == (case.holds.__name__, case.step.__name__)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_row_leads_where_it_says_or_leaves_the_phase(case: Case) -> None:
    reached = status_after(case).phase or Phase.PENDING
    assert reached is case.to
    assert reached in {phase_of(case.facts.job), *row_for(case.facts).to}


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_row_changes_only_the_conditions_that_it_names(case: Case) -> None:
    row, job = row_for(case.facts), case.facts.job
    before = {(c.type, c.status) for c in job.status.conditions}
    news = [c for c in status_after(case).conditions if (c.type, c.status) not in before]
    assert {c.type for c in news if c.type not in row.conditions} == set()


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_row_writes_exactly_when_it_says_so(case: Case) -> None:
    assert (status_after(case) != case.facts.job.status) == row_for(case.facts).writes


@pytest.mark.parametrize("case", CASES, ids=str)
def test_what_was_written_is_not_written_again(case: Case) -> None:
    row, again = row_for(case.facts), replace(case.facts, job=stored(case.facts.job, status_after(case)))
    assert not row.writes or row_for(again) is not row


def test_every_row_is_reached_in_each_of_its_phases_and_leads_to_each_that_it_names() -> None:
    reached = defaultdict(set)
    for case in CASES:
        reached[TABLE.index(row_for(case.facts)), phase_of(case.facts.job)].add(case.to)
    wanted = {(number, phase): {phase, *row.to} for number, row in enumerate(TABLE) for phase in row.phases}
    assert {key: reached[key] | {key[1]} for key in wanted} == wanted
    assert set(reached) == set(wanted)


def test_the_moves_are_exactly_those_of_the_table() -> None:
    moves: dict[Phase, set[Phase]] = {phase: set() for phase in Phase}
    for row in TABLE:
        for phase in row.phases:
            moves[phase] |= set(row.to) - {phase}
    assert {phase: set(listed) for phase, listed in MOVES.items()} == moves


@pytest.mark.parametrize("row", TABLE, ids=lambda row: f"{row.holds.__name__}-{row.step.__name__}")
def test_every_row_is_documented(row: Row) -> None:
    assert row.phases
    assert (row.holds.__doc__ or "").strip()
    assert (row.step.__doc__ or "").strip().endswith(".")


@pytest.mark.parametrize("phase", Phase)
def test_the_last_row_of_each_phase_always_holds(phase: Phase) -> None:
    last = [row for row in TABLE if phase in row.phases][-1]
    assert last.holds.__name__ == ("running_untold" if phase is Phase.SCHEDULED else "anything")


@pytest.mark.parametrize(
    "step", [then.end_by_exit, then.end_by_refusal, then.bind, then.tell_why, then.write_the_stop]
)
def test_a_step_without_the_facts_that_its_row_promises_fails_loudly(step: Callable[[Facts], Action]) -> None:
    with pytest.raises(LookupError, match="the facts do not have"):
        step(facts(new_job()))
