"""The Kustomize base and install.yaml are the chart's own output without Helm."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.chart.conftest import NAME, NAMESPACE, ROOT, Helm, Rendered
from tests.conftest import TestPlane
from tools.chart import manifests
from tools.chart.manifests import BASE, main

HELMS = ("helm.sh", "meta.helm.sh", "managed-by")


@pytest.fixture(scope="module")
def install(helm4: Helm, tmp_path_factory: pytest.TempPathFactory) -> Rendered:
    path = tmp_path_factory.mktemp("install") / "new" / "install.yaml"
    assert main(["--helm", str(helm4.program), "--install", str(path)]) == 0
    return Rendered(list(yaml.safe_load_all(path.read_text())))


def key(manifest: dict[str, Any]) -> tuple[str, str, str]:
    metadata = manifest["metadata"]
    return manifest["kind"], metadata.get("namespace", ""), metadata["name"]


def test_the_base_is_what_the_chart_makes_of_its_defaults(helm4: Helm, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--helm", str(helm4.program), "--check"]) == 0, capsys.readouterr().err


def test_a_base_that_is_stale_is_told(
    helm4: Helm, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    old = ROOT / "config" / "default" / "kustomization.yaml"
    monkeypatch.setattr(manifests, "BASE", old)
    assert main(["--helm", str(helm4.program), "--check"]) == 1
    assert "is stale: run `python -m tools.chart.manifests`" in capsys.readouterr().err


def test_what_runs_is_what_helm_installs(install: Rendered, default: Rendered) -> None:
    deployment, service = (
        install.one("Deployment"),
        install.one("APIService", "v1alpha1.subresources.containerjobs.io"),
    )
    assert deployment["spec"]["replicas"] == 2
    theirs = default.one("Deployment")["spec"]["template"]["spec"]
    assert deployment["spec"]["template"]["spec"] == theirs
    assert service["spec"] == default.one("APIService", service["metadata"]["name"])["spec"]


def test_nothing_is_left_out_but_the_uninstall_and_the_test(install: Rendered, default: Rendered) -> None:
    ours = {key(each) for each in install.manifests}
    theirs = {key(each) for each in default.manifests}
    dropped = {name for _, _, name in theirs - ours}
    assert dropped == {f"{NAME}-before-uninstall", f"{NAME}-test", f"{NAME}-certificate"}
    assert ours - theirs == {("Namespace", "", NAMESPACE), ("Job", NAMESPACE, f"{NAME}-certificate-0.1.0")}


def test_nothing_in_it_is_helms(install: Rendered) -> None:
    assert not [word for word in HELMS if word in str(install.manifests)]


def test_the_namespace_admits_restricted_pods_only(install: Rendered) -> None:
    labels = install.one("Namespace", NAMESPACE)["metadata"]["labels"]
    assert labels["pod-security.kubernetes.io/enforce"] == "restricted"


def test_what_others_need_comes_before_them(install: Rendered) -> None:
    kinds = [each["kind"] for each in install.manifests]
    order = ["Namespace", "CustomResourceDefinition", "ServiceAccount", "Role", "APIService", "Job"]
    assert [kinds.index(kind) for kind in order] == sorted(kinds.index(kind) for kind in order)


def test_kustomize_makes_the_same_of_the_base(plane: TestPlane, install: Rendered) -> None:
    made = list(yaml.safe_load_all(plane.kubectl("kustomize", str(BASE.parent)).stdout))
    assert {key(each) for each in made} == {key(each) for each in install.manifests}
    strip = {"CustomResourceDefinition"}
    ours = {key(each): each for each in install.manifests if each["kind"] not in strip}
    assert {key(each): each for each in made if each["kind"] not in strip} == ours


def test_the_component_mounts_the_socket(plane: TestPlane, tmp_path: Path) -> None:
    component = ROOT / "config" / "components" / "docker-socket"
    overlay = tmp_path / "kustomization.yaml"
    bases = [str(_relative(path, tmp_path)) for path in (BASE.parent, component)]
    overlay.write_text(yaml.safe_dump({"resources": bases[:1], "components": bases[1:]}))
    made = Rendered(list(yaml.safe_load_all(plane.kubectl("kustomize", str(tmp_path)).stdout)))
    volumes = made.one("Deployment")["spec"]["template"]["spec"]["volumes"]
    assert {"name": "docker-socket", "hostPath": {"path": "/var/run/docker.sock", "type": "Socket"}} in volumes
    labels = made.one("Namespace", NAMESPACE)["metadata"]["labels"]
    assert labels["pod-security.kubernetes.io/enforce"] == "privileged"


def _relative(path: Path, start: Path) -> str:
    import os

    return os.path.relpath(path, start)
