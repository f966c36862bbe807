"""What the generator does with each thing pydantic can say and an API server cannot."""

from collections.abc import Callable
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any, Literal

import pytest
from pydantic import Discriminator, Field, create_model

from containerjob_api.crd.schema import model_schema, object_schema
from containerjob_api.crd.structural import SchemaError
from containerjob_api.markers import LIST_ATOMIC, MAP_ATOMIC, Rule, Text, list_map
from containerjob_api.resources import ObjectMeta, Value

Word = Annotated[str, Field(max_length=8)]
Evens = Annotated[int, Field(ge=2, multiple_of=2)]
REQUIRED: Any = ...
WORDS = {"items": {"type": "string", "maxLength": 8}, "type": "array", "maxItems": 4}


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


class Point(Value):
    """A point."""

    x: int
    """Abscissa."""
    label: Word = ""
    """Its name."""


class Circle(Value):
    """A circle."""

    shape: Literal["circle"] = "circle"
    """Which shape."""


class Square(Value):
    """A square."""

    shape: Literal["square"] = "square"
    """Which shape."""


class Tree(Value):
    """A model that contains itself."""

    children: Annotated[tuple["Tree", ...], Field(max_length=2), LIST_ATOMIC] = ()
    """Smaller ones."""


def schema_of(annotation: Any, default: Any = REQUIRED) -> dict[str, Any]:
    """Return what the generator makes of one field."""
    tiny = create_model("Tiny", __base__=Value, value=(annotation, Field(default, description="A value.")))
    schema: dict[str, Any] = model_schema(tiny)["properties"]["value"]
    assert schema.pop("description") == "A value."
    return schema


@pytest.mark.parametrize(
    ("annotation", "default", "expected"),
    [
        (int, REQUIRED, {"type": "integer"}),
        (Word, REQUIRED, {"type": "string", "maxLength": 8}),
        (Word | None, None, {"type": "string", "maxLength": 8}),
        (Literal["only"], REQUIRED, {"type": "string", "enum": ["only"]}),
        (Literal["a", "b"], "a", {"type": "string", "enum": ["a", "b"], "default": "a"}),
        (Colour, Colour.BLUE, {"type": "string", "enum": ["red", "blue"], "default": "blue"}),
        (Annotated[int, Field(gt=0)], REQUIRED, {"type": "integer", "minimum": 0, "exclusiveMinimum": True}),
        (Annotated[float, Field(lt=1)], REQUIRED, {"type": "number", "maximum": 1, "exclusiveMaximum": True}),
        (Evens, 2, {"type": "integer", "default": 2, "minimum": 2, "multipleOf": 2}),
        (datetime, REQUIRED, {"type": "string", "format": "date-time"}),
        (bool, False, {"type": "boolean", "default": False}),
        (int, 0, {"type": "integer", "default": 0}),
        (Word, "", {"type": "string", "maxLength": 8}),
        (
            Annotated[tuple[Word, ...], Field(max_length=4), LIST_ATOMIC],
            (),
            {**WORDS, "x-kubernetes-list-type": "atomic"},
        ),
        (
            Annotated[frozenset[Word], Field(max_length=4)],
            REQUIRED,
            {**WORDS, "x-kubernetes-list-type": "set"},
        ),
        (
            Annotated[dict[str, Word], Field(max_length=4)],
            {},
            {"type": "object", "maxProperties": 4, "additionalProperties": {"type": "string", "maxLength": 8}},
        ),
        (
            Annotated[int, Field(ge=1)] | Annotated[str, Field(max_length=8)],
            REQUIRED,
            {"minimum": 1, "maxLength": 8, "x-kubernetes-int-or-string": True},
        ),
    ],
    ids=str,
)  # fmt: skip
def test_a_type_becomes_structural(annotation: Any, default: Any, expected: dict[str, Any]) -> None:
    assert schema_of(annotation, default) == expected


@pytest.mark.parametrize(
    ("annotation", "default", "problem"),
    [
        (Any, REQUIRED, "an untyped value: give it a type"),
        (object, REQUIRED, "an untyped value: give it a type"),
        (Word | bool, REQUIRED, "keyword anyOf: a union of types has no structural schema: use one struct"),
        (Point | Circle, REQUIRED, "keyword anyOf: a union of types"),
        (Annotated[Circle | Square, Discriminator("shape")], REQUIRED, "use one struct with optional members"),
        (tuple[int, str], REQUIRED, "keyword prefixItems: a tuple of fixed length has no structural schema"),
        (None, REQUIRED, "type 'null' has no structural schema"),
        (str, REQUIRED, "a string without maxLength: bound it"),
        (list[Word], REQUIRED, "a list without maxItems: bound it"),
        (list, REQUIRED, "an untyped value: give it a type"),
        (tuple[()], REQUIRED, "a list of untyped items: give them a type"),
        (Annotated[list[Word], Field(max_length=1)], REQUIRED, "a list without x-kubernetes-list-type"),
        (Annotated[list[str], Field(max_length=1), LIST_ATOMIC], REQUIRED, "a string without maxLength: bound it"),
        (dict, REQUIRED, "an object without fields is an untyped value"),
        (dict[str, Word], REQUIRED, "a map without maxProperties: bound it"),
        (Annotated[dict[str, str], Field(max_length=1)], REQUIRED, "a string without maxLength: bound it"),
        (Annotated[dict[Word, Word], Field(max_length=1)], REQUIRED, "keyword propertyNames: keys cannot be"),
        (int | str, REQUIRED, "int-or-string without maxLength"),
        (timedelta, REQUIRED, "the format 'duration' is not the same everywhere"),
        (Annotated[int, Field(gt=0, ge=0)], REQUIRED, "both minimum and exclusiveMinimum are given: keep one"),
        (Annotated[int, Field(examples=[1])], REQUIRED, "keyword examples: the API server does not know examples"),
        (Annotated[int, Field(deprecated=True)], REQUIRED, "begin the docstring with 'Deprecated:'"),
        (Annotated[int, Field(json_schema_extra={"readOnly": True})], REQUIRED, "keyword readOnly: a structural"),
        (Annotated[list[Word], Field(max_length=1), LIST_ATOMIC], ["x"], "a default list that is not empty"),
        (Tree, REQUIRED, "the model contains itself"),
        (Annotated[list[Point], Field(max_length=1), list_map("y")], REQUIRED, "list-map key y is not a field"),
    ],
    ids=str,
)  # fmt: skip
def test_what_has_no_structural_form_is_refused_by_name(annotation: Any, default: Any, problem: str) -> None:
    with pytest.raises(SchemaError) as refusal:
        schema_of(annotation, default)

    assert str(refusal.value).startswith("Tiny.value")
    assert "(in model " in str(refusal.value)
    assert problem in str(refusal.value)


