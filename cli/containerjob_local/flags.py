"""The command lines of the plane's three programs."""

from collections.abc import Sequence
from pathlib import Path

from containerjob_local.addresses import Addresses
from containerjob_local.pki import Pki
from containerjob_local.ports import LOOPBACK
from containerjob_local.state import PlaneRecord, State

SERVICE_RANGE = "10.96.0.0/16"
# Without a node these few keep namespaces, owners, tokens, quotas and aggregated roles as in any cluster.
CONTROLLERS = (
    "clusterrole-aggregation-controller",
    "garbage-collector-controller",
    "namespace-controller",
    "resourcequota-controller",
    "root-ca-certificate-publisher-controller",
    "serviceaccount-controller",
    "serviceaccount-token-controller",
    "validatingadmissionpolicy-status-controller",
)
# With one, it is a cluster as any other: every controller that is on by default.
ALL_CONTROLLERS = ("*",)
_NO_NODE_FLAGS = (
    "--authorization-mode=RBAC",
    f"--service-cluster-ip-range={SERVICE_RANGE}",
    "--endpoint-reconciler-type=none",  # a loopback address cannot be an endpoint
)
AUDIT_POLICY = """\
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
- level: None
  nonResourceURLs: ["/healthz*", "/livez*", "/readyz*"]
- level: None
  resources: [{group: coordination.k8s.io, resources: [leases]}]
- level: Metadata
"""
AUDIT_MAX_MEGABYTES = 20


def etcd(program: Path, state: State, pki: Pki, record: PlaneRecord) -> list[str]:
    """Build etcd's command line: loopback only, and nobody without a certificate of its own authority."""
    server, client_ca = pki.pair("etcd-server"), pki.pair("etcd-ca").certificate
    url, peer = f"https://{LOOPBACK}:{record.etcd_port}", f"https://{LOOPBACK}:0"
    return [
        str(program),
        "--name=local",
        f"--data-dir={state.etcd_data}",
        f"--listen-client-urls={url}",
        f"--advertise-client-urls={url}",
        f"--listen-peer-urls={peer}",  # one member has no peers: any free port does
        f"--initial-advertise-peer-urls={peer}",
        f"--initial-cluster=local={peer}",
        f"--cert-file={server.certificate}",
        f"--key-file={server.key}",
        "--client-cert-auth",
        f"--trusted-ca-file={client_ca}",
        f"--peer-cert-file={server.certificate}",
        f"--peer-key-file={server.key}",
        "--peer-client-cert-auth",
        f"--peer-trusted-ca-file={client_ca}",
        "--log-level=warn",
        # The store is thrown away with `down`; it survives killed processes, and a power cut need not be survived.
        "--unsafe-no-fsync",
    ]


def kube_apiserver(program: Path, state: State, pki: Pki, record: PlaneRecord) -> list[str]:
    """Build the API server's command line."""
    serving, addresses = pki.pair("kube-apiserver"), record.addresses
    return [
        str(program),
        f"--bind-address={record.address}",
        f"--secure-port={record.port}",
        f"--tls-cert-file={serving.certificate}",
        f"--tls-private-key-file={serving.key}",
        f"--client-ca-file={pki.pair('ca').certificate}",
        "--anonymous-auth=false",
        "--profiling=false",
        *(_node_flags(pki, addresses) if addresses else _NO_NODE_FLAGS),
        *_etcd_client_flags(pki, record),
        *_service_account_flags(pki),
        *_aggregation_flags(pki),
        *_audit_flags(state),
    ]


def kube_controller_manager(
    program: Path, kubeconfig: Path, pki: Pki, controllers: Sequence[str] = CONTROLLERS
) -> list[str]:
    """Build the controller manager's command line; it listens nowhere."""
    return [
        str(program),
        f"--kubeconfig={kubeconfig}",
        f"--authentication-kubeconfig={kubeconfig}",
        f"--authorization-kubeconfig={kubeconfig}",
        "--secure-port=0",
        "--leader-elect=false",
        f"--controllers={','.join(controllers)}",
        "--use-service-account-credentials",
        f"--service-account-private-key-file={pki.service_account_key}",
        f"--root-ca-file={pki.pair('ca').certificate}",
    ]


def _node_flags(pki: Pki, addresses: Addresses) -> list[str]:
    """Let pods find the API server, and the API server find the kubelet: for logs, exec and port-forward."""
    kubelet = pki.pair("kubelet-client")
    return [
        f"--advertise-address={addresses.host}",
        f"--service-cluster-ip-range={addresses.services}",
        "--authorization-mode=Node,RBAC",
        "--enable-admission-plugins=NodeRestriction",
        "--allow-privileged",  # Pod Security decides, as in any cluster
        f"--kubelet-certificate-authority={pki.pair('ca').certificate}",
        f"--kubelet-client-certificate={kubelet.certificate}",
        f"--kubelet-client-key={kubelet.key}",
        "--kubelet-preferred-address-types=InternalIP",  # nothing resolves the node's name
    ]


def _etcd_client_flags(pki: Pki, record: PlaneRecord) -> list[str]:
    client = pki.pair("etcd-client")
    return [
        f"--etcd-servers=https://{LOOPBACK}:{record.etcd_port}",
        f"--etcd-cafile={pki.pair('etcd-ca').certificate}",
        f"--etcd-certfile={client.certificate}",
        f"--etcd-keyfile={client.key}",
    ]


def _service_account_flags(pki: Pki) -> list[str]:
    return [
        "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
        f"--service-account-key-file={pki.service_account_public_key}",
        f"--service-account-signing-key-file={pki.service_account_key}",
    ]


def _aggregation_flags(pki: Pki) -> list[str]:
    """Let aggregated API servers trust the plane.

    Aggregator routing stays off: it routes to endpoints only, and those cannot be on loopback, while without it
    a Service of type ExternalName reaches a server on this machine, and any other one is reached at its service IP.
    """
    client = pki.pair("front-proxy-client")
    return [
        f"--requestheader-client-ca-file={pki.pair('front-proxy-ca').certificate}",
        "--requestheader-allowed-names=front-proxy-client",
        "--requestheader-username-headers=X-Remote-User",
        "--requestheader-group-headers=X-Remote-Group",
        "--requestheader-extra-headers-prefix=X-Remote-Extra-",
        f"--proxy-client-cert-file={client.certificate}",
        f"--proxy-client-key-file={client.key}",
    ]


def _audit_flags(state: State) -> list[str]:
    return [
        f"--audit-policy-file={state.audit_policy}",
        f"--audit-log-path={state.log('audit')}",
        "--audit-log-mode=batch",  # auditing must not slow requests down
        f"--audit-log-maxsize={AUDIT_MAX_MEGABYTES}",
        "--audit-log-maxbackup=1",
    ]
