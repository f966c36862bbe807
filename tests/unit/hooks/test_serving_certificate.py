"""The certificate's hook: makes what is missing or due, tells the API server first, and leaves what is good alone."""

import base64
import datetime
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from cryptography import x509
from tests.unit.hooks.stored import Stored
from tests.unit.kube.servers import status

from containerjob_operator.errors import KubeRefused, WriteConflict
from containerjob_operator.hooks.certificates import serves
from containerjob_operator.hooks.serving_certificate import Wanted, ensure, main
from containerjob_operator.kube.api import Api

NOW = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
WANTED = Wanted("here", "cj-api", "cj-api-tls", "cj-api-ca", "v1alpha1.subresources.containerjobs.io", 365, 3650)
SECRETS = "/api/v1/namespaces/here/secrets"
TLS, CA = f"{SECRETS}/cj-api-tls", f"{SECRETS}/cj-api-ca"
API_SERVICE = f"/apis/apiregistration.k8s.io/v1/apiservices/{WANTED.api_service}"


def after(days: float) -> datetime.datetime:
    return NOW + datetime.timedelta(days=days)


def certificates(stored: Stored, path: str, key: str) -> list[x509.Certificate]:
    return x509.load_pem_x509_certificates(base64.b64decode(stored.objects[path]["data"][key]))


def trusted(stored: Stored) -> list[x509.Certificate]:
    return x509.load_pem_x509_certificates(base64.b64decode(stored.objects[API_SERVICE]["spec"]["caBundle"]))


@pytest.fixture
def stored() -> Stored:
    return Stored()


@pytest.fixture
async def api(stored: Stored, tmp_path: Path) -> AsyncIterator[Api]:
    client = stored.api(tmp_path)
    yield client
    await client.aclose()


async def test_before_the_first_install_it_makes_both_secrets(api: Api, stored: Stored) -> None:
    await ensure(api, WANTED, NOW)
    (leaf,), (authority,) = certificates(stored, TLS, "tls.crt"), certificates(stored, CA, "tls.crt")
    assert serves(leaf, authority, "cj-api.here.svc")
    assert certificates(stored, TLS, "ca.crt") == [authority]
    assert {stored.objects[path]["type"] for path in (TLS, CA)} == {"kubernetes.io/tls"}


async def test_the_operator_is_not_given_the_authoritys_key(api: Api, stored: Stored) -> None:
    await ensure(api, WANTED, NOW)
    assert stored.objects[CA]["data"]["tls.key"] not in stored.objects[TLS]["data"].values()


async def test_after_the_install_the_api_server_trusts_the_authority(api: Api, stored: Stored) -> None:
    await ensure(api, WANTED, NOW)
    stored.put(API_SERVICE, {"spec": {}})
    await ensure(api, WANTED, NOW)
    assert trusted(stored) == certificates(stored, CA, "tls.crt")


async def test_a_second_run_changes_nothing(api: Api, stored: Stored, capsys: pytest.CaptureFixture[str]) -> None:
    stored.put(API_SERVICE, {"spec": {}})
    await ensure(api, WANTED, NOW)
    stored.requests.clear()
    await ensure(api, WANTED, after(200))
    assert {request.partition(" ")[0] for request in stored.requests} == {"GET"}
    assert "valid until 2027-01-01" in capsys.readouterr().out


async def test_a_certificate_that_is_due_is_renewed_by_the_same_authority(api: Api, stored: Stored) -> None:
    stored.put(API_SERVICE, {"spec": {}})
    await ensure(api, WANTED, NOW)
    before = dict(stored.objects)
    await ensure(api, WANTED, after(300))
    assert certificates(stored, TLS, "tls.crt")[0].not_valid_after_utc == after(665)
    assert (stored.objects[CA], stored.objects[API_SERVICE]) == (before[CA], before[API_SERVICE])


async def test_a_new_authority_is_known_before_anything_is_signed_by_it(api: Api, stored: Stored) -> None:
    stored.put(API_SERVICE, {"spec": {}})
    await ensure(api, WANTED, NOW)
    (old,) = trusted(stored)
    stored.requests.clear()
    await ensure(api, WANTED, after(3000))
    assert [request for request in stored.requests if request.startswith("PATCH")] == [
        f"PATCH {path}" for path in (CA, API_SERVICE, TLS)
    ]
    new, *others = trusted(stored)
    assert others == [old]
    assert serves(certificates(stored, TLS, "tls.crt")[0], new, WANTED.host)


async def test_what_cannot_be_read_is_made_anew(api: Api, stored: Stored, capsys: pytest.CaptureFixture[str]) -> None:
    stored.put(TLS, {"data": {"tls.crt": base64.b64encode(b"nonsense").decode()}})
    stored.put(CA, {"data": None})
    await ensure(api, WANTED, NOW)
    assert serves(certificates(stored, TLS, "tls.crt")[0], certificates(stored, CA, "tls.crt")[0], WANTED.host)
    assert "cannot be used, and is made anew" in capsys.readouterr().out


async def test_another_service_name_needs_another_certificate(api: Api, stored: Stored) -> None:
    await ensure(api, WANTED, NOW)
    renamed = Wanted("here", "other", WANTED.secret, WANTED.authority_secret, WANTED.api_service, 365, 3650)
    await ensure(api, renamed, NOW)
    assert serves(certificates(stored, TLS, "tls.crt")[0], certificates(stored, CA, "tls.crt")[0], "other.here.svc")


async def test_whoever_wrote_first_is_not_overwritten(api: Api, stored: Stored) -> None:
    writes = iter([CA, TLS])
    stored.before = lambda told: stored.put(TLS, {}) if told.startswith("POST") and next(writes) == TLS else None
    with pytest.raises(WriteConflict):
        await ensure(api, WANTED, NOW)


async def test_a_missing_permission_is_told_in_the_servers_words(api: Api, stored: Stored) -> None:
    stored.troubles[f"POST {SECRETS}"] = [status(403, "secrets is forbidden")]
    with pytest.raises(KubeRefused, match="creating Secret here/cj-api-ca: secrets is forbidden"):
        await ensure(api, WANTED, NOW)


def test_a_life_of_no_days_is_refused_by_name() -> None:
    options = ["--namespace=a", "--service=b", "--secret=c", "--authority-secret=d", "--api-service=e"]
    result = CliRunner().invoke(main, [*options, "--lifetime-days=0"])
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == "error: Invalid value for '--lifetime-days': 0 is not in the range 1<=x<=36500.\n"


def test_without_a_cluster_it_says_so_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KUBECONFIG", raising=False)
    options = ["--namespace=a", "--service=b", "--secret=c", "--authority-secret=d", "--api-service=e"]
    result = CliRunner().invoke(main, options)
    assert (result.exit_code, result.stderr) == (
        1,
        "error: not in a pod with a service account: name a kubeconfig file\n",
    )
