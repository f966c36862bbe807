"""Certificates: the right names, the right authority, private keys private."""

import stat
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from containerjob_local.errors import StateError
from containerjob_local.pki import Pki, ensure_pki, ensure_serving

ISSUERS = {
    "kube-apiserver": "ca",
    "admin": "ca",
    "kube-controller-manager": "ca",
    "front-proxy-client": "front-proxy-ca",
    "etcd-server": "etcd-ca",
    "etcd-client": "etcd-ca",
}


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Pki:
    return ensure_pki(tmp_path_factory.mktemp("plane") / "pki")


def certificate(pki: Pki, name: str) -> x509.Certificate:
    return x509.load_pem_x509_certificate(pki.pair(name).certificate.read_bytes())


@pytest.mark.parametrize(("name", "issuer"), ISSUERS.items())
def test_every_certificate_comes_from_the_authority_of_its_purpose(pki: Pki, name: str, issuer: str) -> None:
    certificate(pki, name).verify_directly_issued_by(certificate(pki, issuer))


def test_the_api_server_answers_to_its_loopback_and_service_names(pki: Pki) -> None:
    names = certificate(pki, "kube-apiserver").extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert {"localhost", "kubernetes.default.svc"} <= set(names.get_values_for_type(x509.DNSName))
    assert "127.0.0.1" in {str(address) for address in names.get_values_for_type(x509.IPAddress)}


@pytest.mark.parametrize(
    ("name", "user", "groups"),
    [
        ("admin", "containerjob-local-admin", ["system:masters"]),
        ("kube-controller-manager", "system:kube-controller-manager", []),
    ],
)
def test_a_client_certificate_carries_its_user_and_groups(pki: Pki, name: str, user: str, groups: list[str]) -> None:
    found = certificate(pki, name)
    assert [part.value for part in found.subject.get_attributes_for_oid(NameOID.COMMON_NAME)] == [user]
    assert [part.value for part in found.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)] == groups
    usage = found.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(usage) == [ExtendedKeyUsageOID.CLIENT_AUTH]


def test_nobody_else_can_read_a_key(pki: Pki) -> None:
    assert stat.S_IMODE(pki.folder.stat().st_mode) == 0o700
    for key in pki.folder.glob("*.key"):
        assert stat.S_IMODE(key.stat().st_mode) == 0o600


def test_the_service_account_keys_are_a_pair_of_files(pki: Pki) -> None:
    assert load_pem_public_key(pki.service_account_public_key.read_bytes())
    assert b"PRIVATE KEY" in pki.service_account_key.read_bytes()


def test_keys_are_made_once(pki: Pki) -> None:
    before = pki.pair("ca").certificate.read_bytes()
    assert ensure_pki(pki.folder).pair("ca").certificate.read_bytes() == before


def test_keys_that_a_crash_left_incomplete_are_made_anew(tmp_path: Path) -> None:
    pki = ensure_pki(tmp_path)
    before = pki.pair("ca").certificate.read_bytes()
    pki.service_account_public_key.unlink()
    ensure_pki(tmp_path)
    assert pki.pair("ca").certificate.read_bytes() != before
    certificate(pki, "admin").verify_directly_issued_by(certificate(pki, "ca"))


def test_a_service_gets_a_certificate_of_the_clusters_authority_once(pki: Pki) -> None:
    ensure_serving(pki, "web", "web.team.svc")
    made = certificate(pki, "web")
    made.verify_directly_issued_by(certificate(pki, "ca"))
    names = made.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["web.team.svc"]
    ensure_serving(pki, "web", "web.team.svc")
    assert certificate(pki, "web").serial_number == made.serial_number


def test_an_authority_that_is_not_ours_is_refused(tmp_path: Path) -> None:
    pki = ensure_pki(tmp_path)
    key = rsa.generate_private_key(65537, 2048)
    form = serialization.PrivateFormat.PKCS8
    pki.pair("ca").key.write_bytes(key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()))
    with pytest.raises(StateError, match=r"ca\.key is not a key of ours"):
        ensure_serving(pki, "web", "web.team.svc")
