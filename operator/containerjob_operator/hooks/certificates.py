"""Certificates: an authority of the installation's own, and what it signs. No I/O."""

import datetime
from dataclasses import dataclass
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_BACKDATED: Final = datetime.timedelta(minutes=5)
"""Clocks of two machines differ a little."""


class UnreadableError(ValueError):
    """What is stored is no certificate with its key."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A certificate and its key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def certificate_pem(self) -> bytes:
        """The certificate, PEM."""
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    @property
    def key_pem(self) -> bytes:
        """The key, PEM, not encrypted."""
        return self.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )


def read_pair(certificate: bytes, key: bytes) -> Pair:
    """Read what a Secret holds; UnreadableError where it is not a certificate with its own key."""
    try:
        read = x509.load_pem_x509_certificate(certificate)
        private = serialization.load_pem_private_key(key, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise UnreadableError(str(error)) from error
    if not isinstance(private, ec.EllipticCurvePrivateKey) or private.public_key() != read.public_key():
        raise UnreadableError("the key is not the certificate's")
    return Pair(read, private)


def new_authority(name: str, days: int, now: datetime.datetime) -> Pair:
    """Make an authority that signs itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    usage = x509.KeyUsage(True, False, False, False, False, True, True, False, False)
    builder = (
        _builder(f"{name} authority", key, days, now)
        .issuer_name(_name(f"{name} authority"))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
    )
    return Pair(builder.sign(key, hashes.SHA256()), key)


def issue(authority: Pair, host: str, days: int, now: datetime.datetime) -> Pair:
    """Make the certificate of a server that is known by one name; it never outlives its authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    signer = authority.certificate
    # No subject takes more than 64 characters; whom a certificate is for stands in its alternative names.
    builder = (
        _builder(host[:64], key, days, now, signer.not_valid_after_utc)
        .issuer_name(signer.subject)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.key.public_key()), critical=False)
    )
    return Pair(builder.sign(authority.key, hashes.SHA256()), key)


def is_due(certificate: x509.Certificate, now: datetime.datetime) -> bool:
    """Say whether the last third of its life has begun."""
    begin, end = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    return now >= begin + (end - begin) * 2 / 3


def serves(certificate: x509.Certificate, authority: x509.Certificate, host: str) -> bool:
    """Say whether a certificate is for this name, and from this authority."""
    try:
        certificate.verify_directly_issued_by(authority)
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (ValueError, TypeError, InvalidSignature, x509.ExtensionNotFound):
        return False
    return names.get_values_for_type(x509.DNSName) == [host]


def bundle(newest: x509.Certificate, before: bytes, now: datetime.datetime) -> bytes:
    """Return whom to trust, PEM: the newest authority, and the earlier ones for as long as they are valid."""
    try:
        known = x509.load_pem_x509_certificates(before)
    except ValueError:
        known = []
    earlier = (each for each in known if each.not_valid_after_utc > now)
    trusted = dict.fromkeys((newest, *earlier))
    return b"".join(each.public_bytes(serialization.Encoding.PEM) for each in trusted)


def _builder(
    subject: str,
    key: ec.EllipticCurvePrivateKey,
    days: int,
    now: datetime.datetime,
    at_most: datetime.datetime | None = None,
) -> x509.CertificateBuilder:
    end = now + datetime.timedelta(days=days)
    return (
        x509.CertificateBuilder()
        .subject_name(_name(subject))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _BACKDATED)
        .not_valid_after(end if at_most is None else min(end, at_most))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])
