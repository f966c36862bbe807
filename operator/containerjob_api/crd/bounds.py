"""What the schema of a value must say before an API server can store it and afford to check rules over it."""

from collections.abc import Callable
from typing import Final

from containerjob_api.markers import JsonSchema


def bounds_problem(schema: JsonSchema) -> str | None:
    """Return what one schema node lacks, with the remedy; None where it is complete."""
    if schema.get("x-kubernetes-int-or-string"):
        return None if "maxLength" in schema else "int-or-string without maxLength: bound the string"
    kind = schema.get("type")
    if kind in CHECKS:
        return CHECKS[kind](schema)
    return "an untyped value: give it a type" if kind is None else f"type {kind!r} has no structural schema"


def _string(schema: JsonSchema) -> str | None:
    bounded = "maxLength" in schema or "enum" in schema or schema.get("format") == "date-time"
    return None if bounded else "a string without maxLength: bound it"


def _array(schema: JsonSchema) -> str | None:
    if "items" not in schema:
        return "a list of untyped items: give them a type"
    if "maxItems" not in schema:
        return "a list without maxItems: bound it"
    if "x-kubernetes-list-type" not in schema:
        return "a list without x-kubernetes-list-type: mark it with list_map or LIST_ATOMIC, or make it a set"
    return None


def _object(schema: JsonSchema) -> str | None:
    if "properties" in schema:
        return "both properties and additionalProperties: use one" if "additionalProperties" in schema else None
    if not isinstance(schema.get("additionalProperties"), dict):
        return "an object without fields is an untyped value: give its values a type"
    return None if "maxProperties" in schema else "a map without maxProperties: bound it"


def _nothing(_schema: JsonSchema) -> None:
    """Numbers and booleans have a size by themselves."""


CHECKS: Final[dict[str, Callable[[JsonSchema], str | None]]] = {
    "string": _string,
    "array": _array,
    "object": _object,
    "integer": _nothing,
    "number": _nothing,
    "boolean": _nothing,
}
