"""docs/states.md says what the table of states says, all of it and in its order."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from containerjob_operator.decide.table import TABLE

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs" / "states.md"
TOOL = ROOT / "tools" / "states_page.py"


def run(*arguments: str, tool: Path = TOOL) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, tool, *arguments], capture_output=True, text=True, check=False)


def rows() -> list[str]:
    generated = re.findall(r"<!-- generated: \S+ -->\n(.*?)<!-- end -->", PAGE.read_text(), re.DOTALL)
    lines = [line for part in generated for line in part.splitlines() if line.startswith("|")]
    return [line for line in lines if not line.startswith(("| Phase |", "|---"))]


def test_the_page_is_fresh() -> None:
    check = run("--check")
    assert check.returncode == 0, check.stderr


def test_every_row_of_the_table_is_on_the_page_once() -> None:
    assert len(rows()) == len(TABLE)
    assert len(set(rows())) == len(TABLE)


@pytest.mark.parametrize("first", ["spec.cancel is true", "the container has exited"])
def test_rows_stand_in_the_order_in_which_they_are_tried(first: str) -> None:
    told = [row.holds.__doc__ or "" for row in TABLE]
    page = PAGE.read_text()
    later = next(words for words in told[told.index(first) + 1 :] if words != first)
    assert page.index(f"| {first} |") < page.index(f"| {later} |")


def test_a_stale_page_is_told_and_left_alone_and_mended_on_request(tmp_path: Path) -> None:
    tool, page = tmp_path / "tools" / TOOL.name, tmp_path / "docs" / PAGE.name
    shutil.copytree(TOOL.parent, tool.parent)
    page.parent.mkdir()
    page.write_text(PAGE.read_text().replace("spec.cancel is true", "spec.cancel was true", 1))
    stale = run("--check", tool=tool)
    assert (stale.returncode, stale.stderr) == (1, "docs/states.md is stale: run `make crds`\n")
    assert "spec.cancel was true" in page.read_text()
    assert run(tool=tool).returncode == 0
    assert page.read_text() == PAGE.read_text()
