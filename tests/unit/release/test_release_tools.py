"""What a tag must agree with, and the chart as it is published."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from tools import release_chart, release_check

ROOT = Path(__file__).parents[3]
DIGEST = f"sha256:{1:064x}"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    chart = tmp_path / "charts" / "containerjob-operator"
    chart.mkdir(parents=True)
    (chart / "Chart.yaml").write_text("version: 1.2.3\nappVersion: 1.2.3\n")
    (tmp_path / "pyproject.toml").write_text('[project]\nversion = "1.2.3"\n')
    changes = "# Changelog\n\n## [1.2.3] - 2027-01-01\n\n### Added\n\n- News.\n\n## [1.2.2] - 2026-12-01\n\n- Old.\n"
    (tmp_path / "CHANGELOG.md").write_text(changes)
    return tmp_path


def test_a_tree_that_is_what_its_tag_says_may_be_released(tree: Path) -> None:
    assert list(release_check.complaints(tree, "v1.2.3")) == []


def test_the_notes_are_the_changelogs_section(tree: Path) -> None:
    assert release_check.notes(tree, "v1.2.3") == "### Added\n\n- News.\n"
    assert release_check.notes(tree, "v1.2.2") == "- Old.\n"


def test_every_place_with_another_version_is_named(tree: Path) -> None:
    found = list(release_check.complaints(tree, "v2.0.0"))
    assert [line.partition(":")[0] for line in found] == [
        "pyproject.toml says 1.2.3",
        "Chart.yaml's version says 1.2.3",
        "Chart.yaml's appVersion says 1.2.3",
        "CHANGELOG.md has no section [2.0.0]",
    ]


def test_a_tag_that_is_no_version_is_refused(tree: Path) -> None:
    assert list(release_check.complaints(tree, "v1.2")) == ["the tag v1.2 is no version: v1.2.3 or v1.2.3-rc.1 are"]


def test_the_command_refuses_with_one_line_for_each_reason() -> None:
    command = [sys.executable, "tools/release_check.py", "v99.0.0"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert all(line.startswith("error: ") for line in done.stderr.splitlines())


def test_the_published_chart_names_the_image_by_digest(tmp_path: Path) -> None:
    options = ["--registry", "registry.test", "--repository", "team/containerjob-operator", "--digest", DIGEST]
    command = [sys.executable, "tools/release_chart.py", *options, str(tmp_path / "chart")]
    subprocess.run(command, cwd=ROOT, check=True)
    values = yaml.safe_load((tmp_path / "chart" / "values.yaml").read_text())
    assert values["image"] == {
        **yaml.safe_load((ROOT / "charts/containerjob-operator/values.yaml").read_text())["image"],
        "registry": "registry.test",
        "repository": "team/containerjob-operator",
        "digest": DIGEST,
    }
    chart = yaml.safe_load((tmp_path / "chart" / "Chart.yaml").read_text())
    (image,) = yaml.safe_load(chart["annotations"]["artifacthub.io/images"])
    assert image["image"] == f"registry.test/team/containerjob-operator@{DIGEST}"


def test_a_chart_of_another_shape_is_refused() -> None:
    with pytest.raises(ValueError, match=r"0 lines image\.registry"):
        release_chart.stamped("a: 1\nimage:\n  tag: x\n\nb: 2\n", "r", "p", DIGEST)
    with pytest.raises(ValueError, match="0 lines `image: containerjob-operator"):
        release_chart.annotated("name: chart\n", "r/p@d")


def test_the_archives_script_is_one_that_a_shell_can_read() -> None:
    for script in ("packaging/build.sh", "tools/image/install.sh"):
        shell = shutil.which("dash") or "sh"
        assert subprocess.run([shell, "-n", script], cwd=ROOT, capture_output=True, check=False).stderr == b""


def test_the_archives_program_runs_all_but_local() -> None:
    command = [sys.executable, "packaging/plugin.py"]
    helped = subprocess.run([*command, "list", "--help"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert helped.returncode == 0, helped.stderr
    refused = subprocess.run(
        [*command, "local", "up", "--port", "1"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert refused.returncode == 1
    assert refused.stderr.startswith("error: local is not part of this archive: install ")
