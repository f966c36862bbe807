"""Certificates and keys of one local plane: three authorities, so that no certificate opens a door it is not for."""

import datetime
import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from containerjob_local.errors import StateError
from containerjob_local.files import write_private
from containerjob_local.ports import LOOPBACK

SERVICE_IP = "10.96.0.1"  # first address of the service range, which the API server takes for itself
_LIFETIME = datetime.timedelta(days=3650)  # the folder goes with `down`, long before
_BACKDATED = datetime.timedelta(minutes=5)
_SERVER_NAMES = (
    "localhost",
    "kubernetes",
    "kubernetes.default",
    "kubernetes.default.svc",
    "kubernetes.default.svc.cluster.local",
)
_BOTH = (ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH)


@dataclass(frozen=True, slots=True)
class Pair:
    """A certificate and its key, as files."""

    folder: Path
    name: str

    @property
    def certificate(self) -> Path:
        return self.folder / f"{self.name}.crt"

    @property
    def key(self) -> Path:
        return self.folder / f"{self.name}.key"


@dataclass(frozen=True, slots=True)
class Pki:
    """Every certificate and key of a plane."""

    folder: Path

    def pair(self, name: str) -> Pair:
        """Name the files of one certificate and its key."""
        return Pair(self.folder, name)

    @property
    def service_account_key(self) -> Path:
        return self.folder / "service-account.key"

    @property
    def service_account_public_key(self) -> Path:
        return self.folder / "service-account.pub"


@dataclass(frozen=True, slots=True)
class _Authority:
    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey


def ensure_pki(folder: Path, addresses: Sequence[str] = (LOOPBACK, SERVICE_IP)) -> Pki:
    """Return the keys in `folder`, making all of them when the last one is not there.

    `addresses` are the ones at which the API server is reached.
    """
    pki = Pki(folder)
    if pki.service_account_public_key.exists():
        return pki
    cluster = _new_authority(pki.pair("ca"), "containerjob-local-ca")
    front_proxy = _new_authority(pki.pair("front-proxy-ca"), "containerjob-local-front-proxy-ca")
    etcd = _new_authority(pki.pair("etcd-ca"), "containerjob-local-etcd-ca")
    client = (ExtendedKeyUsageOID.CLIENT_AUTH,)
    serving = (ExtendedKeyUsageOID.SERVER_AUTH,)
    _issue(cluster, pki.pair("kube-apiserver"), "kube-apiserver", usages=serving, hosts=(*_SERVER_NAMES, *addresses))
    _issue(cluster, pki.pair("admin"), "containerjob-local-admin", group="system:masters", usages=client)
    _issue(cluster, pki.pair("kube-controller-manager"), "system:kube-controller-manager", usages=client)
    _issue(front_proxy, pki.pair("front-proxy-client"), "front-proxy-client", usages=client)
    _issue(etcd, pki.pair("etcd-server"), "etcd-server", usages=_BOTH)  # its peer port calls itself
    _issue(etcd, pki.pair("etcd-client"), "kube-apiserver", usages=client)
    _write_service_account_keys(pki)
    return pki


def ensure_serving(pki: Pki, name: str, *hosts: str) -> Pair:
    """Return the certificate by which a service is known under names or addresses, making it when it is not there."""
    pair = pki.pair(name)
    if not pair.certificate.exists():
        usages = (ExtendedKeyUsageOID.SERVER_AUTH,)
        _issue(_read_authority(pki.pair("ca")), pair, name, usages=usages, hosts=(*hosts, LOOPBACK))
    return pair


def ensure_client(pki: Pki, name: str, user: str, group: str | None = None) -> Pair:
    """Return the certificate that is a user's login, making it when it is not there."""
    pair = pki.pair(name)
    if not pair.certificate.exists():
        usages = (ExtendedKeyUsageOID.CLIENT_AUTH,)
        _issue(_read_authority(pki.pair("ca")), pair, user, usages=usages, group=group)
    return pair


def _read_authority(pair: Pair) -> _Authority:
    key = serialization.load_pem_private_key(pair.key.read_bytes(), password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise StateError(f"{pair.key} is not a key of ours: take the environment down and up again")
    return _Authority(x509.load_pem_x509_certificate(pair.certificate.read_bytes()), key)


def _new_authority(pair: Pair, name: str) -> _Authority:
    key = ec.generate_private_key(ec.SECP256R1())
    usage = x509.KeyUsage(True, False, False, False, False, True, True, False, False)
    certificate = (
        _builder(_name(name), key)
        .issuer_name(_name(name))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .sign(key, hashes.SHA256())
    )
    _write(pair, certificate, key)
    return _Authority(certificate, key)


def _issue(
    authority: _Authority,
    pair: Pair,
    name: str,
    *,
    usages: Sequence[x509.ObjectIdentifier],
    group: str | None = None,
    hosts: Sequence[str] = (LOOPBACK, *_SERVER_NAMES),
) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    builder = (
        _builder(_name(name, group), key)
        .issuer_name(authority.certificate.subject)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage(usages), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.key.public_key()), critical=False)
    )
    if ExtendedKeyUsageOID.SERVER_AUTH in usages:
        names = x509.SubjectAlternativeName([_server_name(host) for host in hosts])
        builder = builder.add_extension(names, critical=False)
    _write(pair, builder.sign(authority.key, hashes.SHA256()), key)


def _server_name(host: str) -> x509.GeneralName:
    """Write a name or an address down as what it is: clients compare the one only with its like."""
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _builder(subject: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _BACKDATED)
        .not_valid_after(now + _LIFETIME)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _name(common: str, group: str | None = None) -> x509.Name:
    """Build a subject; the API server reads the organisation as a group."""
    parts = [x509.NameAttribute(NameOID.COMMON_NAME, common)]
    if group is not None:
        parts.append(x509.NameAttribute(NameOID.ORGANIZATION_NAME, group))
    return x509.Name(parts)


def _write(pair: Pair, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> None:
    write_private(pair.key, _private_pem(key))
    write_private(pair.certificate, certificate.public_bytes(serialization.Encoding.PEM))


def _write_service_account_keys(pki: Pki) -> None:
    """Write the keys that service account tokens are signed and checked with; the public one goes last."""
    key = ec.generate_private_key(ec.SECP256R1())
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    write_private(pki.service_account_key, _private_pem(key))
    write_private(pki.service_account_public_key, public)


def _private_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
