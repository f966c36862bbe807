"""A cluster with a node, and the release of the chart that pods on it come from."""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from tests.chart.conftest import CHART, NAME, NAMESPACE, Helm, Manifest
from tests.conftest import TestPlane

from containerjob_local.engine import Engine
from containerjob_local.environment import Environment

CRDS = tuple(
    f"{kind}.containerjobs.io" for kind in ("containerjobs", "containerjobtemplates", "dockerhosts", "cloudrunhosts")
)
API = "v1alpha1.subresources.containerjobs.io"
LOG = "/apis/subresources.containerjobs.io/v1alpha1/namespaces/{}/containerjobs/{}/log"
HOST = "/apis/subresources.containerjobs.io/v1alpha1/{}/{}"
HELM_SECONDS = 100
EARLIER = "Of an earlier version."
# Only what the chart's own accounts ask for, Leases among it: that is what their permissions are compared with.
AUDIT_POLICY = f"""\
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
- level: Metadata
  userGroups: ["system:serviceaccounts:{NAMESPACE}"]
- level: None
"""


def values_for(engine: Engine) -> dict[str, Any]:
    """Return the chart's values here: the engine's socket, and an operator as quick as the other suites' one."""
    socket = Path(engine.endpoint.removeprefix("unix://"))
    return {
        "topologySpreadConstraints": [],
        "dockerSocket": {"enabled": True, "path": str(socket), "group": socket.stat().st_gid},
        "operator": {
            "resyncInterval": 2,
            "terminationGraceSeconds": 2,
            "shutdownTimeout": 10,
            "allowFakeHosts": True,
        },
    }


@dataclass(frozen=True, slots=True)
class Cluster:
    """The cluster, and what a person with Helm does on it."""

    environment: Environment
    folder: Path
    values: dict[str, Any]

    @property
    def plane(self) -> TestPlane:
        """Drive it through kubectl."""
        return TestPlane(self.environment.plane, self.environment.state.admin_kubeconfig)

    @property
    def kubectl(self) -> Any:
        """Run kubectl as the administrator."""
        return self.plane.kubectl

    def get(self, *what: str) -> Manifest:
        """Read an object, or a list."""
        found: Manifest = json.loads(self.kubectl("get", *what, "-o", "json").stdout)
        return found

    def names(self, *what: str) -> list[str]:
        """Return kind and name of what there is."""
        return sorted(self.kubectl("get", *what, "--ignore-not-found", "-o", "name").stdout.split())

    def helm(self, helm: Helm, verb: str, *arguments: str) -> str:
        """Run a verb of Helm's on the release; it has to succeed."""
        command = (verb, NAME, *arguments, "-n", NAMESPACE, f"--timeout={HELM_SECONDS}s")
        done = helm.run(*command, kubeconfig=self.plane.kubeconfig)
        assert done.returncode == 0, f"{done.stdout}{done.stderr}{self.told()}"
        return done.stdout

    def bring(self, helm: Helm, verb: str, package: Path, **operator: Any) -> None:
        """Install or upgrade the release, as the documentation tells to, with some options of the operator."""
        told = self.folder / "values.json"
        told.write_text(json.dumps({**self.values, "operator": {**self.values["operator"], **operator}}))
        new = ("--create-namespace",) if verb == "install" else ()
        self.helm(helm, verb, str(package), "-f", str(told), "--wait", *new)

    def released(self, helm: Helm) -> str:
        """Return which chart is there and deployed; nothing where none is."""
        listed = helm.run("list", "-n", NAMESPACE, "-o", "json", kubeconfig=self.plane.kubeconfig)
        found = [each["chart"] for each in json.loads(listed.stdout or "[]") if each["status"] == "deployed"]
        return str(found[0]) if found else ""

    def told(self) -> str:
        """Return what somebody who looks for the cause would read."""
        pods = self.kubectl("get", "pods,jobs", "-A", "-o", "wide", check=False).stdout
        logs = ("logs", "-n", NAMESPACE, "-l", f"app.kubernetes.io/instance={NAME}", "--tail=20", "--prefix")
        events = self.kubectl("get", "events", "-n", NAMESPACE, check=False).stdout
        return f"{pods}{self.kubectl(*logs, check=False).stdout}{events}"


def package(helm: Helm, chart: Path, folder: Path) -> Path:
    """Package a chart, as a release has it."""
    done = helm.run("package", str(chart), "-d", str(folder))
    assert done.returncode == 0, done.stderr
    (made,) = folder.glob("*.tgz")
    return made


def earlier_chart(folder: Path) -> Path:
    """Copy the chart as an earlier version, whose definition of a ContainerJob is another one."""
    copied = Path(shutil.copytree(CHART, folder / CHART.name))
    metadata = yaml.safe_load((copied / "Chart.yaml").read_text()) | {"version": "0.0.1"}
    (copied / "Chart.yaml").write_text(yaml.safe_dump(metadata))
    path = copied / "definitions" / "containerjobs.yaml"
    body = yaml.safe_load(path.read_text())
    body["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["description"] = EARLIER
    path.write_text(yaml.safe_dump(body))
    return copied


def chart_name() -> str:
    """Return name and version of the chart in this tree."""
    metadata = yaml.safe_load((CHART / "Chart.yaml").read_text())
    return f"{metadata['name']}-{metadata['version']}"
