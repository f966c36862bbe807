"""A real node: pods run, reach the API server and each other, are reached, and all of it goes without a trace."""

import base64
import contextlib
import json
import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import IMAGE, TestPlane, report
from tests.local import probe_api

from containerjob_local import processes
from containerjob_local.engine import Engine
from containerjob_local.engine.leftovers import with_environment
from containerjob_local.environment import Component, Environment, Options, down, status, up
from containerjob_local.errors import NodeError, ProcessError
from containerjob_local.node import cgroups, images, import_archive, link
from containerjob_local.node.layout import PROGRAMS, Layout
from containerjob_local.node.namespaces import MARK
from containerjob_local.pki import Pki, ensure_serving
from containerjob_local.readiness import wait_until
from containerjob_local.state import State

pytestmark = [pytest.mark.real, pytest.mark.timeout(600)]

OPTIONS = {"components": frozenset({Component.PLANE}), "node": True}
WEB = "mkdir /tmp/www; echo hello >/tmp/www/index.html; echo serving; exec httpd -f -p 8080 -h /tmp/www"
# The machine's own Python asks, seen by the pod below /machine: busybox does not speak the API server's TLS.
ASK_API = """
cd /var/run/secrets/kubernetes.io/serviceaccount
AUTHORITY="$(cat ca.crt)" TOKEN="$(cat token)" exec chroot /machine {python} -c '
import os, ssl, urllib.request
host, port = os.environ["KUBERNETES_SERVICE_HOST"], os.environ["KUBERNETES_SERVICE_PORT"]
request = urllib.request.Request(f"https://{{host}}:{{port}}/version")
request.add_header("Authorization", "Bearer " + os.environ["TOKEN"])
context = ssl.create_default_context(cadata=os.environ["AUTHORITY"])
print(urllib.request.urlopen(request, context=context, timeout=10).read().decode())
'
"""
WITH_MACHINE = {
    "securityContext": {},
    "volumeMounts": [{"name": "machine", "mountPath": "/machine", "readOnly": True}],
}
MACHINE = {"name": "machine", "hostPath": {"path": "/"}}
RESTRICTED = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "runAsNonRoot": True,
    "runAsUser": 65532,
    "seccompProfile": {"type": "RuntimeDefault"},
}


@pytest.fixture(scope="module")
def node(short_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Environment]:
    """A plane with a node that has the demo image; the last test of this file takes it down."""
    folder = short_folder / "node"
    environment = up(Options(folder, **OPTIONS), report)
    try:
        archive = tmp_path_factory.mktemp("images") / "busybox.tar"
        images.write_archive(archive, images.busybox_layer(), IMAGE, ["sh"])
        assert [name.rpartition("/")[2] for name in import_archive(folder, archive)] == [IMAGE]
        yield environment
    finally:
        down(folder, report)


@pytest.fixture
def plane(node: Environment) -> TestPlane:
    return TestPlane(node.plane, node.state.admin_kubeconfig)


def pod(name: str, script: str, **spec: Any) -> dict[str, Any]:
    container = {"name": "main", "image": IMAGE, "command": ["sh", "-c", script], "securityContext": RESTRICTED}
    container |= spec.pop("container", {})
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "labels": {"app": name}},
        "spec": {"containers": [container], "terminationGracePeriodSeconds": 0, "restartPolicy": "Never", **spec},
    }


def service(name: str, port: int, target: int) -> dict[str, Any]:
    spec = {"selector": {"app": name}, "ports": [{"port": port, "targetPort": target}]}
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": spec}


def deployment(name: str, script: str) -> dict[str, Any]:
    whole = pod(name, script, restartPolicy="Always")
    template = {"metadata": {"labels": whole["metadata"]["labels"]}, "spec": whole["spec"]}
    template["spec"]["containers"][0]["readinessProbe"] = {"httpGet": {"path": "/", "port": 8080}, "periodSeconds": 1}
    spec = {"replicas": 2, "selector": {"matchLabels": {"app": name}}, "template": template}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name}, "spec": spec}


def apply(plane: TestPlane, *manifests: dict[str, Any]) -> None:
    plane.kubectl("apply", "-f", "-", input=json.dumps({"apiVersion": "v1", "kind": "List", "items": manifests}))


