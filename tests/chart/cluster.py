"""A control plane that Helm installs into: no node runs a pod here, but the API server judges everything."""

import copy
import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from tests.chart.conftest import NAMESPACE, Manifest, Rendered
from tests.conftest import TestPlane

ABSENT = ("monitoring.coreos.com", "cert-manager.io")
"""Groups of kinds that are other projects' and not on this plane."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """The plane, as the tests of the chart use it."""

    plane: TestPlane
    folder: Path

    @property
    def kubeconfig(self) -> Path:
        """The administrator's."""
        return self.plane.kubeconfig

    def get(self, *what: str) -> Manifest:
        """Read an object, or a list."""
        found: Manifest = json.loads(self.plane.kubectl("get", *what, "-o", "json").stdout)
        return found

    def exists(self, *what: str) -> bool:
        """Say whether there is such an object."""
        return bool(self.plane.kubectl("get", *what, "--ignore-not-found", "-o", "name").stdout)

    def apply(self, *manifests: Manifest) -> None:
        """Apply objects as an administrator would."""
        listed = json.dumps({"apiVersion": "v1", "kind": "List", "items": list(manifests)})
        self.plane.kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", input=listed)

    def judged(self, *manifests: Manifest) -> str:
        """Have the API server check objects and store none; return what it refuses."""
        listed = json.dumps({"apiVersion": "v1", "kind": "List", "items": list(manifests)})
        options = ("--dry-run=server", "--validate=strict", "-f", "-")
        return self.plane.kubectl("create", *options, input=listed, check=False).stderr

    def run_program(self, rendered: Rendered, name: str) -> subprocess.CompletedProcess[str]:
        """Run what a Job or Pod of the chart runs, as its own account and with no other permissions than its own."""
        owned = [each for each in rendered.manifests if each["metadata"]["name"] == name]
        rights = [each for each in owned if each["kind"] not in {"Job", "Pod", "CronJob"}]
        self.apply(*(_without_hooks(each) for each in rights))
        kubeconfig = self.folder / f"{name}.kubeconfig"
        self.plane.plane.service_account_kubeconfig(NAMESPACE, name, kubeconfig)
        (pod,) = [pod for owner, pod in rendered.pods().items() if owner.partition("/")[2] == name]
        (container,) = pod["containers"]
        command = [sys.executable, *container["command"][1:], *container["args"], "--kubeconfig", str(kubeconfig)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        for each in rights:
            metadata = each["metadata"]
            home = ("-n", metadata["namespace"]) if "namespace" in metadata else ()
            self.plane.kubectl("delete", each["kind"], metadata["name"], *home)
        return done


def own_kinds(rendered: Rendered) -> list[Manifest]:
    """Return the objects whose kinds this plane knows."""
    return [each for each in rendered.manifests if not each["apiVersion"].startswith(ABSENT)]


def as_pod(spec: Manifest, name: str, namespace: str) -> Manifest:
    """Return a pod as its controller would make it; the account is one that is there."""
    spec = copy.deepcopy(spec) | {"serviceAccountName": "default"}
    spec.pop("priorityClassName", None)
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": namespace}, "spec": spec}


def changed_chart(chart: Path, folder: Path, **definition: Any) -> Path:
    """Copy the chart as a later version whose ContainerJob definition has another column."""
    subprocess.run(["cp", "-r", str(chart), str(folder)], check=True)
    copied = folder / chart.name
    metadata = yaml.safe_load((copied / "Chart.yaml").read_text()) | {"version": "9.9.9"}
    (copied / "Chart.yaml").write_text(yaml.safe_dump(metadata))
    path = copied / "definitions" / "containerjobs.yaml"
    body = yaml.safe_load(path.read_text())
    body["spec"]["versions"][0]["additionalPrinterColumns"].append(definition)
    path.write_text(yaml.safe_dump(body))
    return copied


def _without_hooks(manifest: Manifest) -> Manifest:
    metadata = {key: value for key, value in manifest["metadata"].items() if key != "annotations"}
    return manifest | {"metadata": metadata}
