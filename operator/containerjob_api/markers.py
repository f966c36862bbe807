"""Kubernetes schema extensions as `Annotated` markers, so that the model stays the only source of a CRD."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from pydantic import GetJsonSchemaHandler, StringConstraints
from pydantic_core import CoreSchema
from typing_extensions import override

JsonSchema = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Marker:
    """Adds its keys to the JSON schema of whatever it annotates."""

    keys: tuple[tuple[str, Any], ...]

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchema:
        return self.mark(handler(core))

    def mark(self, schema: JsonSchema) -> JsonSchema:
        """Return the schema with the keys added."""
        return {**schema, **dict(self.keys)}


def list_map(*keys: str) -> Marker:
    """Merge list items by these required fields, as server-side apply does for containers and env."""
    return Marker((("x-kubernetes-list-type", "map"), ("x-kubernetes-list-map-keys", list(keys))))


LIST_ATOMIC: Final = Marker((("x-kubernetes-list-type", "atomic"),))
"""The list is one value: applying it replaces it whole."""
MAP_ATOMIC: Final = Marker((("x-kubernetes-map-type", "atomic"),))
"""The object is one value, as references are."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One CEL rule: what must hold, what the user reads when it does not, and the field that is to blame."""

    rule: str
    message: str
    field_path: str = ""
    """Path below the annotated value, such as `.values`; empty blames the value itself."""
    replaces: tuple[str, ...] = ()
    """Keywords that say the same with a worse message: they hold in Python only."""

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchema:
        return self.mark(handler(core))

    def mark(self, schema: JsonSchema) -> JsonSchema:
        """Return the schema with this rule added; ValueError where a replaced keyword is not there."""
        stale = [keyword for keyword in self.replaces if keyword not in schema]
        if stale:
            raise ValueError(f"the rule {self.rule!r} replaces {', '.join(stale)}, which the schema does not have")
        rest = {keyword: value for keyword, value in schema.items() if keyword not in self.replaces}
        return {**rest, "x-kubernetes-validations": [*rest.get("x-kubernetes-validations", []), self.as_json()]}

    def as_json(self) -> JsonSchema:
        """Return the entry of x-kubernetes-validations."""
        entry = {"rule": self.rule, "message": self.message}
        return {**entry, "fieldPath": self.field_path} if self.field_path else entry


@dataclass(frozen=True)
class Text(StringConstraints):
    """Bounds of a string, and a pattern whose refusal is a sentence instead of a regular expression."""

    message: str = ""
    """What the user reads where the pattern does not match; needed with a pattern."""

    @override
    def __iter__(self) -> Iterator[Any]:
        yield from super().__iter__()
        if self.pattern is not None:
            yield Rule(f"self.matches(r'{self.pattern}')", self.message, replaces=("pattern",))