def output_of(plane: TestPlane, manifest: dict[str, Any]) -> str:
    """Run a pod to its end and return what it wrote."""
    name = manifest["metadata"]["name"]
    apply(plane, manifest)

    def phase() -> str:
        return plane.kubectl("get", "pod", name, "-o", "jsonpath={.status.phase}").stdout

    wait_until(lambda: phase() in ("Succeeded", "Failed"), what=f"pod {name}", seconds=120)
    output = plane.kubectl("logs", name).stdout
    assert phase() == "Succeeded", output
    return output


def get(address: str) -> str:
    with urllib.request.urlopen(f"http://{address}", timeout=5) as response:
        return str(response.read().decode())


@pytest.fixture(scope="module")
def web(node: Environment) -> str:
    """A Deployment of two restricted pods behind a Service; return the Service's IP."""
    plane = TestPlane(node.plane, node.state.admin_kubeconfig)
    plane.kubectl("label", "namespace", "default", "pod-security.kubernetes.io/enforce=restricted")
    apply(plane, deployment("web", WEB), service("web", 80, 8080))
    plane.kubectl("rollout", "status", "deployment/web", "--timeout=100s")
    plane.kubectl("label", "namespace", "default", "pod-security.kubernetes.io/enforce-")
    address = plane.kubectl("get", "service", "web", "-o", "jsonpath={.spec.clusterIP}").stdout
    wait_until(lambda: answers(address), what="kube-proxy's rules for it", seconds=120)
    return address


def test_a_deployment_rolls_out_and_its_logs_and_a_shell_are_reached(plane: TestPlane, web: str) -> None:
    assert web
    assert plane.kubectl("logs", "deployment/web").stdout == "serving\n"
    shown = plane.kubectl("exec", "deployment/web", "--", "id", "-u")
    assert shown.stdout == "65532\n"


def test_a_service_answers_the_machine_and_pods_by_its_address(plane: TestPlane, web: str) -> None:
    assert get(web) == "hello\n"
    for number in range(3):  # either of the two pods behind it
        asks = f"printf 'GET / HTTP/1.0\\r\\n\\r\\n' | nc -w 5 {web} 80"
        assert output_of(plane, pod(f"ask-{number}", asks)).endswith("\n\nhello\n")


def test_a_pod_reaches_the_api_server_at_its_service_with_its_token(plane: TestPlane) -> None:
    script = ASK_API.format(python=sys.executable)
    answer = json.loads(output_of(plane, pod("ask-api", script, volumes=[MACHINE], container=WITH_MACHINE)))
    assert answer["gitVersion"] == plane.plane.version


def test_a_job_completes(plane: TestPlane) -> None:
    plane.kubectl("create", "job", "once", f"--image={IMAGE}", "--", "true")
    plane.kubectl("wait", "--for=condition=Complete", "--timeout=100s", "job/once")


def test_a_pod_may_write_to_an_engines_socket_with_the_sockets_group(plane: TestPlane, engine: Engine) -> None:
    socket = Path(engine.endpoint.removeprefix("unix://"))
    volume = {"name": "engine", "hostPath": {"path": str(socket), "type": "Socket"}}
    mount = {"name": "engine", "mountPath": "/run/docker.sock"}
    groups = {"supplementalGroups": [socket.stat().st_gid]}
    script = "test -w /run/docker.sock && id -u"
    manifest = pod("engine", script, volumes=[volume], securityContext=groups, container={"volumeMounts": [mount]})
    assert output_of(plane, manifest) == "65532\n"


@pytest.fixture
def probe(node: Environment, plane: TestPlane) -> Iterator[str]:
    """An aggregated API that a pod serves; return its group and version."""
    pair = ensure_serving(Pki(node.state.pki), "probe", "probe.default.svc")
    script = Path(probe_api.__file__)
    command = ["chroot", "/machine", sys.executable, str(script), str(pair.certificate), str(pair.key)]
    authority = Pki(node.state.pki).pair("ca").certificate.read_bytes()
    registration = {
        "apiVersion": "apiregistration.k8s.io/v1",
        "kind": "APIService",
        "metadata": {"name": "v1.probe.test"},
        "spec": {
            "group": "probe.test",
            "version": "v1",
            "groupPriorityMinimum": 1000,
            "versionPriority": 15,
            "service": {"name": "probe", "namespace": "default"},
            "caBundle": base64.b64encode(authority).decode(),
        },
    }
    serving = pod("probe", "", volumes=[MACHINE], container={**WITH_MACHINE, "command": command})
    apply(plane, serving, service("probe", 443, 8443), registration)
    yield "probe.test/v1"
    plane.kubectl("delete", "apiservice", "v1.probe.test")


