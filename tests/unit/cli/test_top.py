"""The table of what running jobs use."""

from typing import Any

from kubectl_containerjob.logs.usage_table import Columns, lines, ordered

MEBIBYTE = 1 << 20


def item(name: str, cpu: float, memory: int, limit: int, namespace: str = "shop", attempt: int = 0) -> dict[str, Any]:
    usage = {"cpuPercent": cpu, "memoryBytes": memory, "memoryLimitBytes": limit, "processes": 3}
    return {"namespace": namespace, "name": name, "host": "build-1", "attempt": attempt, "usage": usage}


ITEMS = [
    item("small", 0.04, 900_000, 64 * MEBIBYTE),
    item("report-of-the-year", 155.2, 50 * MEBIBYTE, 64 * MEBIBYTE, "büro", 2),
    item("hungry", 12.5, 63 * MEBIBYTE, 64 * MEBIBYTE),
    item("free", 12.5, 5 * MEBIBYTE, 0),
]


def test_the_table_of_one_namespace() -> None:
    assert lines(ordered(ITEMS, "cpu"), Columns()) == [
        "NAME                 HOST      ATTEMPT   CPU     MEMORY   LIMIT%   PIDS",
        "report-of-the-year   build-1   2         1552m   50Mi     78%      3",
        "free                 build-1   0         125m    5Mi      <none>   3",
        "hungry               build-1   0         125m    63Mi     98%      3",
        "small                build-1   0         0m      1Mi      1%       3",
    ]


def test_namespaces_come_first_and_column_names_can_be_left_out() -> None:
    assert lines(ordered(ITEMS[:2], "memory"), Columns(namespaces=True, headers=False)) == [
        "büro   report-of-the-year   build-1   2   1552m   50Mi   78%   3",
        "shop   small                build-1   0   0m      1Mi    1%    3",
    ]


def test_names_decide_between_equals() -> None:
    assert [found["name"] for found in ordered(ITEMS, "name")] == ["report-of-the-year", "free", "hungry", "small"]


def test_bars_show_how_near_the_limit_is() -> None:
    drawn = [line.partition("3   ")[2] for line in lines(ordered(ITEMS, "name"), Columns(bars=True, headers=False))]
    assert drawn == [
        "\x1b[33m████████\x1b[0m░░",
        "",
        "\x1b[31m██████████\x1b[0m",
        "\x1b[32m\x1b[0m░░░░░░░░░░",
    ]


def test_names_that_would_steer_a_terminal_are_written_out() -> None:
    assert "\\x1b" in lines([item("a\x1b", 1, 1, 1)], Columns())[1]
