"""Write the tables of docs/operations.md from the operator's options and from its table of metrics."""

import re
import sys
from collections.abc import Iterator
from typing import Any, Final, Literal, get_args, get_origin

from pages import ROOT, write_or_check
from pydantic.alias_generators import to_camel

from containerjob_operator.command_line import Described, described
from containerjob_operator.metrics import METRICS
from containerjob_operator.options import Options
from containerjob_operator.settings import Settings

PAGE = ROOT / "docs" / "operations.md"
PART = re.compile(r"(<!-- generated: (\S+) -->\n).*?(<!-- end -->)", re.DOTALL)


def rendered(page: str) -> str:
    """Return the page with every generated part made anew."""
    return PART.sub(lambda part: "\n".join((part[1], *TABLES[part[2]](), "", part[3])), page)


def options() -> Iterator[str]:
    """One row for each option; those that only a process has are no values of the chart."""
    yield from ("| Option | Chart value | Default | Allowed | What it does |", "|---|---|---|---|---|")
    for each in described(Settings):
        value = f"`operator.{to_camel(each.field)}`" if each.field in Options.model_fields else ""
        env = f" (`${each.env}`)" if each.env else ""
        yield _row(f"`{each.option}`{env}", value, _default(each), _allowed(each), each.help)


def metrics() -> Iterator[str]:
    """One row for each metric."""
    yield from ("| Metric | Kind | Labels | What it tells |", "|---|---|---|---|")
    for each in METRICS:
        yield _row(f"`{each.name}`", each.kind, ", ".join(f"`{label}`" for label in each.labels), each.help)


TABLES: Final = {"options": options, "metrics": metrics}


def _row(*cells: str) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def _default(each: Described) -> str:
    default: Any = each.default
    if each.kind is bool:
        return "off"
    if default in (None, "", ()):
        return each.default_said.removeprefix("default: ")
    return f"`{default:g}`" if isinstance(default, float) else f"`{default}`"


def _allowed(each: Described) -> str:
    if get_origin(each.kind) is Literal:
        return ", ".join(f"`{value}`" for value in get_args(each.kind))
    return f"{each.allowed}, repeatable" if each.many else each.allowed


if __name__ == "__main__":
    sys.exit(write_or_check(PAGE, rendered, sys.argv[1:]))
