"""What a template's model refuses: the same as the API server's rules."""

from typing import Any

import pytest
from pydantic import ValidationError

from containerjob_api.jobplaces import TAKEN, ContainerPlaces
from containerjob_api.templates import CHOOSE_ONE, NO_MATCH, NOT_LISTED, Parameter


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({}, CHOOSE_ONE),
        ({"required": True, "default": ""}, CHOOSE_ONE),
        ({"default": "x", "enum": ["y"]}, NOT_LISTED),
        ({"default": "ab", "pattern": "a|b"}, NO_MATCH),
        ({"required": True, "pattern": "[[:alpha:]]"}, "which others read differently"),
        ({"required": True, "pattern": "a{,2}"}, "which others read differently"),
        ({"required": True, "pattern": "(a"}, "pattern must be an RE2 regular expression"),
    ],
)
def test_a_parameter_that_contradicts_itself_is_refused(fields: dict[str, Any], told: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Parameter.model_validate({"name": "x", **fields})
    assert told in str(caught.value)


@pytest.mark.parametrize(
    "fields",
    [
        {"required": True},
        {"default": ""},
        {"default": "x", "enum": []},
        {"default": "b", "enum": ["a", "b"], "pattern": "a|b"},
    ],
)
def test_a_parameter_has_a_default_or_is_required(fields: dict[str, Any]) -> None:
    assert Parameter.model_validate({"name": "x", **fields}).name == "x"


def test_no_variable_is_called_as_a_parameter_is() -> None:
    with pytest.raises(ValidationError) as caught:
        ContainerPlaces.model_validate({"name": "main", "image": "busybox", "env": [{"name": "params.x"}]})
    assert TAKEN in str(caught.value)
