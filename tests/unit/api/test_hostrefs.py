"""Label selectors and who may use a host."""

import pytest

from containerjob_api.hostrefs import (
    AllowedNamespaces,
    From,
    LabelSelector,
    LabelSelectorRequirement,
    Operator,
)

LABELS = {"team": "batch", "tier": "gold"}


@pytest.mark.parametrize(
    ("operator", "key", "values", "expected"),
    [
        (Operator.IN, "tier", ("gold", "silver"), True),
        (Operator.IN, "tier", ("silver",), False),
        (Operator.IN, "absent", ("gold",), False),
        (Operator.NOT_IN, "tier", ("gold",), False),
        (Operator.NOT_IN, "tier", ("silver",), True),
        (Operator.NOT_IN, "absent", ("gold",), True),
        (Operator.EXISTS, "tier", (), True),
        (Operator.EXISTS, "absent", (), False),
        (Operator.DOES_NOT_EXIST, "tier", (), False),
        (Operator.DOES_NOT_EXIST, "absent", (), True),
    ],
)
def test_a_requirement_compares_as_kubernetes_does(
    operator: Operator, key: str, values: tuple[str, ...], expected: bool
) -> None:
    requirement = LabelSelectorRequirement(key=key, operator=operator, values=values)

    assert requirement.matches(LABELS) is expected


@pytest.mark.parametrize(
    ("match_labels", "operator", "expected"),
    [
        ({"team": "batch"}, Operator.EXISTS, True),
        ({"team": "batch"}, Operator.DOES_NOT_EXIST, False),
        ({"team": "web"}, Operator.EXISTS, False),
        ({"absent": ""}, Operator.EXISTS, False),
    ],
)
def test_all_of_a_selector_must_hold(match_labels: dict[str, str], operator: Operator, expected: bool) -> None:
    selector = LabelSelector(
        match_labels=match_labels,
        match_expressions=(LabelSelectorRequirement(key="tier", operator=operator),),
    )

    assert selector.matches(LABELS) is expected


def test_an_empty_selector_matches_everything() -> None:
    assert LabelSelector().matches({})


@pytest.mark.parametrize(
    ("allowed", "expected"),
    [
        (AllowedNamespaces(), False),
        (AllowedNamespaces(from_=From.ALL), True),
        (AllowedNamespaces(from_=From.NONE, selector=LabelSelector()), False),
        (AllowedNamespaces(from_=From.SELECTOR), False),
        (AllowedNamespaces(from_=From.SELECTOR, selector=LabelSelector()), True),
        (AllowedNamespaces(from_=From.SELECTOR, selector=LabelSelector(match_labels={"team": "web"})), False),
    ],
    ids=str,
)
def test_a_host_admits_only_whom_it_names(allowed: AllowedNamespaces, expected: bool) -> None:
    assert allowed.admit(LABELS) is expected
