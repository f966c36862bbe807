"""Helm, in both versions that people have, and what it makes of the chart."""

import json
import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.conftest import report

from containerjob_local.binaries.ladder import find_programs
from containerjob_local.binaries.releases import HELM, HELM3, LOWEST_KUBERNETES_VERSION

ROOT = Path(__file__).parents[2]
CHART = ROOT / "charts" / "containerjob-operator"
KUBERNETES = ("--kube-version", LOWEST_KUBERNETES_VERSION)
"""Without a cluster Helm supposes a version of its own."""
NAME, NAMESPACE = "containerjob-operator", "containerjob-system"

Manifest = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Rendered:
    """Objects that Helm made, by what they are."""

    manifests: list[Manifest]

    def one(self, kind: str, name: str = NAME, namespace: str | None = None) -> Manifest:
        """Return the only object of this kind and name."""
        (found,) = [
            each
            for each in self.manifests
            if (each["kind"], each["metadata"]["name"]) == (kind, name)
            and namespace in {None, each["metadata"].get("namespace")}
        ]
        return found

    def names(self, kind: str) -> list[str]:
        """Return the names of all objects of a kind."""
        return [each["metadata"]["name"] for each in self.manifests if each["kind"] == kind]

    def kinds(self) -> set[str]:
        """Return which kinds there are."""
        return {each["kind"] for each in self.manifests}

    def pods(self) -> dict[str, Manifest]:
        """Return the spec of every pod that comes of this, by the kind and name of its owner."""
        found = {}
        for each in self.manifests:
            spec = each.get("spec", {})
            spec = spec.get("jobTemplate", {}).get("spec", spec)
            pod = spec if each["kind"] == "Pod" else spec.get("template", {}).get("spec")
            if pod is not None and "containers" in pod:
                found[f"{each['kind']}/{each['metadata']['name']}"] = pod
        return found


@dataclass(frozen=True, slots=True)
class Helm:
    """One Helm."""

    program: Path
    home: Path

    def run(self, *arguments: str, kubeconfig: Path | None = None) -> subprocess.CompletedProcess[str]:
        """Run it, with nothing of the person's own settings."""
        environment = {key: value for key, value in os.environ.items() if not key.startswith(("HELM_", "KUBE"))}
        environment |= {f"HELM_{kind}_HOME": str(self.home / kind.lower()) for kind in ("CACHE", "CONFIG", "DATA")}
        if kubeconfig is not None:
            environment["KUBECONFIG"] = str(kubeconfig)
        command = [str(self.program), *arguments]
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)

    def template(self, values: Manifest | None = None, *options: str, release: str = NAME) -> Rendered:
        """Render the chart; a test that expects a refusal asks `refusal`."""
        done = self._template(values or {}, release, *options)
        assert done.returncode == 0, done.stderr
        return Rendered([each for each in yaml.safe_load_all(done.stdout) if each])

    def refusal(self, values: Manifest) -> str:
        """Render the chart with values that it must not take, and return what the person reads."""
        done = self._template(values, NAME)
        assert done.returncode != 0, done.stdout
        return done.stderr

    def _template(self, values: Manifest, release: str, *options: str) -> subprocess.CompletedProcess[str]:
        self.home.mkdir(exist_ok=True)
        told = self.home / "values.json"
        told.write_text(json.dumps(values))
        return self.run("template", release, str(CHART), "-n", NAMESPACE, "-f", str(told), *KUBERNETES, *options)


@pytest.fixture(scope="session", params=["helm", "helm3"])
def helm(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Helm:
    """Each Helm in its turn."""
    release = {"helm": HELM, "helm3": HELM3}[request.param]
    return Helm(find_programs(release, os.environ, report)[request.param], tmp_path_factory.mktemp(request.param))


@pytest.fixture(scope="session")
def helm4(tmp_path_factory: pytest.TempPathFactory) -> Helm:
    """The newer one, where both do the same."""
    return Helm(find_programs(HELM, os.environ, report)["helm"], tmp_path_factory.mktemp("helm4"))


@pytest.fixture(scope="session")
def default(helm4: Helm) -> Rendered:
    """What the chart's own values give."""
    return helm4.template()


Render = Callable[..., Rendered]


@pytest.fixture(scope="session")
def render(helm4: Helm) -> Render:
    """Render with some values."""
    return helm4.template
