"""Who we are for Google: found out in a thread, and what is wrong with it told in one line."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from google.auth import impersonated_credentials
from google.oauth2 import service_account

from containerjob_api.phases import HostReason
from containerjob_operator.errors import HostRefused
from containerjob_operator.executors.cloudrun.client import CloudRunClient, credentials_of
from containerjob_operator.executors.cloudrun.place import Credentials, Place

ACCOUNT = "operator@demo.iam.gserviceaccount.com"


@pytest.fixture(scope="module")
def key() -> str:
    pem = rsa.generate_private_key(65537, 2048).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    found = {
        "type": "service_account",
        "client_email": ACCOUNT,
        "private_key": pem.decode(),
        "private_key_id": "k1",
        "token_uri": "https://oauth2.googleapis.com/token",
    }
    return json.dumps(found)


@pytest.fixture
def ours(key: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Application default credentials of a file."""
    path = tmp_path / "key.json"
    path.write_text(key)
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(path))
    return iter(())


def test_a_key_is_the_service_account_it_is_of(key: str) -> None:
    found = credentials_of(Credentials(key=key))
    assert isinstance(found, service_account.Credentials)
    assert found.service_account_email == ACCOUNT


@pytest.mark.usefixtures("ours")
def test_without_a_key_the_application_default_is_taken() -> None:
    found = credentials_of(Credentials())
    assert isinstance(found, service_account.Credentials)


@pytest.mark.usefixtures("ours")
def test_another_account_is_acted_as_with_the_application_default_behind() -> None:
    found = credentials_of(Credentials(impersonate="jobs@demo.iam.gserviceaccount.com"))
    assert isinstance(found, impersonated_credentials.Credentials)
    assert found.service_account_email == "jobs@demo.iam.gserviceaccount.com"


@pytest.mark.parametrize("bad", ["", "no json", "[]", "{}", '{"client_email": "a", "token_uri": "b"}'])
async def test_a_key_that_is_none_is_told_in_one_line_without_the_key(bad: str) -> None:
    with pytest.raises(HostRefused, match=r"spec\.credentials") as refused:
        await CloudRunClient.connect(Place("demo", "europe-west1", credentials=Credentials(key=bad)), lanes=1)
    assert refused.value.reason is HostReason.CREDENTIALS_INVALID
    assert "\n" not in refused.value.message


async def test_a_missing_identity_is_told_in_one_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "none.json"))
    with pytest.raises(HostRefused, match="demo/europe-west1: no usable credentials") as refused:
        await CloudRunClient.connect(Place("demo", "europe-west1"), lanes=1)
    assert refused.value.reason is HostReason.CREDENTIALS_INVALID


async def test_clients_for_google_itself_are_built_without_asking_it(key: str) -> None:
    client = await CloudRunClient.connect(Place("demo", "europe-west1", credentials=Credentials(key=key)), lanes=1)
    assert client.services.jobs.transport.host == "run.googleapis.com:443"
    assert client.services.logging.transport.host == "logging.googleapis.com:443"
    await client.aclose()


def test_a_key_is_in_no_text_about_the_place(key: str) -> None:
    assert "PRIVATE" not in repr(Place("demo", "europe-west1", credentials=Credentials(key=key)))
