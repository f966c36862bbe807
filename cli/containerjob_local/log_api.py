"""The operator's log API on this machine: its certificate, its port, and how the API server finds it."""

import base64
from collections.abc import Callable

from containerjob_api.names import LOG_API_GROUP, OPERATOR_NAME, OPERATOR_NAMESPACE, VERSION
from containerjob_local.controlplane import Plane
from containerjob_local.errors import LocalError
from containerjob_local.pki import Pki, ensure_serving
from containerjob_local.ports import LOOPBACK, free_ports, is_free
from containerjob_local.state import LogApiRecord, State

HOST = f"{OPERATOR_NAME}.{OPERATOR_NAMESPACE}.svc"
"""The name by which the API server expects the operator's certificate."""
API_SERVICE = f"{VERSION}.{LOG_API_GROUP}"
AVAILABLE_SECONDS = 30


def choose_port(state: State) -> int:
    """Keep the port of an earlier start, where the API server expects the operator, if it is free; else another."""
    known = state.log_api()
    port = known.port if known is not None and is_free(known.port) else free_ports(1)[0]
    state.remember_log_api(LogApiRecord(port))
    return port


def operator_options(state: State, port: int) -> list[str]:
    """Return the operator's options for it, and see to the certificate they name."""
    pair = ensure_serving(Pki(state.pki), OPERATOR_NAME, HOST)
    files = ["--api-cert-file", str(pair.certificate), "--api-key-file", str(pair.key)]
    return ["--api-port", str(port), "--api-address", LOOPBACK, *files]


def register_log_api(plane: Plane, report: Callable[[str], None]) -> None:
    """Have the API server pass on what it serves, and wait until it does.

    Only once somebody serves it: an API that does not answer keeps namespaces from being deleted.
    """
    record = plane.state.log_api()
    if record is None:
        raise LocalError("the operator serves no log API: take the environment down and up again")
    plane.kubectl.apply(
        {"apiVersion": "v1", "kind": "List", "items": [_service(record.port), _api(plane, record.port)]}
    )
    timeout = f"--timeout={AVAILABLE_SECONDS}s"
    plane.kubectl.run("wait", "--for=condition=Available", timeout, f"apiservice/{API_SERVICE}")
    report("✔ log API available")


def _service(port: int) -> dict[str, object]:
    """Name this machine: an operator outside of the cluster has no address that an endpoint may have."""
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": OPERATOR_NAME, "namespace": OPERATOR_NAMESPACE},
        "spec": {"type": "ExternalName", "externalName": "localhost", "ports": [{"name": "https", "port": port}]},
    }


def _api(plane: Plane, port: int) -> dict[str, object]:
    authority = Pki(plane.state.pki).pair("ca").certificate.read_bytes()
    return {
        "apiVersion": "apiregistration.k8s.io/v1",
        "kind": "APIService",
        "metadata": {"name": API_SERVICE},
        "spec": {
            "group": LOG_API_GROUP,
            "version": VERSION,
            "groupPriorityMinimum": 1000,
            "versionPriority": 15,
            "service": {"name": OPERATOR_NAME, "namespace": OPERATOR_NAMESPACE, "port": port},
            "caBundle": base64.b64encode(authority).decode("ascii"),
        },
    }
