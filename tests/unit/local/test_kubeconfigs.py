"""Kubeconfigs and command lines of the plane."""

import base64
import stat
from pathlib import Path

import pytest
import yaml

from containerjob_local import flags
from containerjob_local.kubeconfig import write_certificate_kubeconfig, write_token_kubeconfig
from containerjob_local.pki import Pki, ensure_pki
from containerjob_local.state import PlaneRecord, State

SERVER = "https://127.0.0.1:6443"


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Pki:
    return ensure_pki(tmp_path_factory.mktemp("plane") / "pki")


def test_an_admin_kubeconfig_carries_everything_it_needs(tmp_path: Path, pki: Pki) -> None:
    path = tmp_path / "admin.kubeconfig"
    write_certificate_kubeconfig(path, server=SERVER, pki=pki, user="admin")
    config = yaml.safe_load(path.read_text())
    user = config["users"][0]["user"]
    assert config["clusters"][0]["cluster"]["server"] == SERVER
    assert base64.b64decode(user["client-key-data"]) == pki.pair("admin").key.read_bytes()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_token_kubeconfig_starts_in_the_accounts_namespace(tmp_path: Path, pki: Pki) -> None:
    path = tmp_path / "robot.kubeconfig"
    write_token_kubeconfig(path, server=SERVER, pki=pki, token="abc", user="robot", namespace="work")
    config = yaml.safe_load(path.read_text())
    assert config["users"] == [{"name": "robot", "user": {"token": "abc"}}]
    assert config["contexts"][0]["context"]["namespace"] == "work"


def test_nothing_listens_beyond_loopback(tmp_path: Path) -> None:
    state, pki, record = State(tmp_path), Pki(tmp_path), PlaneRecord(6443, 2379)
    etcd = flags.etcd(tmp_path, state, pki, record)
    listening = [flag for flag in etcd if "-urls=" in flag]
    assert listening
    assert all("=https://127.0.0.1:" in flag for flag in listening)
    assert "--bind-address=127.0.0.1" in flags.kube_apiserver(tmp_path, state, pki, record)
    assert "--secure-port=0" in flags.kube_controller_manager(tmp_path, tmp_path, pki)
