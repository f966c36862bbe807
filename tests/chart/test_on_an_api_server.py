"""The chart before a real API server: objects are taken, pods are restricted, upgrades and hooks do what they say."""

import base64
import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from cryptography import x509
from tests.chart.cluster import Cluster, as_pod, changed_chart, own_kinds
from tests.chart.conftest import CHART, NAME, NAMESPACE, Helm, Rendered
from tests.chart.schemas import LOCATION, write_schemas
from tests.conftest import report, running_plane

from containerjob_api.names import HOST_FINALIZER
from containerjob_local.binaries.ladder import find_programs
from containerjob_local.binaries.releases import KUBECONFORM

API = "v1alpha1.subresources.containerjobs.io"
CRD = "containerjobs.containerjobs.io"
COLUMN = {"name": "Later", "type": "string", "jsonPath": ".spec.notBefore"}
MATRIX: dict[str, dict[str, Any]] = {
    "default": {},
    "namespaced": {"operator": {"namespaces": ["default", "kube-public"], "maxConcurrent": 7}},
    "once": {"operator": {"once": True, "dryRun": True}},
    "node": {"hostNetwork": True, "dockerSocket": {"enabled": True, "group": 999}, "nodeSelector": {"a": "b"}},
    "watched": {
        "metrics": {kind: {"enabled": True} for kind in ("serviceMonitor", "rules", "dashboard")},
        "networkPolicy": {"enabled": True, "metricsFrom": [{"podSelector": {}}]},
        "priorityClass": {"create": True},
    },
    "cert-manager": {"certManager": {"enabled": True}},
    "bare": {"logApi": {"enabled": False}, "hooks": {"uninstall": False}, "test": {"enabled": False}, "replicas": 1},
}


