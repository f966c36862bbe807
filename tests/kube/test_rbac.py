"""The operator's ServiceAccount may do what it needs, and nothing else."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.kube.oracle import Oracle, manifest

from containerjob_api.names import GROUP, LOG_API_GROUP, OPERATOR_NAME, OPERATOR_NAMESPACE
from containerjob_operator.errors import KubeRefused
from containerjob_operator.kube.api import Api
from containerjob_operator.kube.resources import CONTAINERJOB

USER = f"system:serviceaccount:{OPERATOR_NAMESPACE}:{OPERATOR_NAME}"
GROUPS = ["system:serviceaccounts", f"system:serviceaccounts:{OPERATOR_NAMESPACE}", "system:authenticated"]
VERBS = ("get", "list", "watch", "create", "update", "patch", "delete", "deletecollection")
CRDS = "customresourcedefinitions"
LEASES = "coordination.k8s.io"

# (group, resource, namespace, name) -> the verbs that are allowed; all others must be refused.
ALLOWED = {
    (GROUP, "containerjobs", "team", ""): {"get", "list", "watch", "delete"},
    (GROUP, "containerjobs/status", "team", ""): {"patch"},
    (GROUP, "containerjobs/log", "team", ""): set(),
    (GROUP, "dockerhosts", "", ""): {"get", "list", "watch", "patch"},
    (GROUP, "dockerhosts/status", "", ""): {"patch"},
    (GROUP, "cloudrunhosts", "", ""): {"get", "list", "watch", "patch"},
    (GROUP, "cloudrunhosts/status", "", ""): {"patch"},
    ("", "namespaces", "", ""): {"get", "list", "watch"},
    ("", "events", "team", ""): {"create", "patch"},
    ("", "secrets", "team", ""): set(),
    ("", "secrets", OPERATOR_NAMESPACE, ""): set(),
    ("", "configmaps", OPERATOR_NAMESPACE, ""): set(),
    ("", "configmaps", "kube-system", "extension-apiserver-authentication"): {"get", "list", "watch"},
    ("", "configmaps", "kube-system", "other"): set(),
    (LOG_API_GROUP, "containerjobs/log", "team", ""): set(),
    ("", "pods", "team", ""): set(),
    ("", "pods", OPERATOR_NAMESPACE, ""): set(),
    ("", "nodes", "", ""): set(),
    ("", "serviceaccounts/token", OPERATOR_NAMESPACE, OPERATOR_NAME): set(),
    (LEASES, "leases", OPERATOR_NAMESPACE, ""): {"create"},
    (LEASES, "leases", OPERATOR_NAMESPACE, OPERATOR_NAME): {"get", "create", "patch"},
    (LEASES, "leases", OPERATOR_NAMESPACE, "other"): {"create"},
    (LEASES, "leases", "kube-system", ""): set(),
    ("apiextensions.k8s.io", CRDS, "", f"containerjobs.{GROUP}"): {"get"},
    ("apiextensions.k8s.io", CRDS, "", f"dockerhosts.{GROUP}"): {"get"},
    ("apiextensions.k8s.io", CRDS, "", f"cloudrunhosts.{GROUP}"): {"get"},
    ("apiextensions.k8s.io", CRDS, "", "other.example.com"): set(),
    ("rbac.authorization.k8s.io", "clusterroles", "", ""): set(),
}


def _asked() -> Iterator[tuple[dict[str, str], bool]]:
    for (group, resource, namespace, name), verbs in ALLOWED.items():
        kind, _, subresource = resource.partition("/")
        for verb in VERBS:
            attributes = {"group": group, "resource": kind, "subresource": subresource, "verb": verb}
            yield attributes | {"namespace": namespace, "name": name}, verb in verbs


def test_the_operator_may_do_exactly_this(oracle: Oracle) -> None:
    wrong = [
        (attributes, "should be allowed" if allowed else "should be refused")
        for attributes, allowed in _asked()
        if oracle.may(USER, GROUPS, attributes) is not allowed
    ]
    assert wrong == []


async def test_a_refusal_names_what_is_missing(operator_kubeconfig: Path, namespace: str) -> None:
    operator = Api.connect(operator_kubeconfig)
    with pytest.raises(KubeRefused, match=r'cannot create resource "containerjobs"'):
        await operator.create(CONTAINERJOB, manifest("a", namespace))
    await operator.aclose()
