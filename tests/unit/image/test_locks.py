"""Which packages of the lock go into the image."""

import re
from pathlib import Path

import pytest
from tools.image.errors import ImageError
from tools.image.locks import direct, part_of

ROOT = Path(__file__).parents[3]
LOCK = """\
apple==1 \\
    --hash=sha256:aa
    # via
    #   project (pyproject.toml)
    #   basket
basket==2 ; sys_platform == 'linux' \\
    --hash=sha256:bb
    # via project (pyproject.toml:dev)
core==3 \\
    --hash=sha256:cc
    # via apple
seed==4 \\
    --hash=sha256:dd
    # via core
"""


def names(part: str) -> list[str]:
    return re.findall(r"^([a-z0-9.-]+)==", part, re.MULTILINE)


def test_a_part_is_closed_under_what_its_packages_need() -> None:
    assert names(part_of(LOCK, {"apple"})) == ["apple", "core", "seed"]


def test_blocks_stay_whole_with_hashes_and_markers() -> None:
    assert part_of(LOCK, {"core", "seed", "apple", "basket"}) == LOCK
    assert "--hash=sha256:bb" in part_of(LOCK, {"basket"})


def test_a_package_that_is_not_locked_is_named() -> None:
    with pytest.raises(ImageError, match="the lock has no pear: run `make lock`"):
        part_of(LOCK, {"apple", "pear"})


def test_the_operators_part_holds_what_it_imports_and_nothing_of_development() -> None:
    lock = (ROOT / "requirements.lock").read_text()
    found = set(names(part_of(lock, direct(ROOT / "pyproject.toml", ["operator"]))))
    assert {"kopf", "lightkube", "aiodocker", "pydantic-core", "uvloop", "click"} <= found
    assert not found & {"kubernetes", "docker", "pytest", "mypy", "ruff", "google-cloud-run"}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    path = tmp_path / "pyproject.toml"
    extras = 'small = ["Core>=3"]\nlarge = ["fruit[small]", "seed[sweet]>=4"]\n'
    path.write_text(f'[project]\nname = "fruit"\ndependencies = ["apple"]\n[project.optional-dependencies]\n{extras}')
    return path


def test_an_extra_may_include_another(project: Path) -> None:
    assert direct(project, []) == {"apple"}
    assert direct(project, ["small"]) == {"apple", "core"}
    assert direct(project, ["large"]) == {"apple", "core", "seed"}


def test_an_extra_that_is_not_there_is_named(project: Path) -> None:
    with pytest.raises(ImageError, match=r"pyproject\.toml has no extra huge"):
        direct(project, ["huge"])
