"""The documentation names what is there: functions, make targets, files, fields, phases and reasons."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from containerjob_api import phases

ROOT = Path(__file__).parents[3]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
NAMED_FUNCTION = re.compile(r"`([\w./-]+\.py): ([\w.]+)`")
FENCED_OR_INLINE = re.compile(r"```.*?```|`[^`\n]+`", re.DOTALL)
LINK = re.compile(r"\]\((?!https?:|#)([^)#]+)")


@pytest.fixture(params=PAGES, ids=lambda path: path.name)
def page(request: pytest.FixtureRequest) -> Path:
    path: Path = request.param
    return path


def definitions(path: Path) -> set[str]:
    """Return the functions and classes of a module, and methods as Class.method."""
    found = set()
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
        if isinstance(node, ast.ClassDef):
            methods = (item for item in node.body if isinstance(item, ast.FunctionDef | ast.AsyncFunctionDef))
            found |= {f"{node.name}.{method.name}" for method in methods}
    return found


def targets() -> set[str]:
    return set(re.findall(r"^([a-z0-9-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))


def test_every_function_that_is_named_exists(page: Path) -> None:
    missing = []
    for module, name in NAMED_FUNCTION.findall(page.read_text()):
        places = [ROOT / "operator" / "containerjob_operator" / module, ROOT / module]
        path = next((place for place in places if place.is_file()), None)
        if path is None or name not in definitions(path):
            missing.append(f"{module}: {name}")
    assert missing == []


def test_every_make_target_that_is_named_exists(page: Path) -> None:
    code = " ".join(FENCED_OR_INLINE.findall(page.read_text()))
    named = set(re.findall(r"\bmake (?:-s )?([a-z][a-z0-9-]*)", code))
    assert named <= targets()


def test_every_link_leads_somewhere(page: Path) -> None:
    links = LINK.findall(page.read_text())
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_every_example_that_is_named_exists(page: Path) -> None:
    named = set(re.findall(r"examples/[\w.-]+\.yaml", page.read_text()))
    assert {name for name in named if not (ROOT / name).is_file()} == set()


def test_the_readme_shows_the_first_example_as_it_is() -> None:
    example = (ROOT / "examples/01-hello.yaml").read_text()
    manifest = example[example.index("apiVersion") :]
    assert f"```yaml\n{manifest}```" in (ROOT / "README.md").read_text()


def test_the_tables_of_the_api_page_are_fresh() -> None:
    check = subprocess.run(
        [sys.executable, ROOT / "tools" / "api_reference.py", "--check"], capture_output=True, text=True, check=False
    )
    assert check.returncode == 0, check.stderr


@pytest.mark.parametrize(
    "word",
    [*phases.Phase, *phases.ConditionType, *phases.Reason, *phases.HostConditionType, *phases.HostReason],
    ids=str,
)
def test_the_api_page_explains_every_phase_condition_and_reason(word: str) -> None:
    assert f"| `{word}` | " in (ROOT / "docs" / "api.md").read_text()


def test_help_lists_every_target_that_people_type() -> None:
    shown = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    listed = set(re.findall(r"^  make ([a-z0-9-]+)", shown, re.MULTILINE))
    assert targets() - listed == {"crds-check"}
