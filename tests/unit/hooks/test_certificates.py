"""Certificates of the log API: what is made holds in a real handshake, and what is due is known to be."""

import datetime
import socket
import ssl
import threading
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from containerjob_operator.hooks.certificates import (
    Pair,
    UnreadableError,
    bundle,
    is_due,
    issue,
    new_authority,
    read_pair,
    serves,
)

NOW = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
HOST = "containerjob-operator-api.containerjob-system.svc"


def days(number: float) -> datetime.timedelta:
    return datetime.timedelta(days=number)


@pytest.fixture(scope="module")
def authority() -> Pair:
    return new_authority("containerjob-operator-api", 3650, NOW)


def shaken_hands(served: Pair, trusted: bytes, host: str, folder: Path) -> str:
    """Let a server show a certificate to a client that trusts these authorities; return what the client says."""
    (folder / "crt").write_bytes(served.certificate_pem)
    (folder / "key").write_bytes(served.key_pem)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(folder / "crt", folder / "key")
    client = ssl.create_default_context(cadata=trusted.decode())
    ours, theirs = socket.socketpair()

    def accept() -> None:
        try:
            server.wrap_socket(theirs, server_side=True).close()
        except ssl.SSLError:
            theirs.close()

    thread = threading.Thread(target=accept)
    thread.start()
    try:
        with ours:
            client.wrap_socket(ours, server_hostname=host).close()
    except ssl.SSLCertVerificationError as problem:
        return problem.verify_message
    else:
        return "welcome"
    finally:
        thread.join(10)


def test_a_client_that_trusts_the_authority_takes_the_certificate(tmp_path: Path) -> None:
    now = datetime.datetime.now(datetime.UTC)
    authority = new_authority("api", 10, now)
    served = issue(authority, HOST, 5, now)
    assert shaken_hands(served, authority.certificate_pem, HOST, tmp_path) == "welcome"


def test_it_is_for_no_other_name(tmp_path: Path) -> None:
    now = datetime.datetime.now(datetime.UTC)
    authority = new_authority("api", 10, now)
    served = issue(authority, HOST, 5, now)
    assert "mismatch" in shaken_hands(served, authority.certificate_pem, "kubernetes.default.svc", tmp_path)


def test_during_a_change_of_authority_both_certificates_are_taken(tmp_path: Path) -> None:
    now = datetime.datetime.now(datetime.UTC)
    old, new = new_authority("api", 10, now), new_authority("api", 10, now)
    trusted = bundle(new.certificate, old.certificate_pem, now)
    for signer in (old, new):
        assert shaken_hands(issue(signer, HOST, 5, now), trusted, HOST, tmp_path) == "welcome"


def test_a_long_name_is_served_too(authority: Pair) -> None:
    host = f"{'a' * 60}.{'b' * 60}.svc"
    assert serves(issue(authority, host, 1, NOW).certificate, authority.certificate, host)


def test_what_is_stored_is_read_again(authority: Pair) -> None:
    again = read_pair(authority.certificate_pem, authority.key_pem)
    assert (again.certificate_pem, again.key_pem) == (authority.certificate_pem, authority.key_pem)


@pytest.mark.parametrize("broken", [b"", b"-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n"])
def test_what_is_no_certificate_is_unreadable(authority: Pair, broken: bytes) -> None:
    with pytest.raises(UnreadableError):
        read_pair(broken, authority.key_pem)


def test_another_certificates_key_is_refused(authority: Pair) -> None:
    other = new_authority("other", 1, NOW)
    with pytest.raises(UnreadableError, match="not the certificate's"):
        read_pair(authority.certificate_pem, other.key_pem)


def test_a_key_of_another_kind_is_refused(authority: Pair) -> None:
    key = rsa.generate_private_key(65537, 2048).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    with pytest.raises(UnreadableError, match="not the certificate's"):
        read_pair(authority.certificate_pem, key)


@pytest.mark.parametrize(("age", "due"), [(0, False), (199, False), (201, True), (400, True)])
def test_a_certificate_is_due_in_the_last_third_of_its_life(authority: Pair, age: int, due: bool) -> None:
    certificate = issue(authority, HOST, 300, NOW).certificate
    assert is_due(certificate, NOW + days(age)) is due


def test_no_certificate_outlives_its_authority(authority: Pair) -> None:
    late = NOW + days(3600)
    assert (
        issue(authority, HOST, 365, late).certificate.not_valid_after_utc == authority.certificate.not_valid_after_utc
    )


def test_a_certificate_of_another_authority_or_name_does_not_serve(authority: Pair) -> None:
    certificate = issue(authority, HOST, 1, NOW).certificate
    assert serves(certificate, authority.certificate, HOST)
    assert not serves(certificate, authority.certificate, "other.svc")
    assert not serves(certificate, new_authority("other", 1, NOW).certificate, HOST)
    assert not serves(authority.certificate, authority.certificate, HOST)


def test_an_old_authority_is_trusted_until_its_end(authority: Pair) -> None:
    old = new_authority("old", 100, NOW)
    during = bundle(authority.certificate, old.certificate_pem, NOW + days(99))
    assert x509.load_pem_x509_certificates(during) == [authority.certificate, old.certificate]
    assert bundle(authority.certificate, during, NOW + days(101)) == authority.certificate_pem


def test_a_bundle_that_cannot_be_read_is_forgotten(authority: Pair) -> None:
    assert bundle(authority.certificate, b"no certificates", NOW) == authority.certificate_pem
