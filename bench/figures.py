"""Medians, percentiles and plain tables."""

import random
import statistics
from collections.abc import Sequence
from typing import Final

RESAMPLES: Final = 2000


def percentile(values: Sequence[float], percent: float) -> float:
    """Return the value that `percent` of all values do not exceed (nearest rank)."""
    ordered = sorted(values)
    rank = max(1, -(-len(ordered) * percent // 100))
    return ordered[int(rank) - 1]


def ratio_interval(theirs: Sequence[float], ours: Sequence[float]) -> tuple[float, float]:
    """Return the bootstrap 95 % interval of the ratio of medians; the same for the same values."""
    dice = random.Random(0)  # noqa: S311 - resampling, no secret
    ratios = sorted(
        statistics.median(dice.choices(ours, k=len(ours))) / statistics.median(dice.choices(theirs, k=len(theirs)))
        for _ in range(RESAMPLES)
    )
    return ratios[int(RESAMPLES * 0.025)], ratios[int(RESAMPLES * 0.975)]


def table(title: str, head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Lay out a table in plain text: words to the left, numbers to the right."""
    cells = [list(head), *([_text(cell) for cell in row] for row in rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(head))]
    lines = [
        "  ".join(_cell(text, width, at) for at, (text, width) in enumerate(zip(row, widths, strict=True)))
        for row in cells
    ]
    return "\n".join([title, *(f"  {line.rstrip()}" for line in lines), ""])


def _text(cell: object) -> str:
    return f"{cell:.2f}" if isinstance(cell, float) else str(cell)


def _cell(text: str, width: int, column: int) -> str:
    return text.ljust(width) if column == 0 else text.rjust(width)
