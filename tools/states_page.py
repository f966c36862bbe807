"""Write the tables of docs/states.md from the table of states that the operator decides by."""

import re
import sys
from collections.abc import Callable, Iterator
from typing import Any, Final

from pages import ROOT, write_or_check

from containerjob_api.phases import Phase
from containerjob_operator.decide.table import BOUND, OVER, TABLE, WAITING, Row

PAGE = ROOT / "docs" / "states.md"
PART = re.compile(r"(<!-- generated: (\S+) -->\n).*?(<!-- end -->)", re.DOTALL)
NOBODY: Final = {
    "deleted": "nobody: there is nothing to write to",
    "finished": "nobody: the API server refuses every other phase",
}
"""Who writes where nothing can be written."""


def rendered(page: str) -> str:
    """Return the page with every generated part made anew."""
    return PART.sub(lambda part: "\n".join((part[1], *_table(part[2]), "", part[3])), page)


def group_of(row: Row) -> str:
    """Return in which part of the page a row stands."""
    if row.holds.__name__.startswith("gone"):
        return "deleted"
    places = {"finished": OVER, "waiting": WAITING, "bound": BOUND}
    return next(name for name, phases in places.items() if set(row.phases) <= set(phases))


def _table(group: str) -> Iterator[str]:
    yield from (
        "| Phase | When | What is done | Next phase | Conditions written | Who writes |",
        "|---|---|---|---|---|---|",
    )
    for row in TABLE:
        if group_of(row) == group:
            cells = (_phases(row), _said(row.holds), _said(row.step), _next(row), row.conditions or "none", _who(row))
            yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def _phases(row: Row) -> str:
    return "any" if set(row.phases) == set(Phase) else ", ".join(row.phases)


def _next(row: Row) -> str:
    news = [phase for phase in row.to if (phase,) != row.phases]
    return ", ".join(news) or "stays"


def _who(row: Row) -> str:
    return "the operator's pass" if row.writes else NOBODY.get(group_of(row), "nobody: nothing is stored")


def _said(what: Callable[..., Any]) -> str:
    return " ".join((what.__doc__ or "").split())


if __name__ == "__main__":
    sys.exit(write_or_check(PAGE, rendered, sys.argv[1:]))
