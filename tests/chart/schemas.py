"""JSON schemas for kubeconform, from the API server that runs: no network, and exactly its version."""

import json
from pathlib import Path
from typing import Any

Schema = dict[str, Any]
LOCATION = "{{ .ResourceKind }}{{ .KindSuffix }}.json"
"""How kubeconform names a kind's file: kind-group-version, all in lower case."""


def write_schemas(openapi: Schema, folder: Path) -> None:
    """Write one file for each kind of /openapi/v2, with everything that it refers to."""
    definitions = {name: _closed(each) for name, each in openapi["definitions"].items()}
    for name, definition in definitions.items():
        for kind in definition.get("x-kubernetes-group-version-kind", []):
            needed = {each: definitions[each] for each in _reached(name, definitions)}
            schema = {"$ref": f"#/definitions/{name}", "definitions": needed}
            group = kind["group"].partition(".")[0]
            parts = [part for part in (kind["kind"], group, kind["version"]) if part]
            (folder / f"{'-'.join(parts).lower()}.json").write_text(json.dumps(schema))


def _closed(schema: Any) -> Any:
    """Refuse fields that a kind does not have, as kubeconform's own strict schemas do."""
    if isinstance(schema, list):
        return [_closed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    if schema.get("format") == "int-or-string":
        return {"type": ["integer", "string"]}
    closed = {key: _closed(value) for key, value in schema.items()}
    keyed = "properties" in schema and "additionalProperties" not in schema
    return closed | ({"additionalProperties": False} if keyed and not _is_open(schema) else {})


def _is_open(schema: Schema) -> bool:
    """Say whether an object may have fields of any name: the schemas of custom resources' definitions have."""
    return (
        bool(schema.get("x-kubernetes-preserve-unknown-fields")) or "x-kubernetes-validations" in schema["properties"]
    )


def _reached(name: str, definitions: Schema, seen: set[str] | None = None) -> set[str]:
    found = seen if seen is not None else set()
    if name not in found:
        found.add(name)
        text = json.dumps(definitions[name])
        for part in text.split('"#/definitions/')[1:]:
            _reached(part.partition('"')[0], definitions, found)
    return found
