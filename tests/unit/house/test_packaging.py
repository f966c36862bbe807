"""What is installed is whole: the wheel carries the manifests that `kubectl containerjob local` applies."""

import importlib
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
WHEEL = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", folder],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    (wheel,) = folder.glob("*.whl")
    return set(zipfile.ZipFile(wheel).namelist())


def files_below(folder: Path) -> list[Path]:
    """List the files of a folder but for what Python compiled there."""
    return [path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts]


@pytest.mark.parametrize("source", WHEEL["force-include"])
def test_what_the_wheel_shall_carry_is_there(source: str) -> None:
    assert files_below(ROOT / source)


@pytest.mark.parametrize(("source", "target"), WHEEL["force-include"].items())
def test_the_wheel_carries_what_local_environments_are_made_of(shipped: set[str], source: str, target: str) -> None:
    expected = {f"{target}/{path.relative_to(ROOT / source)}" for path in files_below(ROOT / source)}
    assert expected <= shipped


@pytest.mark.parametrize("package", WHEEL["packages"])
def test_the_wheel_carries_every_module(shipped: set[str], package: str) -> None:
    parent = (ROOT / package).parent
    assert {str(path.relative_to(parent)) for path in (ROOT / package).rglob("*.py")} <= shipped


def test_the_wheel_carries_its_licence_and_both_commands(shipped: set[str]) -> None:
    info = {name.partition("/")[2] for name in shipped if ".dist-info/" in name}
    assert {"licenses/LICENSE", "entry_points.txt"} <= info


@pytest.mark.parametrize("kind", ["setup/samples/*.json", "setup/bootstraps/*.sh"])
def test_the_wheel_carries_what_commands_read(shipped: set[str], kind: str) -> None:
    files = {str(path.relative_to(ROOT / "cli")) for path in (ROOT / "cli" / "kubectl_containerjob").glob(kind)}
    assert files
    assert files <= shipped


def test_kubectl_finds_the_plugin_and_what_completes_it() -> None:
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]
    assert {"kubectl-containerjob", "kubectl_complete-containerjob"} <= set(scripts)
    for entry in scripts.values():
        module, _, name = entry.partition(":")
        assert callable(getattr(importlib.import_module(module), name))
