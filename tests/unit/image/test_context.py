"""What is sent to the builder is what .dockerignore lets through, and what the Dockerfile copies."""

import io
import os
import re
import tarfile
import tomllib
from pathlib import Path

import pytest
from tools.image import context

ROOT = Path(__file__).parents[3]
DOCKERFILE = (ROOT / "Dockerfile").read_text()


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    root = tmp_path / "root"
    for source in (*context.SOURCES, context.DOCKERFILE):
        path = root / source
        is_folder = (ROOT / source).is_dir()
        (path if is_folder else path.parent).mkdir(parents=True, exist_ok=True)
        (path / "file.py" if is_folder else path).write_text(source)
    (root / "cli" / "__pycache__").mkdir()
    (root / "cli" / "__pycache__" / "file.pyc").write_text("")
    (tmp_path / "wheels").mkdir()
    (tmp_path / "wheels" / "kopf-1.whl").write_text("kopf")
    return root


def written(tree: Path) -> bytes:
    into = io.BytesIO()
    context.write(tree, tree.parent / "wheels", into)
    return into.getvalue()


def test_dockerignore_lets_the_same_through() -> None:
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    allowed = {line.removeprefix("!") for line in lines if line.startswith("!")}
    assert allowed == {*context.SOURCES, "wheels"}
    assert "*" in lines


def test_all_that_the_dockerfile_copies_is_sent() -> None:
    copied = {
        word
        for line in re.findall(r"^COPY (?!--from)(.+)$", DOCKERFILE, re.MULTILINE)
        for word in line.split()[:-1]
        if word != "wheels*"
    }
    sources = [ROOT / source for source in context.SOURCES]
    unsent = [
        word
        for word in copied
        if not any(path.is_relative_to(ROOT / word) or (ROOT / word).is_relative_to(path) for path in sources)
    ]
    assert copied
    assert unsent == []


def test_all_that_the_wheel_is_made_of_is_sent() -> None:
    wheel = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]
    needed = [ROOT / each for each in (*wheel["packages"], *wheel["force-include"])]
    sources = [ROOT / source for source in context.SOURCES]
    assert [each for each in needed if not any(each.is_relative_to(source) for source in sources)] == []


def test_the_archive_holds_sources_and_wheels_without_bytecode(tree: Path) -> None:
    with tarfile.open(fileobj=io.BytesIO(written(tree))) as archive:
        names = archive.getnames()
    assert names[0] == "Dockerfile"
    assert {"cli/file.py", "tools/image/file.py", "wheels/kopf-1.whl"} <= set(names)
    assert not [name for name in names if "pycache" in name]


def test_times_do_not_count_and_content_does(tree: Path) -> None:
    wheels = tree.parent / "wheels"
    before = context.digest(tree, wheels), written(tree)
    os.utime(tree / "pyproject.toml", (1, 1))
    assert (context.digest(tree, wheels), written(tree)) == before
    (tree / "pyproject.toml").write_text("changed")
    assert context.digest(tree, wheels) != before[0]


def test_another_wheel_counts(tree: Path) -> None:
    wheels = tree.parent / "wheels"
    before = context.digest(tree, wheels)
    (wheels / "kopf-1.whl").rename(wheels / "kopf-2.whl")
    assert context.digest(tree, wheels) != before
