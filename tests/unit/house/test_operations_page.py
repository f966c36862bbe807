"""docs/operations.md tells every option, metric, Event and reason that there is."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from containerjob_api import phases
from containerjob_operator.metrics import METRICS
from containerjob_operator.settings import Settings

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs" / "operations.md"
TOOL = ROOT / "tools" / "operations_page.py"
RECORDED = re.compile(r'record\(.*?"(?:Normal|Warning)", "(\w+)"')


def check() -> "subprocess.CompletedProcess[str]":
    return subprocess.run([sys.executable, TOOL, "--check"], capture_output=True, text=True, check=False)


def test_the_tables_are_as_the_code_says() -> None:
    told = check()
    assert told.returncode == 0, told.stderr


def test_a_stale_page_is_told() -> None:
    page = PAGE.read_text()
    try:
        PAGE.write_text(page.replace("`containerjob_leader` | gauge", "`containerjob_leader` | counter"))
        told = check()
    finally:
        PAGE.write_text(page)
    assert (told.returncode, "docs/operations.md is stale" in told.stderr) == (1, True)


def test_every_option_and_metric_stands_there() -> None:
    page = PAGE.read_text()
    missing = [metric.name for metric in METRICS if f"| `{metric.name}` |" not in page]
    named = {"hosts": "--host", "namespaces": "--namespace"}
    options = [named.get(name, f"--{name.replace('_', '-')}") for name in Settings.model_fields]
    assert missing + [option for option in options if f"| `{option}`" not in page] == []


@pytest.mark.parametrize("reason", [*phases.Reason, *phases.HostReason], ids=str)
def test_every_reason_has_a_row_that_says_what_to_do(reason: str) -> None:
    assert re.search(rf"^\| (?:`\w+`, )*`{reason}`(?:, `\w+`)* \| \S.*\.? \|$", PAGE.read_text(), re.MULTILINE)


def test_every_event_that_has_a_name_of_its_own_is_explained() -> None:
    sources = (path.read_text() for path in (ROOT / "operator").rglob("*.py"))
    recorded = {name for source in sources for name in RECORDED.findall(source)}
    assert recorded == {"ExpiryRerunsJob", "OrphanedContainers"}
    assert all(f"| `{name}` | " in PAGE.read_text() for name in recorded)
