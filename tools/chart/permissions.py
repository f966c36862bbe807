"""files/rbac.yaml: the permissions as plain manifests, for who runs the operator without the chart."""

from collections.abc import Iterator
from typing import Any, Final

import yaml

NAME: Final = "containerjob-operator"
NAMESPACE: Final = "containerjob-system"
READER: Final = "extension-apiserver-authentication-reader"
"""What tells the cluster's front proxy from others: the log API answers nobody else."""
AGGREGATED: Final = {"view": ("view", "edit", "admin"), "edit": ("edit", "admin"), "log": ("edit", "admin")}
"""To which of every cluster's roles each role of people is added."""
_RBAC: Final = "rbac.authorization.k8s.io"
_HEAD: Final = (
    "# Made by `python -m tools.chart` from roles.yaml, which says why; the chart's templates read that one too.\n"
)


def rbac_yaml(roles: str) -> str:
    """Return the namespace, the operator's account, its permissions, and then those of people."""
    told = list(manifests(yaml.safe_load(roles)))
    return _HEAD + "---\n".join(yaml.safe_dump(each, sort_keys=False, width=118) for each in told)


def manifests(roles: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the objects for an operator that looks after all namespaces."""
    yield _object("v1", "Namespace", NAMESPACE)
    yield _object("v1", "ServiceAccount", NAME, NAMESPACE)
    yield _object(f"{_RBAC}/v1", "ClusterRole", NAME) | {"rules": [*roles["cluster"], *roles["jobs"]]}
    yield _binding("ClusterRole", NAME)
    yield _object(f"{_RBAC}/v1", "Role", NAME, NAMESPACE) | {"rules": roles["lease"]}
    yield _binding("Role", NAME, NAMESPACE)
    yield _binding("Role", READER, "kube-system")
    for name, rules in roles["people"].items():
        role = _object(f"{_RBAC}/v1", "ClusterRole", f"containerjobs-{name}")
        role["metadata"]["labels"] |= {f"{_RBAC}/aggregate-to-{target}": "true" for target in AGGREGATED[name]}
        yield role | {"rules": rules}


def _object(version: str, kind: str, name: str, namespace: str = "") -> dict[str, Any]:
    home = {"namespace": namespace} if namespace else {}
    labels = {"app.kubernetes.io/name": NAME, "app.kubernetes.io/part-of": NAME}
    return {"apiVersion": version, "kind": kind, "metadata": {"name": name, **home, "labels": labels}}


def _binding(kind: str, role: str, namespace: str = "") -> dict[str, Any]:
    binding = _object(f"{_RBAC}/v1", "RoleBinding" if namespace else "ClusterRoleBinding", NAME, namespace)
    account = {"kind": "ServiceAccount", "name": NAME, "namespace": NAMESPACE}
    return binding | {"roleRef": {"apiGroup": _RBAC, "kind": kind, "name": role}, "subjects": [account]}
