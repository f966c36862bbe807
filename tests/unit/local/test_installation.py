"""What an installation carries, and the folder it puts on people's PATH."""

import os
import subprocess
from pathlib import Path

import pytest

from containerjob_local import bundled
from containerjob_local.errors import LocalError
from containerjob_local.path_folder import link_programs


def test_a_checkout_has_the_manifests_beside_the_packages() -> None:
    assert [path.name for path in bundled.crds()] == [
        "cloudrunhosts.yaml",
        "containerjobs.yaml",
        "containerjobtemplates.yaml",
        "dockerhosts.yaml",
    ]
    assert "ServiceAccount" in bundled.operator_rbac().read_text()
    assert "ContainerJob" in bundled.example("01-hello.yaml").read_text()
    assert (bundled.emulator() / "__main__.py").is_file()


def test_an_installed_package_has_them_inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundled, "_INSTALLED", tmp_path)
    for file in ("crds/a.yaml", "rbac/rbac.yaml", "examples/01-hello.yaml"):
        (tmp_path / "manifests" / file).parent.mkdir(parents=True)
        (tmp_path / "manifests" / file).touch()
    (tmp_path / "emulators" / "cloudrun").mkdir(parents=True)
    assert bundled.crds() == [tmp_path / "manifests/crds/a.yaml"]
    assert bundled.operator_rbac() == tmp_path / "manifests/rbac/rbac.yaml"
    assert bundled.example("01-hello.yaml") == tmp_path / "manifests/examples/01-hello.yaml"
    assert bundled.emulator() == tmp_path / "emulators/cloudrun"


def test_an_installation_that_lacks_a_file_names_it() -> None:
    with pytest.raises(LocalError, match=r"lacks examples/99-none\.yaml: install the package again"):
        bundled.example("99-none.yaml")


def test_the_folder_for_path_has_kubectl_and_a_plugin_that_runs_from_anywhere(tmp_path: Path) -> None:
    kubectl = tmp_path / "cache" / "kubectl"
    kubectl.parent.mkdir()
    kubectl.touch()
    for _ in range(2):  # a second time changes nothing
        link_programs(tmp_path / "bin", kubectl)
    assert (tmp_path / "bin" / "kubectl").resolve() == kubectl
    variables = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    plugin = [tmp_path / "bin" / "kubectl-containerjob", "--help"]
    shown = subprocess.run(plugin, cwd="/", env=variables, capture_output=True, text=True, check=True)
    assert shown.stdout.startswith("Usage: kubectl containerjob [OPTIONS]")
