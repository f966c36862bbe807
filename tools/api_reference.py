"""Write the generated parts of docs/api.md: fields from crds/, phases and reasons from the lists in the code."""

import ast
import re
import sys
from collections.abc import Iterator, Mapping
from typing import Any

import yaml
from pages import ROOT, write_or_check

PAGE = ROOT / "docs" / "api.md"
LISTS = ROOT / "operator" / "containerjob_api" / "phases.py"
LISTED = 5
"""Longer lists of values have a table of their own on the page."""
PART = re.compile(r"(<!-- generated: (\S+) (\S+) -->\n).*?(<!-- end -->)", re.DOTALL)

Schema = Mapping[str, Any]


def rendered(page: str) -> str:
    """Return the page with every generated part made anew."""
    return PART.sub(lambda part: "\n".join((part[1], *_table(part[2], part[3]), "", part[4])), page)


def _table(source: str, name: str) -> Iterator[str]:
    if source == "list":
        yield from ("| Name | Meaning |", "|---|---|")
        yield from (f"| `{word}` | {sentence} |" for word, sentence in words(name))
        return
    definition = yaml.safe_load((ROOT / "crds" / f"{source}.yaml").read_text())
    schema = definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    yield from ("| Field | Type | Meaning |", "|---|---|---|")
    yield from _rows(schema["properties"][name], "")


def words(enumeration: str) -> list[tuple[str, str]]:
    """Return the values of an enumeration, each with the sentence below it in the code."""
    classes = (node for node in ast.parse(LISTS.read_text()).body if isinstance(node, ast.ClassDef))
    body = next(node for node in classes if node.name == enumeration).body
    found: list[tuple[str, str]] = []
    for node, below in zip(body, [*body[1:], None], strict=True):
        if isinstance(node, ast.Assign):
            sentence = ast.literal_eval(below.value) if isinstance(below, ast.Expr) else ""
            found.append((ast.literal_eval(node.value), " ".join(sentence.split())))
    return found


def _rows(schema: Schema, path: str) -> Iterator[str]:
    required = schema.get("required", ())
    for name, field in schema.get("properties", {}).items():
        below = field.get("items", {}) if field.get("type") == "array" else field
        here = f"{path}{name}{'[]' if field.get('type') == 'array' else ''}"
        yield f"| `{here}` | {_type(field)}{', required' if name in required else ''} | {_meaning(field)} |"
        yield from _rows(below, f"{here}.")


def _type(field: Schema) -> str:
    if "enum" in field and len(field["enum"]) <= LISTED:
        return " or ".join(f"`{value}`" for value in field["enum"])
    if field.get("type") == "array":
        return f"list of {field['items'].get('type', 'object')}s, at most {field['maxItems']}"
    if field.get("x-kubernetes-int-or-string"):
        return "quantity"
    return "time" if field.get("format") == "date-time" else str(field["type"])


def _meaning(field: Schema) -> str:
    parts = [field.get("description", "")]
    if field.get("type") == "integer" and "maximum" in field:
        parts.append(f"From {field['minimum']} to {field['maximum']}.")
    if "default" in field:
        default = field["default"]
        parts.append(f"Default: `{str(default).lower() if isinstance(default, bool) else default}`.")
    parts += [f"Rule: {rule['message']}." for rule in field.get("x-kubernetes-validations", ())]
    return " ".join(parts).replace("|", "\\|").strip()


if __name__ == "__main__":
    sys.exit(write_or_check(PAGE, rendered, sys.argv[1:]))
