"""One pass over pydantic's output: inline, translate, check. No keyword is dropped without a rule here."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from containerjob_api.crd.bounds import bounds_problem
from containerjob_api.markers import JsonSchema

KEYWORDS: Final = (
    *("description", "type", "format", "enum", "default", "nullable"),
    *("minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum", "multipleOf"),
    *("minLength", "maxLength", "pattern", "minItems", "maxItems", "minProperties", "maxProperties"),
    *("x-kubernetes-int-or-string", "x-kubernetes-list-type", "x-kubernetes-list-map-keys"),
    *("x-kubernetes-map-type", "x-kubernetes-validations"),
    *("required", "properties", "items", "additionalProperties"),
)
"""What a structural schema may say, in the order in which it is written."""

REMEDIES: Final[Mapping[str, str]] = {
    "anyOf": "a union of types has no structural schema: use one struct with optional members",
    "oneOf": "a union of types has no structural schema: use one struct with optional members",
    "discriminator": "a tagged union has no structural schema: use one struct with optional members",
    "prefixItems": "a tuple of fixed length has no structural schema: use a struct",
    "propertyNames": "keys cannot be described: leave them free, or use a Rule that replaces propertyNames",
    "examples": "the API server does not know examples: put one into the docstring",
    "deprecated": "the API server does not know deprecated: begin the docstring with 'Deprecated:'",
}
FORMATS: Final = frozenset({"date-time", "int32", "int64"})
"""Formats that mean the same to pydantic and to the API server."""


class SchemaError(ValueError):
    """The model says something that a CustomResourceDefinition cannot say."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Where the pass is, for its rules and for its errors."""

    path: str
    model: str
    definitions: Mapping[str, JsonSchema] = field(default_factory=dict)
    outer: frozenset[str] = frozenset()
    """References being inlined around this place."""

    def below(self, part: str) -> "Scope":
        """Return the scope of a child."""
        return replace(self, path=self.path + part)

    def error(self, problem: str) -> SchemaError:
        """Return an error that names the model and the field."""
        return SchemaError(f"{self.path} (in model {self.model}): {problem}")

    @property
    def in_status(self) -> bool:
        """Say whether this is part of what an operator, not a person, writes."""
        return self.path.split(".")[1:2] == ["status"]


def structural(raw: JsonSchema, scope: Scope) -> JsonSchema:
    """Return the structural form of one schema node and everything below it; SchemaError where there is none."""
    schema, scope = _inlined(raw, scope)
    schema.pop("title", None)
    _translate_values(schema, scope)
    _translate_default(schema, scope)
    _refuse_unknown(schema, scope)
    _descend(schema, scope)
    problem = bounds_problem(schema)
    if problem:
        raise scope.error(problem)
    return {keyword: schema[keyword] for keyword in KEYWORDS if keyword in schema}


def _inlined(raw: JsonSchema, scope: Scope) -> tuple[JsonSchema, Scope]:
    """Replace a reference by what it names; what stands beside it (a field's docstring, rules) wins or adds."""
    if "$ref" not in raw:
        return dict(raw), scope
    name = raw["$ref"].removeprefix("#/$defs/")
    if name in scope.outer:
        raise scope.error("the model contains itself, and a structural schema cannot: bound the depth")
    inner = replace(scope, model=name, outer=scope.outer | {name})
    target, inner = _inlined(scope.definitions[name], inner)
    beside = {keyword: value for keyword, value in raw.items() if keyword != "$ref"}
    rules = [*target.get("x-kubernetes-validations", []), *beside.get("x-kubernetes-validations", [])]
    merged = {**target, **beside}
    return ({**merged, "x-kubernetes-validations": rules} if rules else merged), inner


def _translate_values(schema: JsonSchema, scope: Scope) -> None:
    if "const" in schema:
        schema["enum"] = [schema.pop("const")]
    for bound, exclusive in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
        if exclusive in schema:
            if bound in schema:
                raise scope.error(f"both {bound} and {exclusive} are given: keep one")
            schema[bound] = schema[exclusive]
            schema[exclusive] = True
    if schema.pop("uniqueItems", False):
        schema["x-kubernetes-list-type"] = "set"
    if schema.get("additionalProperties") is False:
        del schema["additionalProperties"]  # unknown fields are pruned, and named by strict validation
    if "format" in schema and schema["format"] not in FORMATS:
        raise scope.error(f"the format {schema['format']!r} is not the same everywhere: use one of {sorted(FORMATS)}")


def _translate_default(schema: JsonSchema, scope: Scope) -> None:
    """Keep a default only where it is stable: it is stored in people's objects for ever."""
    default: Any = schema.pop("default", None)
    if default in (None, "", [], {}) or scope.in_status:
        return
    if isinstance(default, dict):
        return  # a part that is left out stays out; its own fields have their own defaults
    if isinstance(default, list):
        raise scope.error("a default list that is not empty would be stored in every object: leave it empty")
    schema["default"] = default


def _refuse_unknown(schema: JsonSchema, scope: Scope) -> None:
    for keyword in schema:
        if keyword not in KEYWORDS:
            remedy = REMEDIES.get(keyword, "a structural schema does not know it: remove it or translate it")
            raise scope.error(f"keyword {keyword}: {remedy}")


def _descend(schema: JsonSchema, scope: Scope) -> None:
    properties: dict[str, JsonSchema] = schema.get("properties", {})
    if properties:
        schema["properties"] = {name: structural(part, scope.below(f".{name}")) for name, part in properties.items()}
        undescribed = [name for name, part in schema["properties"].items() if "description" not in part]
        if undescribed:
            raise scope.error(f"no docstring for {', '.join(undescribed)}: `kubectl explain` shows it")
    if not schema.get("required", True):
        del schema["required"]
    if isinstance(schema.get("additionalProperties"), dict):
        schema["additionalProperties"] = structural(schema["additionalProperties"], scope.below("[*]"))
    if "items" in schema:
        schema["items"] = structural(schema["items"], scope.below("[]"))
        keys = schema.get("x-kubernetes-list-map-keys", [])
        if keys:
            schema["items"] = _with_keys(schema["items"], keys, scope)


def _with_keys(items: JsonSchema, keys: list[str], scope: Scope) -> JsonSchema:
    """Require the keys of a list map: without one an item has no identity, whatever Python's default is."""
    missing = [key for key in keys if key not in items.get("properties", {})]
    if missing:
        raise scope.error(f"list-map key {', '.join(missing)} is not a field of the items")
    required = items.get("required", [])
    full = {**items, "required": [*required, *(key for key in keys if key not in required)]}
    return {keyword: full[keyword] for keyword in KEYWORDS if keyword in full}
