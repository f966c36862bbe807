"""The coverage gate shuts when it should."""

import json
from pathlib import Path

import pytest
from tests.coverage_gate import main, percent_by_file


def report(total: float, **files: float) -> dict[str, object]:
    return {
        "files": {
            f"operator/{name}.py": {"summary": {"percent_covered": percent}} for name, percent in files.items()
        },
        "totals": {
            "percent_covered": total,
            "covered_lines": 9,
            "num_statements": 10,
            "covered_branches": 1,
            "num_branches": 2,
        },
    }


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "operator").mkdir()
    (tmp_path / "cli").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def judge(tree: Path, content: dict[str, object]) -> int:
    (tree / "coverage.json").write_text(json.dumps(content))
    return main(["coverage.json"])


def test_the_gate_opens_at_its_bars(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert judge(tree, report(90.0, jobs=80.0, hosts=100.0)) == 0
    assert "90.0 %  in all: 9 of 10 lines, 1 of 2 branches" in capsys.readouterr().out


def test_too_little_in_all_shuts_the_gate(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert judge(tree, report(89.9, jobs=89.9)) == 1
    assert "89.9 % in all, and 90 % are needed" in capsys.readouterr().err


def test_too_little_in_one_file_shuts_the_gate(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert judge(tree, report(95.0, jobs=79.9, hosts=100.0)) == 1
    shown = capsys.readouterr()
    assert "79.9 %  operator/jobs.py" in shown.out
    assert "1 file has less than 80 %" in shown.err


def test_a_file_that_no_test_imports_counts_as_not_covered(tree: Path) -> None:
    (tree / "cli/forgotten.py").write_text("print('never')\n")
    (tree / "cli/empty.py").write_text("\n")
    assert percent_by_file(report(95.0, jobs=95.0), tree) == {"operator/jobs.py": 95.0, "cli/forgotten.py": 0.0}
