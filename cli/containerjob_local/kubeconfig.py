"""Kubeconfigs, written as JSON, which every YAML reader reads."""

import base64
import json
from pathlib import Path
from typing import Any

from containerjob_local.files import write_private
from containerjob_local.pki import Pair, Pki


def write_certificate_kubeconfig(path: Path, *, server: str, pki: Pki, user: str) -> None:
    """Write a kubeconfig that holds the client certificate of one of the plane's users."""
    _write(path, server, pki, _certificate_login(pki.pair(user)), user)


def write_token_kubeconfig(path: Path, *, server: str, pki: Pki, token: str, user: str, namespace: str) -> None:
    """Write a kubeconfig that holds a service account's token."""
    _write(path, server, pki, {"token": token}, user, namespace)


def _certificate_login(pair: Pair) -> dict[str, str]:
    return {"client-certificate-data": _encoded(pair.certificate), "client-key-data": _encoded(pair.key)}


def _write(path: Path, server: str, pki: Pki, login: dict[str, str], user: str, namespace: str = "default") -> None:
    name = "containerjob-local"
    config: dict[str, Any] = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [
            {
                "name": name,
                "cluster": {"server": server, "certificate-authority-data": _encoded(pki.pair("ca").certificate)},
            }
        ],
        "users": [{"name": user, "user": login}],
        "contexts": [{"name": name, "context": {"cluster": name, "user": user, "namespace": namespace}}],
        "current-context": name,
    }
    write_private(path, json.dumps(config, indent=2) + "\n")


def _encoded(file: Path) -> str:
    return base64.b64encode(file.read_bytes()).decode("ascii")
