"""The text of every generated file of the chart, made from the values model, the CRDs and the roles."""

import re
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import yaml
from tools.chart.dashboard import dashboard_json
from tools.chart.entries import HIDDEN, Entry, entries
from tools.chart.permissions import rbac_yaml
from tools.chart.places import CHART, ROOT
from tools.chart.schema import schema_json
from tools.chart.values import Values

COMMAND: Final = "python -m tools.chart"
_WIDTH: Final = 116
_PART: Final = re.compile(r"(<!-- generated: values -->\n).*?(<!-- end -->)", re.DOTALL)


def documents() -> dict[Path, str]:
    """Return what each generated file has to hold."""
    found = {
        CHART / "values.yaml": values_yaml(),
        CHART / "values.schema.json": schema_json(Values),
        CHART / "README.md": readme((CHART / "README.md").read_text()),
        CHART / "monitoring" / "dashboard.json": dashboard_json(),
        CHART / "files" / "rbac.yaml": rbac_yaml((CHART / "files" / "roles.yaml").read_text()),
    }
    definitions = {CHART / "definitions" / path.name: path.read_text() for path in (ROOT / "crds").glob("*.yaml")}
    return found | definitions


def strangers() -> list[Path]:
    """Return the chart's definitions that are none of ours any more."""
    return sorted(
        path
        for path in (CHART / "definitions").glob("*")
        if path.suffix == ".yaml" and not (ROOT / "crds" / path.name).is_file()
    )


def shown() -> tuple[Entry, ...]:
    """Return the values that people are told of."""
    return tuple(entry for entry in entries(Values) if entry.path not in HIDDEN)


def values_yaml() -> str:
    """Return values.yaml: every value with its default, under what it is for."""
    head = f"# The values of this chart, with their defaults. Made by `{COMMAND}` from tools/chart/values.py.\n"
    return head + "".join(f"\n{text}" for text in map(_block, shown()))


def readme(page: str) -> str:
    """Return the chart's page with the table of values made anew."""
    return _PART.sub(lambda part: f"{part[1]}{values_table()}{part[2]}", page)


def values_table() -> str:
    """Return one row for each value."""
    head = "| Value | Type | Default | What it is for |\n|---|---|---|---|\n"
    return head + "".join(f"{row}\n" for row in _rows(shown()))


def _rows(found: tuple[Entry, ...]) -> Iterator[str]:
    for entry in found:
        yield _row(entry)
        yield from _rows(entry.children)


def _row(entry: Entry) -> str:
    if entry.children:
        return f"| **`{entry.path}`** | | | {' '.join(entry.description.split())} |"
    kind = f"{entry.type}: {entry.allowed}" if entry.allowed else entry.type
    told = " ".join(entry.description.split())
    cells = (f"`{entry.path}`", kind, f"`{_flow(entry.default)}`", told)
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def _block(entry: Entry, depth: int = 0) -> str:
    indent = "  " * depth
    lines = [*_comment(entry, indent)]
    if entry.children:
        lines += [f"{indent}{entry.key}:\n", *(_block(child, depth + 1) for child in entry.children)]
    elif isinstance(entry.default, dict | list) and entry.default:
        dumped = yaml.safe_dump(entry.default, sort_keys=False, width=_WIDTH)
        lines += [f"{indent}{entry.key}:\n", textwrap.indent(dumped, indent + "  ")]
    else:
        lines.append(f"{indent}{entry.key}: {_flow(entry.default)}\n")
    return "".join(lines)


def _comment(entry: Entry, indent: str) -> Iterator[str]:
    for paragraph in entry.description.split("\n\n"):
        text = " ".join(paragraph.split())
        bounds = f" ({entry.allowed})" if entry.allowed else ""
        for line in textwrap.wrap(text + bounds, _WIDTH - len(indent) - 2, break_on_hyphens=False):
            yield f"{indent}# {line}\n"


def _flow(value: Any) -> str:
    """Write a value on one line."""
    if value == "":
        return '""'
    text: str = yaml.safe_dump(value, default_flow_style=True, sort_keys=False, width=10_000)
    return text.removesuffix("\n").removesuffix("\n...")