def test_an_api_that_a_pod_serves_is_reached_through_the_api_server(plane: TestPlane, probe: str) -> None:
    plane.kubectl("wait", "--for=condition=Available", "--timeout=100s", "apiservice/v1.probe.test")
    asked = f"/apis/{probe}/namespaces/default/things"
    assert plane.kubectl("get", "--raw", asked).stdout == asked


def test_what_is_up_stays_and_says_so(node: Environment) -> None:
    said: list[str] = []
    before = recorded(node.state)
    up(Options(node.state.folder, components=frozenset({Component.PLANE})), said.append)  # it has a node: it keeps it
    assert recorded(node.state) == before
    assert any(line.startswith("✔ node already running (kubelet v") for line in said)
    part = next(part for part in status(node.state.folder) if part.name == "node")
    assert part.running
    assert part.detail.startswith("local (kubelet v")


def test_an_archive_that_is_none_is_refused(node: Environment, tmp_path: Path) -> None:
    with pytest.raises(NodeError, match=r"none\.tar is not a file"):
        import_archive(node.state.folder, tmp_path / "none.tar")
    (tmp_path / "thesis.tar").write_text("years of work")
    with pytest.raises(NodeError, match="images import"):
        import_archive(node.state.folder, tmp_path / "thesis.tar")


def recorded(state: State) -> list[processes.StartedProcess]:
    found = [processes.recorded(state.record(name)) for name in ("node", *PROGRAMS)]
    return [process for process in found if process is not None]


def test_a_node_that_was_killed_comes_back_with_its_pods_and_images(
    node: Environment, plane: TestPlane, web: str
) -> None:
    holder = processes.recorded(node.state.record("node"))
    assert holder is not None
    os.kill(holder.pid, signal.SIGKILL)
    wait_until(lambda: recorded(node.state) == [], what="the end of the node's programs", seconds=120)
    parts = {part.name: part for part in status(node.state.folder)}
    assert not parts["node"].running

    up(Options(node.state.folder, **OPTIONS), report)
    wait_until(lambda: answers(web), what="the service", seconds=120)
    assert output_of(plane, pod("again", "echo back")) == "back\n"


def answers(address: str) -> bool:
    with contextlib.suppress(OSError):
        return get(address) == "hello\n"
    return False


def test_nothing_of_a_node_is_left(node: Environment) -> None:
    state, layout = node.state, Layout(node.state)
    points = json.loads(layout.points.read_text())
    rules = subprocess.run(["iptables-save"], capture_output=True, text=True, check=True).stdout
    assert "KUBE-SERVICES" not in rules  # they are the node's network's alone

    down(state.folder, report)
    assert with_environment(MARK, str(layout.folder)) == []
    assert not link.exists(layout.link)
    assert not any((tree.root / layout.cgroup).exists() for tree in cgroups.hierarchies())
    assert str(state.folder) not in Path("/proc/self/mountinfo").read_text()
    assert not state.folder.exists()
    others = b"".join(mounts(path) for path in Path("/proc").glob("[0-9]*/mountinfo"))
    assert not [point for point in points if Path(point).exists() and f" {point} ".encode() not in others]


def mounts(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


def test_a_plane_without_a_node_is_not_given_one(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    up(Options(folder, components=frozenset({Component.PLANE})), report)
    try:
        with pytest.raises(NodeError, match="take it down, then up again with --node"):
            up(Options(folder, **OPTIONS), report)
    finally:
        down(folder, report)


def test_a_node_that_does_not_come_up_leaves_nothing_running(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONTAINERJOB_KUBELET", "/bin/false")
    folder = tmp_path / "state"
    try:
        with pytest.raises(ProcessError, match="kubelet ended while it started"):
            up(Options(folder, **OPTIONS), report)
        layout = Layout(State(folder))
        assert recorded(layout.state) == []
        assert not link.exists(layout.link)
    finally:
        down(folder, report)
