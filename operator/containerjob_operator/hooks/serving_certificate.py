"""Sees to the log API's certificate: an authority, what it signs, and that the API server trusts it.

Runs before and after an install or upgrade, and by the clock. A second run changes nothing.
The authority is known to the API server before anything is signed by it, and an old one stays known to its end, so a
renewal breaks no connection. Its key is in a Secret of its own, which the operator does not mount.
"""

import base64
import datetime
from dataclasses import dataclass
from pathlib import Path

import click

from containerjob_api.names import OPERATOR_NAME
from containerjob_operator.command_line import OneLine
from containerjob_operator.errors import ObjectGone
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
from containerjob_operator.hooks.objects import API_SERVICE
from containerjob_operator.hooks.running import kubeconfig_option, patiently, run_hook, timeout_option
from containerjob_operator.kube.api import Api
from containerjob_operator.kube.resources import SECRET, Body

DAYS = click.IntRange(1, 36500)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What there has to be."""

    namespace: str
    service: str
    secret: str
    authority_secret: str
    api_service: str
    lifetime_days: int
    authority_days: int

    @property
    def host(self) -> str:
        """The name that the API server expects."""
        return f"{self.service}.{self.namespace}.svc"


@click.command(cls=OneLine, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--namespace", required=True, help="Namespace of the Service and the Secrets.")
@click.option("--service", required=True, help="Service in front of the log API.")
@click.option("--secret", required=True, help="Secret of type kubernetes.io/tls that the operator mounts.")
@click.option("--authority-secret", required=True, help="Secret that keeps the authority.")
@click.option("--api-service", required=True, help="APIService whose caBundle is set, once there is one.")
@click.option("--lifetime-days", type=DAYS, default=365, show_default=True, help="Life of the certificate.")
@click.option("--authority-days", type=DAYS, default=3650, show_default=True, help="Life of the authority.")
@timeout_option(120)
@kubeconfig_option
def main(kubeconfig: Path | None, timeout_seconds: int, **wanted: str | int) -> None:
    """See to the log API's certificate."""
    told = Wanted(**wanted)  # type: ignore[arg-type]

    async def work(api: Api) -> None:
        await patiently(lambda: ensure(api, told, datetime.datetime.now(datetime.UTC)))

    run_hook(work, kubeconfig, timeout_seconds)


async def ensure(api: Api, wanted: Wanted, now: datetime.datetime) -> None:
    """Make, store and announce whatever is missing or due; WriteConflict where somebody else does so too."""
    authority, trusted = await _authority(api, wanted, now)
    await _announce(api, wanted, trusted)
    await _certificate(api, wanted, authority, now)


async def _authority(api: Api, wanted: Wanted, now: datetime.datetime) -> tuple[Pair, bytes]:
    """Return the authority, and whom the API server has to trust."""
    stored = await _read(api, wanted, wanted.authority_secret)
    found = _pair(stored)
    known = _decoded(stored, "ca.crt")
    if found is not None and not is_due(found.certificate, now):
        return found, bundle(found.certificate, known, now)
    made = new_authority(wanted.service, wanted.authority_days, now)
    trusted = bundle(made.certificate, known + (found.certificate_pem if found is not None else b""), now)
    await _store(api, wanted, wanted.authority_secret, stored, made, trusted)
    return made, trusted


async def _certificate(api: Api, wanted: Wanted, authority: Pair, now: datetime.datetime) -> None:
    stored = await _read(api, wanted, wanted.secret)
    found = _pair(stored)
    good = found is not None and serves(found.certificate, authority.certificate, wanted.host)
    if found is not None and good and not is_due(found.certificate, now):
        click.echo(f"the certificate of {wanted.host} is valid until {found.certificate.not_valid_after_utc}")
        return
    made = issue(authority, wanted.host, wanted.lifetime_days, now)
    await _store(api, wanted, wanted.secret, stored, made, authority.certificate_pem)


async def _announce(api: Api, wanted: Wanted, trusted: bytes) -> None:
    """Tell the API server whom to trust; before the first install there is nobody to tell."""
    told = _encoded(trusted)
    try:
        body = await api.get(API_SERVICE, wanted.api_service)
    except ObjectGone:
        click.echo(f"APIService {wanted.api_service} is not there yet")
        return
    if body["spec"].get("caBundle") == told:
        return
    version = body["metadata"]["resourceVersion"]
    await api.patch(
        API_SERVICE, wanted.api_service, {"metadata": {"resourceVersion": version}, "spec": {"caBundle": told}}
    )
    click.echo(f"APIService {wanted.api_service} trusts the authority")


async def _read(api: Api, wanted: Wanted, name: str) -> Body | None:
    try:
        return await api.get(SECRET, name, wanted.namespace)
    except ObjectGone:
        return None


async def _store(api: Api, wanted: Wanted, name: str, stored: Body | None, pair: Pair, trusted: bytes) -> None:
    """Create or replace a Secret, if it is still as it was read."""
    data = {
        "tls.crt": _encoded(pair.certificate_pem),
        "tls.key": _encoded(pair.key_pem),
        "ca.crt": _encoded(trusted),
    }
    if stored is None:
        labels = {"app.kubernetes.io/name": OPERATOR_NAME, "app.kubernetes.io/part-of": OPERATOR_NAME}
        metadata = {"name": name, "namespace": wanted.namespace, "labels": labels}
        await api.create(SECRET, {"metadata": metadata, "type": "kubernetes.io/tls", "data": data})
    else:
        version = {"resourceVersion": stored["metadata"]["resourceVersion"]}
        await api.patch(SECRET, name, {"metadata": version, "data": data}, wanted.namespace)
    click.echo(f"Secret {wanted.namespace}/{name} is new, valid until {pair.certificate.not_valid_after_utc}")


def _pair(stored: Body | None) -> Pair | None:
    try:
        return read_pair(_decoded(stored, "tls.crt"), _decoded(stored, "tls.key")) if stored is not None else None
    except UnreadableError as problem:
        click.echo(f"what is stored cannot be used, and is made anew: {problem}")
        return None


def _decoded(stored: Body | None, key: str) -> bytes:
    return base64.b64decode(((stored or {}).get("data") or {}).get(key) or "")


def _encoded(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


if __name__ == "__main__":
    main()