def test_a_default_that_json_cannot_say_is_refused() -> None:
    with pytest.raises(SchemaError, match="non-serializable-default"):
        schema_of(int, default_of_no_type())


def default_of_no_type() -> Callable[[], None]:
    """Return a default that no JSON can hold."""
    return lambda: None


def test_the_error_names_the_inner_model_and_the_whole_path() -> None:
    class Inner(Value):
        """Inner."""

        text: str
        """Unbounded."""

    with pytest.raises(SchemaError, match=r"^Tiny\.value\.text \(in model Inner\): a string without maxLength"):
        schema_of(Inner)


def test_a_field_without_a_docstring_is_refused() -> None:
    class Bare(Value):
        """Bare."""

        count: int

    with pytest.raises(SchemaError, match=r"no docstring for count: `kubectl explain` shows it"):
        model_schema(Bare)


def test_references_are_inlined_and_titles_dropped() -> None:
    schema = schema_of(Point)

    assert schema == {
        "type": "object",
        "required": ["x"],
        "properties": {
            "x": {"description": "Abscissa.", "type": "integer"},
            "label": {"description": "Its name.", "type": "string", "maxLength": 8},
        },
    }


def test_forbidden_extra_fields_add_nothing() -> None:
    class Closed(Value, extra="forbid"):
        """Closed."""

        x: int
        """A number."""

    assert "additionalProperties" not in schema_of(Closed)


def test_properties_and_additional_properties_do_not_go_together() -> None:
    class Open(Value, extra="allow"):
        """Open."""

        __pydantic_extra__: dict[str, Word] = Field(init=False)
        x: int
        """A number."""

    with pytest.raises(SchemaError, match="both properties and additionalProperties: use one"):
        model_schema(Open)


def test_the_default_of_a_part_is_left_to_its_fields() -> None:
    assert "default" not in schema_of(Circle, Circle())
    assert schema_of(Circle)["properties"]["shape"]["default"] == "circle"


def test_the_keys_of_a_list_map_are_required_even_where_python_has_a_default() -> None:
    schema = schema_of(Annotated[tuple[Point, ...], Field(max_length=2), list_map("label")])

    assert schema["x-kubernetes-list-map-keys"] == ["label"]
    assert schema["items"]["required"] == ["x", "label"]


def test_status_stores_no_defaults_and_metadata_is_the_servers_own() -> None:
    class Thing(Value):
        """A thing."""

        metadata: ObjectMeta
        spec: Circle = Circle()
        """Wanted."""
        status: Circle = Circle()
        """Seen."""

    schema = object_schema(Thing)

    assert schema["properties"]["metadata"] == {"type": "object"}
    assert "required" not in schema
    assert schema["properties"]["spec"]["properties"]["shape"]["default"] == "circle"
    assert "default" not in schema["properties"]["status"]["properties"]["shape"]


def test_rules_of_a_class_and_of_a_field_add_up() -> None:
    class Ruled(Value):
        """Ruled."""

        schema_markers = (MAP_ATOMIC, Rule("self.x > 0", "x must be positive", ".x"))

        x: int
        """A number."""

    schema = schema_of(Annotated[Ruled, Rule("self.x < 9", "x must be small")])

    assert schema["x-kubernetes-map-type"] == "atomic"
    assert schema["x-kubernetes-validations"] == [
        {"rule": "self.x > 0", "message": "x must be positive", "fieldPath": ".x"},
        {"rule": "self.x < 9", "message": "x must be small"},
    ]


def test_a_pattern_is_written_as_a_rule_with_a_sentence() -> None:
    text = Text(max_length=8, pattern=r"^[a-z]+\d$", message="letters and a digit, such as a1")

    assert schema_of(Annotated[str, text]) == {
        "type": "string",
        "maxLength": 8,
        "x-kubernetes-validations": [
            {"rule": r"self.matches(r'^[a-z]+\d$')", "message": "letters and a digit, such as a1"}
        ],
    }


def test_a_text_without_a_pattern_has_no_rule() -> None:
    assert schema_of(Annotated[str, Text(max_length=8)]) == {"type": "string", "maxLength": 8}


def test_a_rule_that_replaces_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="replaces maximum, which the schema does not have"):
        schema_of(Annotated[int, Rule("self == 1", "must be 1", replaces=("maximum",))])
