"""What the tree itself promises: names, sizes, and that `operator/` never hides the standard library's module."""

import ast
import re
import statistics
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
CODE = ("operator", "cli", "tests", "bench")
BANNED = {"utils", "util", "helpers", "helper", "common", "manager", "managers", "misc"}
LONGEST_FILE = 400
MEDIAN_FILE = 150
LONGEST_FUNCTION_P95 = 45


def python_files(*folders: str) -> list[Path]:
    return [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]


def lengths() -> dict[str, int]:
    return {str(path.relative_to(ROOT)): len(path.read_text().splitlines()) for path in python_files(*CODE)}


def function_lengths() -> Iterator[tuple[str, int]]:
    for path in python_files("operator", "cli"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno is not None:
                yield f"{path.name}: {node.name}", node.end_lineno - node.lineno + 1


@pytest.mark.parametrize("folder", ["operator", "cli"])
def test_the_folders_of_packages_are_no_packages_themselves(folder: str) -> None:
    assert not (ROOT / folder / "__init__.py").exists()


def test_python_started_in_the_root_gets_the_standard_librarys_operator() -> None:
    child = subprocess.run(
        [sys.executable, "-c", "import operator; print(operator.__file__)"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert not Path(child.stdout.strip()).is_relative_to(ROOT)


def test_no_name_stands_for_a_concept_that_is_missing() -> None:
    named = [path.relative_to(ROOT) for folder in CODE for path in (ROOT / folder).rglob("*")]
    words = {path: set(re.split(r"[^a-z]+", path.stem.lower())) for path in named if "__pycache__" not in path.parts}
    assert {path for path, found in words.items() if found & BANNED} == set()


def test_no_file_is_too_long_to_read() -> None:
    assert {name: lines for name, lines in lengths().items() if lines > LONGEST_FILE} == {}


def test_the_usual_file_is_short() -> None:
    assert statistics.median(lengths().values()) <= MEDIAN_FILE


def test_the_usual_function_is_short() -> None:
    longest_first = sorted(function_lengths(), key=lambda item: -item[1])
    beyond = [item for item in longest_first if item[1] > LONGEST_FUNCTION_P95]
    assert len(beyond) <= len(longest_first) * 0.05, beyond


def test_nothing_is_left_for_later_or_hidden_from_coverage() -> None:
    marks = re.compile(r"\bTODO\b|\bFIXME\b|\bXXX\b|pragma: no " + r"cover|NotImplementedError")
    marked = [path.name for path in python_files("operator", "cli", "bench") if marks.search(path.read_text())]
    assert marked == []
