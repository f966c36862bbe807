"""What a local plane offers: real permissions, tokens, aggregation, audit; nothing open to others."""

import contextlib
import http.client
import json
import os
import ssl
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from containerjob_local.binaries.releases import kubernetes_version
from containerjob_local.controlplane import Plane
from containerjob_local.errors import KubectlError
from containerjob_local.kubectl import Kubectl
from containerjob_local.pki import Pki
from containerjob_local.readiness import wait_until

pytestmark = pytest.mark.real


def answer(port: int | str, path: str, context: ssl.SSLContext) -> int:
    """Return the status with which a server on loopback answers a stranger."""
    with contextlib.closing(http.client.HTTPSConnection("127.0.0.1", int(port), context=context, timeout=10)) as ask:
        ask.request("GET", path)
        return ask.getresponse().status


def may(kubectl: Kubectl, verb: str, resource: str) -> bool:
    review = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "spec": {"resourceAttributes": {"namespace": "robots", "verb": verb, "resource": resource}},
    }
    # Validation would look at the CRDs, which is more than most accounts may.
    asked = kubectl.run("create", "--validate=false", "-f", "-", "-o", "json", stdin=json.dumps(review))
    decided = json.loads(asked)
    return bool(decided["status"]["allowed"])


def test_a_ready_plane_has_what_every_client_takes_for_granted(plane: Plane) -> None:
    assert plane.kubectl.run("get", "--raw", "/readyz") == "ok"
    assert plane.kubectl.json("get", "namespace", "kube-system")["metadata"]["uid"] == plane.cluster_uid
    assert plane.kubectl.json("get", "serviceaccount", "default")["metadata"]["namespace"] == "default"
    assert plane.version == kubernetes_version(os.environ)


def test_an_unknown_service_account_is_refused(plane: Plane) -> None:
    with pytest.raises(KubectlError, match="forbidden"):
        plane.kubectl.run("get", "secrets", "--as=system:serviceaccount:default:nobody")


def test_a_service_accounts_token_grants_what_its_role_grants_and_no_more(plane: Plane, tmp_path: Path) -> None:
    robots = "--namespace=robots"
    plane.kubectl.run("create", "namespace", "robots")
    plane.kubectl.run("create", "serviceaccount", "reader", robots)
    plane.kubectl.run("create", "role", "reader", "--verb=get,list", "--resource=configmaps", robots)
    plane.kubectl.run("create", "rolebinding", "reader", "--role=reader", "--serviceaccount=robots:reader", robots)

    kubeconfig = plane.service_account_kubeconfig("robots", "reader", tmp_path / "reader.kubeconfig")

    reader = Kubectl(plane.kubectl.program, kubeconfig)
    assert stat.S_IMODE(kubeconfig.stat().st_mode) == 0o600
    user = reader.json("auth", "whoami")["status"]["userInfo"]["username"]
    assert user == "system:serviceaccount:robots:reader"
    assert may(reader, "list", "configmaps")
    assert not may(reader, "list", "secrets")
    with pytest.raises(KubectlError, match="forbidden"):
        reader.run("get", "configmaps", "-n", "default")


def test_a_service_account_that_is_not_there_gets_no_kubeconfig(plane: Plane, tmp_path: Path) -> None:
    with pytest.raises(KubectlError, match="not found"):
        plane.service_account_kubeconfig("default", "ghost", tmp_path / "ghost.kubeconfig")
    assert not (tmp_path / "ghost.kubeconfig").exists()


def test_nobody_gets_in_without_a_certificate_or_token(plane: Plane) -> None:
    context = ssl.create_default_context(cafile=Pki(plane.state.pki).pair("ca").certificate)
    assert answer(plane.server.rpartition(":")[2], "/readyz", context) == 401


