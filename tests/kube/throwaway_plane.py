"""A bare etcd and kube-apiserver for this folder's tests, gone when they end."""

import os
import secrets
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import yaml
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

BINARIES = Path(os.environ.get("KUBEBUILDER_ASSETS", "/tmp/bin"))
READY_SECONDS = 60


@dataclass(frozen=True, slots=True)
class ThrowawayPlane:
    """What a test needs of a cluster."""

    kubeconfig: Path

    def kubectl(self, *args: str, input: str | None = None, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run kubectl as the administrator."""
        return subprocess.run(
            [str(BINARIES / "kubectl"), f"--kubeconfig={self.kubeconfig}", *args],
            input=input,
            check=check,
            capture_output=True,
            text=True,
        )


def _free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def _running(*command: str, log: Path) -> Iterator[None]:
    with log.open("wb") as out, subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT) as process:
        try:
            yield
        finally:
            process.terminate()
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()


def _write_credentials(folder: Path, port: int) -> ThrowawayPlane:
    token = secrets.token_hex(16)
    (folder / "tokens.csv").write_text(f'{token},admin,1,"system:masters"\n')
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    (folder / "sa.key").write_bytes(pem)
    kubeconfig = folder / "kubeconfig"
    cluster = {
        "server": f"https://127.0.0.1:{port}",
        "certificate-authority": str(folder / "certs/apiserver.crt"),
    }
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "test", "cluster": cluster}],
        "users": [{"name": "admin", "user": {"token": token}}],
        "contexts": [{"name": "test", "context": {"cluster": "test", "user": "admin"}}],
        "current-context": "test",
    }
    kubeconfig.write_text(yaml.safe_dump(config))
    return ThrowawayPlane(kubeconfig)


def _await_ready(plane: ThrowawayPlane) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        ready = plane.kubectl("get", "--raw", "/readyz", check=False).returncode == 0
        if ready and plane.kubectl("get", "namespace", "kube-system", "default", check=False).returncode == 0:
            return
        time.sleep(0.2)
    raise TimeoutError("the API server did not become ready")


@contextmanager
def throwaway_plane(folder: Path) -> Iterator[ThrowawayPlane]:
    """Start both programs, wait until they serve, and end them at the end."""
    etcd, peer, port = _free_port(), _free_port(), _free_port()
    plane = _write_credentials(folder, port)
    etcd_url, peer_url = f"http://127.0.0.1:{etcd}", f"http://127.0.0.1:{peer}"
    with ExitStack() as stack:
        stack.enter_context(
            _running(
                str(BINARIES / "etcd"),
                f"--data-dir={folder / 'etcd'}",
                f"--listen-client-urls={etcd_url}",
                f"--advertise-client-urls={etcd_url}",
                f"--listen-peer-urls={peer_url}",
                f"--initial-advertise-peer-urls={peer_url}",
                f"--initial-cluster=default={peer_url}",
                "--unsafe-no-fsync",
                log=folder / "etcd.log",
            )
        )
        stack.enter_context(
            _running(
                str(BINARIES / "kube-apiserver"),
                f"--etcd-servers={etcd_url}",
                "--bind-address=127.0.0.1",
                f"--secure-port={port}",
                f"--cert-dir={folder / 'certs'}",
                "--authorization-mode=RBAC",
                f"--token-auth-file={folder / 'tokens.csv'}",
                "--service-account-issuer=https://kubernetes.default.svc",
                f"--service-account-key-file={folder / 'sa.key'}",
                f"--service-account-signing-key-file={folder / 'sa.key'}",
                "--service-cluster-ip-range=10.96.0.0/16",
                "--endpoint-reconciler-type=none",
                log=folder / "kube-apiserver.log",
            )
        )
        _await_ready(plane)
        yield plane
