"""The locks name no package registry, hash everything, and are in step with pyproject.toml."""

import re
import tomllib
from itertools import chain
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[3]
LOCKS = ("requirements.lock", "tools/bootstrap.lock", "tools/image/build.lock", "packaging/build.lock")
PINNED = re.compile(r"^([A-Za-z0-9._-]+)==([^ ;\\]+)", re.MULTILINE)


def direct_dependencies() -> list[Requirement]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    lists = chain(
        [
            project["build-system"]["requires"],
            project["project"]["dependencies"],
            project["dependency-groups"]["dev"],
        ],
        project["project"]["optional-dependencies"].values(),
    )
    found = map(Requirement, chain.from_iterable(lists))
    return [requirement for requirement in found if requirement.name != project["project"]["name"]]


def pinned(lock: str) -> dict[str, Version]:
    found = PINNED.findall((ROOT / lock).read_text())
    return {str(canonicalize_name(name)): Version(version) for name, version in found}


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_names_no_registry(lock: str) -> None:
    text = (ROOT / lock).read_text()
    assert "://" not in text
    assert "index" not in text


@pytest.mark.parametrize("lock", LOCKS)
def test_every_package_of_a_lock_has_hashes(lock: str) -> None:
    blocks = re.split(r"^(?=[A-Za-z0-9])", (ROOT / lock).read_text(), flags=re.MULTILINE)
    assert [block.partition("\n")[0] for block in blocks if block and "--hash=sha256:" not in block] == []


@pytest.mark.parametrize("requirement", direct_dependencies(), ids=str)
def test_the_lock_has_every_direct_dependency(requirement: Requirement) -> None:
    version = pinned("requirements.lock").get(str(canonicalize_name(requirement.name)))
    assert version is not None, "run `make lock`"
    assert requirement.specifier.contains(version), "run `make lock`"