def test_etcd_lets_in_the_api_server_alone(plane: Plane) -> None:
    record, pki = plane.state.plane(), Pki(plane.state.pki)
    assert record is not None
    context = ssl.create_default_context(cafile=pki.pair("etcd-ca").certificate)
    admin = pki.pair("admin")
    context.load_cert_chain(admin.certificate, admin.key)  # of another authority
    with pytest.raises(OSError, match=r"certificate|reset|closed|EOF|alert"):
        answer(record.etcd_port, "/health", context)


def test_namespaces_and_owned_objects_go_away_as_in_any_cluster(plane: Plane) -> None:
    plane.kubectl.run("create", "namespace", "short-lived")
    plane.kubectl.run("create", "configmap", "owner", "-n", "short-lived")
    owner = plane.kubectl.json("get", "configmap", "owner", "-n", "short-lived")["metadata"]["uid"]
    reference = {"apiVersion": "v1", "kind": "ConfigMap", "name": "owner", "uid": owner}
    plane.kubectl.apply(
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": "owned", "namespace": "short-lived", "ownerReferences": [reference]},
        }
    )
    plane.kubectl.run("delete", "configmap", "owner", "-n", "short-lived")
    plane.kubectl.run("wait", "--for=delete", "configmap/owned", "-n", "short-lived", "--timeout=100s")
    plane.kubectl.run("delete", "namespace", "short-lived", "--timeout=100s")


def test_requests_are_written_to_the_audit_log_without_their_bodies(plane: Plane) -> None:
    plane.kubectl.run("create", "configmap", "audited", "--from-literal=password=xyzzy")
    log = plane.state.log("audit")
    wait_until(lambda: log.exists() and '"audited"' in log.read_text(), what="the audit log", seconds=120)
    events = [json.loads(line) for line in log.read_text().splitlines()]
    assert {event["level"] for event in events} == {"Metadata"}
    assert "xyzzy" not in log.read_text()
    assert stat.S_IMODE(log.stat().st_mode) == 0o600


@contextmanager
def aggregated_server(plane: Plane) -> Iterator[tuple[int, list[str | None]]]:
    """Serve TLS as an aggregated API server would, and note who the plane says is asking."""
    pki, users = Pki(plane.state.pki), list[str | None]()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            users.append(self.headers.get("X-Remote-User"))
            resources = {"kind": "APIResourceList", "groupVersion": "demo.test/v1", "resources": []}
            body = json.dumps(resources).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Keep the test's output clean."""

    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=pki.pair("front-proxy-ca").certificate)
    context.verify_mode = ssl.CERT_REQUIRED  # only the plane's front proxy may ask
    serving = pki.pair("kube-apiserver")
    context.load_cert_chain(serving.certificate, serving.key)
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server.server_port, users
        finally:
            server.shutdown()
            thread.join()


def test_an_aggregated_api_on_this_machine_is_reached_and_told_who_asks(plane: Plane) -> None:
    with aggregated_server(plane) as (port, users):
        service = {"name": "aggregated", "namespace": "default"}
        ports = [{"port": port}]
        plane.kubectl.apply(
            {
                "apiVersion": "v1",
                "kind": "Service",
                "metadata": service,
                "spec": {"type": "ExternalName", "externalName": "localhost", "ports": ports},
            }
        )
        plane.kubectl.apply(
            {
                "apiVersion": "apiregistration.k8s.io/v1",
                "kind": "APIService",
                "metadata": {"name": "v1.demo.test"},
                "spec": {
                    "group": "demo.test",
                    "version": "v1",
                    "groupPriorityMinimum": 100,
                    "versionPriority": 10,
                    "insecureSkipTLSVerify": True,
                    "service": service | {"port": port},
                },
            }
        )
        try:
            plane.kubectl.run("wait", "--for=condition=Available", "apiservice/v1.demo.test", "--timeout=100s")
            listed = plane.kubectl.run("get", "--raw", "/apis/demo.test/v1")
        finally:
            plane.kubectl.run("delete", "apiservice/v1.demo.test", "service/aggregated")
    assert json.loads(listed)["groupVersion"] == "demo.test/v1"
    assert "containerjob-local-admin" in users
