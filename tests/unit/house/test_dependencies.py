"""Every library that is imported is declared where it is installed: nothing works by somebody else's grace."""

import ast
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[3]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
OURS = {"containerjob_api", "containerjob_operator", "containerjob_local", "kubectl_containerjob"}
PARTS_OF = {"pydantic-core": "pydantic"}
"""Distributions that come with exactly one version of another."""
INSTALLED_BY = {
    "operator/containerjob_api": ("operator",),
    "operator/containerjob_operator": ("operator",),
    "operator/containerjob_operator/executors/cloudrun": ("operator", "cloudrun"),
    "cli/kubectl_containerjob": (),
    "cli/containerjob_local": ("operator", "local"),
}


def declared(extras: tuple[str, ...]) -> set[str]:
    lines = [
        *PROJECT["dependencies"],
        *(line for extra in extras for line in PROJECT["optional-dependencies"][extra]),
    ]
    return {str(canonicalize_name(Requirement(line).name)) for line in lines}


def imported(package: str) -> Iterator[tuple[str, str]]:
    others = [ROOT / other for other in INSTALLED_BY if other.startswith(f"{package}/")]
    for path in (ROOT / package).rglob("*.py"):
        if any(path.is_relative_to(other) for other in others):
            continue
        for node in statements(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                yield from ((path.name, alias.name.partition(".")[0]) for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module:
                yield path.name, node.module.partition(".")[0]


def statements(node: ast.AST) -> Iterator[ast.AST]:
    """Walk the tree without what only a type checker reads."""
    if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
        for other in node.orelse:
            yield from statements(other)
        return
    yield node
    for child in ast.iter_child_nodes(node):
        yield from statements(child)


@pytest.mark.parametrize(("package", "extras"), INSTALLED_BY.items())
def test_every_library_that_is_imported_is_declared(package: str, extras: tuple[str, ...]) -> None:
    owners = packages_distributions()
    undeclared = set()
    for path, module in imported(package):
        if module in sys.stdlib_module_names or module in OURS:
            continue
        names = {str(canonicalize_name(owner)) for owner in owners.get(module, [module])}
        if not {PARTS_OF.get(name, name) for name in names} & declared(extras):
            undeclared.add(f"{path} imports {module}")
    assert undeclared == set()
