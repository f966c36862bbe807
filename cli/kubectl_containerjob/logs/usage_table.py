"""What running jobs use, as a table. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from kubectl_containerjob.kubectl import Body
from kubectl_containerjob.screens.plain_text import cells, harmless, padded

BAR_CELLS: Final = 10
MEBIBYTE: Final = 1 << 20
_TITLES: Final = ("NAME", "HOST", "ATTEMPT", "CPU", "MEMORY", "LIMIT%", "PIDS")
_WARNING, _DANGER = 70, 90

ORDERS: Final[dict[str, Callable[[Body], Any]]] = {
    "cpu": lambda item: -float(item["usage"]["cpuPercent"]),
    "memory": lambda item: -int(item["usage"]["memoryBytes"]),
    "name": lambda item: "",
}
"""What comes first; names decide between equals."""


@dataclass(frozen=True, slots=True)
class Columns:
    """How the table looks."""

    namespaces: bool = False
    headers: bool = True
    bars: bool = False
    """Draw how near the memory is to its limit, in colour."""


def ordered(items: Sequence[Body], order: str) -> list[Body]:
    """Sort by one of ORDERS."""
    return sorted(items, key=lambda item: (ORDERS[order](item), item["namespace"], item["name"]))


def lines(items: Sequence[Body], columns: Columns) -> list[str]:
    """Return the table's lines."""
    rows = [_row(item, columns) for item in items]
    if columns.headers:
        rows.insert(0, [*(["NAMESPACE"] if columns.namespaces else []), *_TITLES])
    widths = [max(map(cells, column)) for column in zip(*rows, strict=True)]
    table = [
        "   ".join(padded(cell, width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    ]
    if not columns.bars:
        return table
    width = max(map(cells, table))
    bars = [""] * columns.headers + [_bar(_percent(item)) for item in items]
    return [f"{padded(line, width)}   {bar}".rstrip() for line, bar in zip(table, bars, strict=True)]


def _row(item: Body, columns: Columns) -> list[str]:
    usage = item["usage"]
    percent = _percent(item)
    return [
        *([harmless(item["namespace"])] if columns.namespaces else []),
        harmless(item["name"]),
        harmless(str(item["host"])),
        str(item["attempt"]),
        f"{round(float(usage['cpuPercent']) * 10)}m",
        f"{-(-int(usage['memoryBytes']) // MEBIBYTE)}Mi",
        "<none>" if percent is None else f"{percent}%",
        str(usage["processes"]),
    ]


def _percent(item: Body) -> int | None:
    limit = int(item["usage"].get("memoryLimitBytes") or 0)
    return round(100 * int(item["usage"]["memoryBytes"]) / limit) if limit else None


def _bar(percent: int | None) -> str:
    if percent is None:
        return ""
    full = min(BAR_CELLS, round(percent * BAR_CELLS / 100))
    colour = 31 if percent >= _DANGER else 33 if percent >= _WARNING else 32
    return f"\x1b[{colour}m{'█' * full}\x1b[0m{'░' * (BAR_CELLS - full)}"
