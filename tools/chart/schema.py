"""values.schema.json: what Helm refuses, and Artifact Hub and editors show."""

import json
from typing import Any, Final

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema

DRAFT: Final = "https://json-schema.org/draft/2020-12/schema"
_MEANINGLESS: Final = frozenset({"title"})


class _AsHelmReads(GenerateJsonSchema):
    """Tuples are lists of any length; the draft is named."""

    schema_dialect = DRAFT


def schema_json(model: type[BaseModel]) -> str:
    """Return the schema of a model's values, with a key's place named by nesting and not by reference."""
    raw = model.model_json_schema(by_alias=True, schema_generator=_AsHelmReads)
    definitions = raw.pop("$defs", {})
    schema = {"$schema": DRAFT, "title": "Values of the chart containerjob-operator"} | _placed(raw, definitions)
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def _placed(node: Any, definitions: dict[str, Any]) -> Any:
    """Put every definition where it is used: a refusal then names the value and nothing else."""
    if isinstance(node, list):
        return [_placed(each, definitions) for each in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        name = node["$ref"].rpartition("/")[2]
        node = definitions[name] | {key: value for key, value in node.items() if key != "$ref"}
    placed = {key: _placed(value, definitions) for key, value in node.items() if key not in _MEANINGLESS}
    if "properties" in node:
        placed["properties"] = {key: _placed(value, definitions) for key, value in node["properties"].items()}
    return _whole(placed)


def _whole(schema: dict[str, Any]) -> dict[str, Any]:
    """Write a default of 30.0 as 30, and a section's own default not at all: its values have theirs."""
    default = schema.get("default")
    if isinstance(default, float) and default.is_integer():
        return schema | {"default": int(default)}
    if "properties" in schema:
        return {key: value for key, value in schema.items() if key != "default"}
    return schema
