"""The tables of verdicts in docs/gitops.md, which are what tools are held to."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PAGE = Path(__file__).parents[3] / "docs" / "gitops.md"
WAITED_FOR = ("Complete", "Failed", "Finished", "Ready", "Suspended")
"""Conditions that people wait for."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """One row: what tools say."""

    kstatus: str
    argo: str
    waits: frozenset[str]
    """Conditions that `kubectl wait` finds fulfilled."""


def verdicts(kind: str) -> dict[str, Verdict]:
    """Return the rows of a kind's table by what stands in their first cell."""
    return dict(_rows(kind))


def _rows(kind: str) -> Iterator[tuple[str, Verdict]]:
    table = re.search(rf"<!-- verdicts: {kind} -->\n(.*?)<!-- end -->", PAGE.read_text(), re.DOTALL)
    assert table, f"docs/gitops.md has no table for {kind}"
    for line in table[1].splitlines()[3:]:
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == 4:
            for state in cells[0].split(", "):
                yield state, Verdict(cells[1], cells[2], frozenset(re.findall(r"`(\w+)`", cells[3])))
