"""Versions of the parts: each as it says itself, or `<unknown>`."""

import importlib.metadata
import json
from typing import Final

from containerjob_api.names import OPERATOR_NAME, OPERATOR_NAMESPACE
from kubectl_containerjob.kubectl import Kubectl
from kubectl_containerjob.problems import Problem

UNKNOWN: Final = "<unknown>"
LABEL: Final = "app.kubernetes.io/version"


def plugin() -> str:
    """Return the plugin's own version."""
    try:
        return importlib.metadata.version("containerjob")
    except importlib.metadata.PackageNotFoundError:  # run from a checkout
        return UNKNOWN


def client(kubectl: Kubectl) -> str:
    """Return kubectl's version."""
    answer = json.loads(kubectl.run("version", "--client", "-o", "json", namespaced=False))
    return str(answer["clientVersion"]["gitVersion"])


def server(kubectl: Kubectl) -> str:
    """Return the API server's version."""
    return str(kubectl.raw("/version")["gitVersion"])


def operator(kubectl: Kubectl) -> str:
    """Return the operator's version, as its Deployment or its Lease is labelled."""
    names = [f"{kind}/{OPERATOR_NAME}" for kind in ("deployments.apps", "leases.coordination.k8s.io")]
    try:
        found = kubectl.find(*names, f"--namespace={OPERATOR_NAMESPACE}", namespaced=False)
    except Problem:
        return UNKNOWN
    labels = [(body["metadata"].get("labels") or {}).get(LABEL) for body in (found or {}).get("items", ())]
    return next((str(label) for label in labels if label), UNKNOWN)