@pytest.fixture(scope="module")
def cluster(short_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A plane of this module's own: Helm takes over no definitions that others applied."""
    with running_plane(short_folder / "chart") as plane:
        plane.kubectl("create", "namespace", NAMESPACE)
        plane.kubectl("label", "namespace", NAMESPACE, "pod-security.kubernetes.io/enforce=restricted")
        yield Cluster(plane, tmp_path_factory.mktemp("cluster"))


@pytest.fixture
def release(cluster: Cluster, helm: Helm) -> Iterator[Helm]:
    """Install the chart for one test, and leave the plane as it was."""
    succeed(helm, cluster, "install", NAME, str(CHART))
    yield helm
    helm.run("uninstall", NAME, "-n", NAMESPACE, "--no-hooks", "--ignore-not-found", kubeconfig=cluster.kubeconfig)
    cluster.plane.kubectl("delete", "crd", "--all")


def succeed(helm: Helm, cluster: Cluster, verb: str, *arguments: str) -> None:
    done = helm.run(verb, *arguments, "-n", NAMESPACE, "--no-hooks", kubeconfig=cluster.kubeconfig)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("values", MATRIX.values(), ids=MATRIX)
def test_the_api_server_takes_every_object(cluster: Cluster, render: Any, values: dict[str, Any]) -> None:
    # A pod of its own is the test's; without its account, which is not stored here, no server takes it.
    objects = [each for each in own_kinds(render(values)) if each["kind"] != "Pod"]
    said = [line for line in cluster.judged(*objects).splitlines() if "would violate PodSecurity" not in line]
    assert said == []


@pytest.mark.parametrize("values", MATRIX.values(), ids=MATRIX)
def test_kubeconform_finds_nothing_to_refuse(
    cluster: Cluster, render: Any, values: dict[str, Any], tmp_path: Path
) -> None:
    openapi = json.loads(cluster.plane.kubectl("get", "--raw", "/openapi/v2").stdout)
    write_schemas(openapi, tmp_path)
    program = find_programs(KUBECONFORM, os.environ, report)["kubeconform"]
    # The definitions' own schema refers to itself: the API server checks them in the test before.
    command = [program, "-strict", "-summary", "-skip", "CustomResourceDefinition"]
    command += ["-schema-location", str(tmp_path / LOCATION), "-"]
    text = yaml.safe_dump_all(own_kinds(render(values)))
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Errors: 0" in done.stdout


def test_kubeconform_would_see_a_field_that_is_none(cluster: Cluster, default: Rendered, tmp_path: Path) -> None:
    write_schemas(json.loads(cluster.plane.kubectl("get", "--raw", "/openapi/v2").stdout), tmp_path)
    program = find_programs(KUBECONFORM, os.environ, report)["kubeconform"]
    service = default.one("Service", f"{NAME}-api")
    text = yaml.safe_dump(service | {"spec": service["spec"] | {"port": 1}})
    command = [program, "-strict", "-schema-location", str(tmp_path / LOCATION), "-"]
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "port" in done.stdout


@pytest.mark.parametrize("name", [name for name in MATRIX if name != "node"])
def test_pod_security_restricted_admits_every_pod(cluster: Cluster, render: Any, name: str) -> None:
    for owner, spec in render(MATRIX[name]).pods().items():
        pod = as_pod(spec, owner.partition("/")[2], NAMESPACE)
        assert cluster.judged(pod) == "", owner


def test_pod_security_restricted_refuses_what_asks_for_more(cluster: Cluster, render: Any) -> None:
    spec = render(MATRIX["node"]).pods()[f"Deployment/{NAME}"]
    assert "restricted volume types" in cluster.judged(as_pod(spec, "operator", NAMESPACE))


def test_an_upgrade_brings_a_new_definition_and_keeps_the_jobs(
    cluster: Cluster, release: Helm, tmp_path: Path
) -> None:
    cluster.plane.kubectl("wait", "--for=condition=Established", f"crd/{CRD}", "--timeout=30s")
    cluster.apply(yaml.safe_load((CHART.parents[1] / "examples" / "01-hello.yaml").read_text()) | {})
    before = cluster.get("cjob", "hello", "-n", "default")["metadata"]
    succeed(release, cluster, "upgrade", NAME, str(changed_chart(CHART, tmp_path, **COLUMN)))
    columns = cluster.get("crd", CRD)["spec"]["versions"][0]["additionalPrinterColumns"]
    assert COLUMN in columns
    after = cluster.get("cjob", "hello", "-n", "default")["metadata"]
    assert (after["uid"], after["resourceVersion"]) == (before["uid"], before["resourceVersion"])


def test_an_uninstall_keeps_definitions_and_jobs_and_a_new_install_takes_them_over(
    cluster: Cluster, release: Helm
) -> None:
    cluster.plane.kubectl("wait", "--for=condition=Established", f"crd/{CRD}", "--timeout=30s")
    cluster.apply(yaml.safe_load((CHART.parents[1] / "examples" / "01-hello.yaml").read_text()))
    succeed(release, cluster, "uninstall", NAME)
    assert cluster.exists("cjob", "hello", "-n", "default")
    assert not cluster.exists("deployment,apiservice", "-n", NAMESPACE, "-l", f"app.kubernetes.io/instance={NAME}")
    succeed(release, cluster, "install", NAME, str(CHART))
    assert cluster.exists("deployment", NAME, "-n", NAMESPACE)


def test_the_certificate_is_made_and_no_upgrade_takes_the_trust_away(
    cluster: Cluster, release: Helm, tmp_path: Path, default: Rendered
) -> None:
    done = cluster.run_program(default, f"{NAME}-certificate")
    assert done.returncode == 0, done.stderr
    secret = cluster.get("secret", f"{NAME}-api-tls", "-n", NAMESPACE)
    trusted = cluster.get("apiservice", API)["spec"]["caBundle"]
    assert secret["data"]["ca.crt"] == trusted
    (leaf,) = x509.load_pem_x509_certificates(base64.b64decode(secret["data"]["tls.crt"]))
    (authority,) = x509.load_pem_x509_certificates(base64.b64decode(trusted))
    leaf.verify_directly_issued_by(authority)
    succeed(release, cluster, "upgrade", NAME, str(changed_chart(CHART, tmp_path, **COLUMN)))
    succeed(release, cluster, "rollback", NAME, "1")
    assert cluster.get("apiservice", API)["spec"]["caBundle"] == trusted
    cluster.plane.kubectl("delete", "secret", f"{NAME}-api-tls", f"{NAME}-api-ca", "-n", NAMESPACE)


def test_the_renewal_renews_with_its_own_few_permissions(cluster: Cluster, release: Helm, default: Rendered) -> None:
    cluster.run_program(default, f"{NAME}-certificate")
    again = cluster.run_program(default, f"{NAME}-renewal")
    assert (again.returncode, again.stderr) == (0, "")
    assert "is valid until" in again.stdout
    cluster.plane.kubectl("delete", "secret", f"{NAME}-api-tls", f"{NAME}-api-ca", "-n", NAMESPACE)
    gone = cluster.run_program(default, f"{NAME}-renewal")
    assert gone.returncode == 1
    (line,) = gone.stderr.splitlines()
    assert line.startswith(f"error: creating Secret {NAMESPACE}/{NAME}-api-ca: secrets is forbidden")


def test_before_an_uninstall_hosts_are_freed_and_the_operator_is_told_to_stop(
    cluster: Cluster, release: Helm, default: Rendered
) -> None:
    cluster.run_program(default, f"{NAME}-certificate")
    cluster.plane.kubectl("wait", "--for=condition=Established", "crd/dockerhosts.containerjobs.io")
    host = {"apiVersion": "containerjobs.io/v1alpha1", "kind": "DockerHost", "spec": {"endpoint": "unix:///e.sock"}}
    cluster.apply(host | {"metadata": {"name": "held", "finalizers": [HOST_FINALIZER]}})
    lease = {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "spec": {"holderIdentity": ""}}
    cluster.apply(lease | {"metadata": {"name": NAME, "namespace": NAMESPACE}})
    done = cluster.run_program(default, f"{NAME}-before-uninstall")
    assert (done.returncode, done.stderr) == (0, "")
    assert "finalizers" not in cluster.get("dockerhost", "held")["metadata"]
    assert cluster.get("deployment", NAME, "-n", NAMESPACE)["spec"]["replicas"] == 0
    assert not cluster.exists("apiservice", API)
    assert not cluster.exists("lease", NAME, "-n", NAMESPACE)
    assert not cluster.exists("secret", f"{NAME}-api-tls", f"{NAME}-api-ca", "-n", NAMESPACE)
    again = cluster.run_program(default, f"{NAME}-before-uninstall")
    assert (again.returncode, again.stderr) == (0, "")


def test_the_test_tells_when_no_operator_looks_at_the_job(cluster: Cluster, release: Helm) -> None:
    rendered = release.template({"test": {"timeoutSeconds": 2}})
    cluster.plane.kubectl("wait", "--for=condition=Established", f"crd/{CRD}", "--timeout=30s")
    done = cluster.run_program(rendered, f"{NAME}-test")
    assert done.returncode == 1
    assert "no operator has looked at it: is one running, and may it see this namespace?" in done.stderr
    cluster.plane.kubectl("delete", "cjob", f"{NAME}-test", "-n", NAMESPACE)
