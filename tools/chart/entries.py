"""The values model as a tree of entries, for the files that tell people of it."""

import inspect
import json
from dataclasses import dataclass, field
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import annotated_types
from pydantic import BaseModel
from pydantic.fields import FieldInfo

HIDDEN = frozenset({"global", "enabled"})
"""Top-level keys that only parent charts set: in the schema, but not in values.yaml."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One key: a value, or a section with entries of its own."""

    path: str
    key: str
    description: str
    type: str = ""
    allowed: str = ""
    default: Any = None
    children: "tuple[Entry, ...]" = field(default=())


def entries(model: type[BaseModel], prefix: str = "") -> tuple[Entry, ...]:
    """Describe every key of a section, in the order of the model; inherited ones come last."""
    return tuple(_entry(name, info, prefix) for name, info in _own_first(model))


def plain(default: Any) -> Any:
    """Return a default as YAML and JSON hold it; a whole number of seconds has no fraction."""
    if isinstance(default, float) and default.is_integer():
        return int(default)
    return json.loads(json.dumps(default))


def _own_first(model: type[BaseModel]) -> list[tuple[str, FieldInfo]]:
    own = [name for name in model.model_fields if name in inspect.get_annotations(model)]
    inherited = [name for name in model.model_fields if name not in own]
    return [(name, model.model_fields[name]) for name in (*own, *inherited)]


def _entry(name: str, info: FieldInfo, prefix: str) -> Entry:
    key = str(info.alias or name)
    path = f"{prefix}{key}"
    kind = info.annotation
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        told = info.description or inspect.getdoc(kind) or ""
        return Entry(path, key, told, children=entries(kind, f"{path}."))
    default = plain(info.get_default(call_default_factory=True))
    return Entry(path, key, info.description or "", _type(kind), _allowed(kind, info.metadata), default)


def _type(kind: Any) -> str:
    origin = get_origin(kind)
    if origin is Annotated:
        return _type(get_args(kind)[0])
    if origin is Literal:
        return "string"
    if origin in {Union, UnionType}:
        return " or ".join("null" if each is NoneType else _type(each) for each in get_args(kind))
    names = {str: "string", bool: "boolean", int: "integer", float: "number", dict: "object"}
    return "list" if (origin or kind) in {list, tuple} else names[origin or kind]


def _allowed(kind: Any, metadata: list[Any]) -> str:
    """Say which values there are, or between which bounds they lie."""
    if get_origin(kind) is Literal:
        return ", ".join(get_args(kind))
    for each in get_args(kind) if get_origin(kind) in {Union, UnionType} else ():
        if get_origin(each) is Annotated:
            return _allowed(*_taken_apart(each))
    found = [part for each in metadata for part in (each.metadata if isinstance(each, FieldInfo) else (each,))]
    lowest = next((each.ge for each in found if isinstance(each, annotated_types.Ge)), None)
    highest = next((each.le for each in found if isinstance(each, annotated_types.Le)), None)
    if lowest is None:
        return ""
    return f"at least {lowest}" if highest is None else f"{lowest} to {highest}"


def _taken_apart(annotated: Any) -> tuple[Any, list[Any]]:
    first, *metadata = get_args(annotated)
    return first, metadata
