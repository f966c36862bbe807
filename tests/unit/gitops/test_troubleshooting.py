"""docs/troubleshooting.md tells of every reason what `why` and `doctor` say of it, and quotes what is really said."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from containerjob_api.lifecycle import LIFE_CYCLE
from containerjob_api.phases import HostReason, Reason

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs" / "troubleshooting.md"
TOOL = ROOT / "tools" / "troubleshooting_page.py"


def run(*arguments: str, tool: Path = TOOL) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, tool, *arguments], capture_output=True, text=True, check=False)


def test_the_page_is_fresh() -> None:
    check = run("--check")
    assert check.returncode == 0, check.stderr


@pytest.mark.parametrize("reason", [*Reason, *HostReason], ids=str)
def test_every_reason_has_a_row_with_what_to_do(reason: str) -> None:
    rows = [line for line in PAGE.read_text().splitlines() if line.startswith(f"| `{reason}` | ")]
    expected = [*Reason, *HostReason].count(reason)
    assert len(rows) == expected
    for row in rows:
        _, said, remedy = (cell.strip() for cell in row.strip("| ").split(" | "))
        assert said
        assert remedy
        assert not re.search(r"\{\w*\}", row)


@pytest.mark.parametrize(
    "words",
    [
        "template may change only while no attempt exists",
        "a finished job is a record",
        "the outcome of a finished job is final",
    ],
)
def test_what_the_api_server_says_is_quoted_as_it_says_it(words: str) -> None:
    assert any(words in rule.message for rule in LIFE_CYCLE)
    assert words in PAGE.read_text()


def test_a_stale_page_is_told_and_mended_on_request(tmp_path: Path) -> None:
    shutil.copytree(TOOL.parent, tmp_path / "tools")
    shutil.copytree(PAGE.parent, tmp_path / "docs")
    tool, page = tmp_path / "tools" / TOOL.name, tmp_path / "docs" / PAGE.name
    page.write_text(PAGE.read_text().replace("no DockerHost exists", "no host is there"))
    stale = run("--check", tool=tool)
    assert (stale.returncode, stale.stderr) == (1, "docs/troubleshooting.md is stale: run `make crds`\n")
    assert run(tool=tool).returncode == 0
    assert page.read_text() == PAGE.read_text()
