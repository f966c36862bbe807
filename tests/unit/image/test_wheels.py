"""The image's packages, collected by a pip that is played: what is asked for, what is kept, what is said."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.fakes.programs import write_program
from tools.image.errors import ImageError
from tools.image.wheels import collect

ROOT = Path(__file__).parents[3]
DOWNLOADS = """
echo "$*" >>"$(dirname "$0")/calls"
for argument; do case "$argument" in
--dest=*) folder=${argument#--dest=} ;;
--requirement=*) name=$(basename "${argument#--requirement=}" .txt) ;;
esac; done
echo wheel >"$folder/$name-1-py3-none-any.whl"
"""

Pip = Callable[[str], Path]


@pytest.fixture
def pip(tmp_path: Path) -> Pip:
    def install(script: str) -> Path:
        folder = tmp_path / "pip" / "bin"
        folder.mkdir(parents=True, exist_ok=True)
        return write_program(folder, "python", script)

    return install


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    root = tmp_path / "sources"
    (root / "tools" / "image").mkdir(parents=True)
    for name in ("requirements.lock", "pyproject.toml", "tools/image/build.lock", "tools/bootstrap.lock"):
        shutil.copyfile(ROOT / name, root / name)
    return root


def test_packages_and_build_tools_are_collected_once(pip: Pip, sources: Path, tmp_path: Path) -> None:
    calls = pip(DOWNLOADS).parent / "calls"
    said: list[str] = []
    first = collect(sources, ["operator"], "3.13", tmp_path, said.append)
    again = collect(sources, ["operator"], "3.13", tmp_path, said.append)
    assert first == again
    assert sorted(path.name for path in first.iterdir()) == [
        "bootstrap-1-py3-none-any.whl",
        "build-1-py3-none-any.whl",
        "operator-1-py3-none-any.whl",
    ]
    assert said == ["collecting the image's packages for Python 3.13"]
    for line in calls.read_text().splitlines():
        assert {"--require-hashes", "--only-binary=:all:", "--python-version=3.13"} <= set(line.split())


def test_another_lock_or_python_is_another_folder_and_old_ones_go(pip: Pip, sources: Path, tmp_path: Path) -> None:
    pip(DOWNLOADS)
    folders = [collect(sources, ["operator"], version, tmp_path, print) for version in ("3.11", "3.12", "3.13")]
    assert len(set(folders)) == 3
    assert [folder.is_dir() for folder in folders] == [False, True, True]


def test_what_pip_cannot_get_is_said_in_its_last_words(pip: Pip, sources: Path, tmp_path: Path) -> None:
    pip("echo retrying >&2; echo 'ERROR: no such wheel' >&2; exit 1")
    with pytest.raises(ImageError, match=r"^the image's packages cannot be collected: ERROR: no such wheel$"):
        collect(sources, ["operator"], "3.13", tmp_path, print)
    assert [
        path.name for path in (tmp_path / "wheels").iterdir() if path.is_dir() and "unfinished" not in path.name
    ] == []


def test_a_pip_that_cannot_be_started_is_named(sources: Path, tmp_path: Path) -> None:
    (tmp_path / "pip" / "bin").mkdir(parents=True)
    (tmp_path / "pip" / "bin" / "python").write_text("not a program")
    with pytest.raises(ImageError, match=r"cannot be collected: .*Permission denied"):
        collect(sources, ["operator"], "3.13", tmp_path, print)
