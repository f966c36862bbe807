"""Who may ask: the cluster's front proxy, by the certificate that the API server shows. Nobody else.

kube-apiserver has authenticated the person and has authorised `get` on the subresource before it passes a request on,
so no review of ours is asked for: it would decide the same by the same rules. The person's name in X-Remote-User is
worth something only because the connection's certificate proves who wrote that header.
"""

import json
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from containerjob_operator.errors import KubeRefused, Unusable
from containerjob_operator.kube.client import Kube

NAMESPACE: Final = "kube-system"
CONFIGMAP: Final = "extension-apiserver-authentication"
"""Where the API server publishes what aggregated servers need to know it by."""


@dataclass(frozen=True, slots=True)
class Trust:
    """What tells the front proxy from others."""

    authorities: str
    """PEM."""
    names: frozenset[str]
    """Common names; any, where there is none."""

    def admits(self, certificate: dict[str, Any] | None) -> bool:
        """Say whether a client's certificate is the front proxy's; its authority was checked in the handshake."""
        subject = (certificate or {}).get("subject", ())
        names = {value for part in subject for key, value in part if key == "commonName"}
        return certificate is not None and (not self.names or not self.names.isdisjoint(names))


async def read_trust(kube: Kube) -> Trust:
    """Read it as it is now; KubeError where the cluster does not tell."""
    told = await kube.configuration(NAMESPACE, CONFIGMAP)
    try:
        authorities = told["requestheader-client-ca-file"]
        names = _names(json.loads(told.get("requestheader-allowed-names") or "[]"))
    except (KeyError, ValueError) as problem:
        raise KubeRefused(
            f"ConfigMap {NAMESPACE}/{CONFIGMAP} does not tell the front proxy's authority and names: "
            "the API server runs without --requestheader-client-ca-file"
        ) from problem
    return Trust(authorities, names)


def _names(told: object) -> frozenset[str]:
    """Read a list of names, which Go writes as null where it is empty; ValueError where it is anything else."""
    if told is None:
        return frozenset()
    if not (isinstance(told, list) and all(isinstance(name, str) for name in told)):
        raise ValueError(f"no list of names: {told}")
    return frozenset(told)


def handshake(trust: Trust, certificate: Path, key: Path) -> ssl.SSLContext:
    """Return what new connections are made with: our certificate, and a client certificate of a trusted authority."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_alpn_protocols(["http/1.1"])
    try:
        # An empty password: of an encrypted key OpenSSL would ask the terminal for one, and wait.
        context.load_cert_chain(certificate, key, password="")
    except OSError as problem:
        raise Unusable(
            f"--api-cert-file {certificate} and --api-key-file {key} cannot be used: {problem}"
        ) from problem
    try:
        context.load_verify_locations(cadata=trust.authorities)
    except (ssl.SSLError, ValueError) as problem:
        raise KubeRefused(f"ConfigMap {NAMESPACE}/{CONFIGMAP} holds no certificates: {problem}") from problem
    context.verify_mode = ssl.CERT_REQUIRED
    return context
