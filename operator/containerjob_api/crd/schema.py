"""From a pydantic model to a structural schema: the subset of OpenAPI that an API server stores."""

from typing import Any, Final

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaWarningKind
from pydantic_core import core_schema
from typing_extensions import override

from containerjob_api.crd.structural import SchemaError, Scope, structural
from containerjob_api.markers import JsonSchema

TYPE_META: Final[JsonSchema] = {
    "apiVersion": {
        "type": "string",
        "description": "Version of the schema this object is written in.",
    },
    "kind": {
        "type": "string",
        "description": "Kind of the object.",
    },
    "metadata": {"type": "object"},
}
"""What the API server itself defines; it refuses a closer schema than this."""


class KubernetesJsonSchema(GenerateJsonSchema):
    """pydantic's generator, where Kubernetes has one word for what JSON Schema calls a union."""

    @override
    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchema:
        """Leave null out: what is not set is absent, and the API server drops an explicit null."""
        return self.generate_inner(schema["schema"])

    @override
    def union_schema(self, schema: core_schema.UnionSchema) -> JsonSchema:
        """Turn `int | str` into int-or-string; every other union stays one, to be refused by name."""
        union = super().union_schema(schema)
        branches: list[JsonSchema] = union.get("anyOf", [])
        if sorted(str(branch.get("type")) for branch in branches) != ["integer", "string"]:
            return union
        merged = {keyword: value for branch in branches for keyword, value in branch.items() if keyword != "type"}
        return {**merged, "x-kubernetes-int-or-string": True}

    @override
    def emit_warning(self, kind: JsonSchemaWarningKind, detail: str) -> None:
        """Refuse what pydantic would leave out of the schema with no more than a warning."""
        raise SchemaError(f"{detail} ({kind})")


def model_schema(model: type[BaseModel]) -> JsonSchema:
    """Return the structural schema of a part of an object; SchemaError names the field that has none."""
    return structural(*_raw(model))


def object_schema(model: type[BaseModel]) -> JsonSchema:
    """Return the schema of a whole object with metadata, spec and status."""
    raw, scope = _raw(model)
    own = {name: part for name, part in raw["properties"].items() if name not in TYPE_META}
    raw = {**raw, "properties": own, "required": [name for name in raw.get("required", []) if name in own]}
    schema = structural(raw, scope)
    schema["properties"] = {**TYPE_META, **schema["properties"]}
    return schema


def _raw(model: type[BaseModel]) -> tuple[JsonSchema, Scope]:
    raw: dict[str, Any] = model.model_json_schema(by_alias=True, schema_generator=KubernetesJsonSchema)
    return raw, Scope(path=model.__name__, model=model.__name__, definitions=raw.pop("$defs", {}))
