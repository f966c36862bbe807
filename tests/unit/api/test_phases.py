"""The closed lists: phases and their moves, condition types, reasons."""

import ast
import inspect
from enum import StrEnum
from itertools import pairwise

import pytest

from containerjob_api.phases import MOVES, TERMINAL, ConditionType, HostConditionType, HostReason, Phase, Reason


def test_every_phase_has_its_moves() -> None:
    assert set(MOVES) == set(Phase)


@pytest.mark.parametrize("phase", Phase)
def test_only_a_terminal_phase_has_no_way_out(phase: Phase) -> None:
    assert (not MOVES[phase]) == (phase in TERMINAL)


@pytest.mark.parametrize("phase", [phase for phase in Phase if phase not in TERMINAL])
def test_every_phase_can_reach_an_end(phase: Phase) -> None:
    reached, frontier = {phase}, {phase}
    while frontier:
        frontier = {move for here in frontier for move in MOVES[here]} - reached
        reached |= frontier

    assert reached & TERMINAL


def test_every_phase_can_be_reached() -> None:
    reached, frontier = {Phase.PENDING}, {Phase.PENDING}
    while frontier:
        frontier = {move for here in frontier for move in MOVES[here]} - reached
        reached |= frontier

    assert reached == set(Phase)


@pytest.mark.parametrize(
    "listed", [ConditionType, HostConditionType, HostReason, Phase, Reason], ids=lambda it: it.__name__
)
def test_words_are_written_as_conditions_write_them(listed: type[StrEnum]) -> None:
    assert all(word.value[:1].isupper() and word.value.isalpha() for word in listed)


@pytest.mark.parametrize("listed", [HostReason, Reason], ids=lambda it: it.__name__)
def test_every_reason_has_a_sentence_for_the_documentation(listed: type[StrEnum]) -> None:
    (body,) = (cls.body for cls in ast.parse(inspect.getsource(listed)).body if isinstance(cls, ast.ClassDef))

    described = {
        word.targets[0].id
        for word, sentence in pairwise(body)
        if isinstance(word, ast.Assign)
        and isinstance(word.targets[0], ast.Name)
        and isinstance(sentence, ast.Expr)
        and isinstance(sentence.value, ast.Constant)
    }

    assert described == {reason.name for reason in listed}
