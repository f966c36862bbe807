"""Who may ask, what is served beside the streams, and how the server follows what changes under it."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import Encoding, PrivateFormat
from structlog.testing import capture_logs
from tests.fakes.operator_rig import until
from tests.unit.log_api.conftest import API, JOBS, Desk, LogKube, client_context, publish
from tests.unit.log_api.toy_engine import ToyEngine

from containerjob_local.log_api import HOST
from containerjob_local.pki import Pki, ensure_pki, ensure_serving
from containerjob_local.ports import free_ports
from containerjob_operator.api import server, trust
from containerjob_operator.api.server import LogApi
from containerjob_operator.api.trust import Trust, Unusable
from containerjob_operator.errors import KubeRefused
from containerjob_operator.kube.resources import CONFIGMAP
from containerjob_operator.settings import Listen


async def ask(desk: Desk, context: ssl.SSLContext, path: str = "/healthz") -> tuple[int, str]:
    """Ask over a connection of its own."""
    connector = aiohttp.TCPConnector(ssl=context)
    url = f"https://127.0.0.1:{desk.api.listen.port}{path}"
    async with aiohttp.ClientSession(connector=connector) as session, session.get(url) as response:
        return response.status, await response.text()


async def test_the_api_server_gets_what_it_asks_for(desk: Desk) -> None:
    documents: dict[str, dict[str, Any]] = {}
    for path in ("/apis", "/apis/subresources.containerjobs.io", API, "/openapi/v2", "/openapi/v3"):
        async with desk.asking(path) as response:
            assert (response.status, response.content_type) == (200, "application/json")
            documents[path] = await response.json()
    assert {each["name"] for each in documents[API]["resources"]} == {
        "containerjobs/log",
        "containerjobs/stats",
        "cloudrunhosts/probe",
        "cloudrunhosts/orphans",
        "dockerhosts/probe",
        "dockerhosts/orphans",
    }
    assert documents["/openapi/v2"]["paths"] == {}
    async with desk.asking("/healthz") as response:
        assert await response.text() == "ok"


async def test_nobody_without_a_certificate_of_the_front_proxys_authority_gets_in(desk: Desk) -> None:
    for user in (None, "admin"):
        with pytest.raises((aiohttp.ClientError, ssl.SSLError)):
            await ask(desk, client_context(desk.pki, user))
    assert await ask(desk, client_context(desk.pki)) == (200, "ok")


async def test_a_certificate_of_that_authority_under_another_name_is_refused(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "TRUST_SECONDS", 0)
    publish(desk.kube, desk.pki.pair("front-proxy-ca").certificate.read_text(), '["somebody-else"]')
    await desk.api._look()
    code, message = await desk.refused("/healthz")
    assert (code, message) == (403, "only the cluster's API server may ask here; ask it")
    publish(desk.kube, desk.pki.pair("front-proxy-ca").certificate.read_text(), "[]")
    await desk.api._look()
    assert await ask(desk, client_context(desk.pki)) == (200, "ok")


def test_no_certificate_is_nobodys() -> None:
    assert not Trust("", frozenset()).admits(None)


async def test_bodies_and_other_methods_are_refused(desk: Desk) -> None:
    async with desk.session.get(f"{JOBS}/hello/log", data=b"body") as response:
        assert (response.status, (await response.json())["message"]) == (400, "a request here has no body")
    async with desk.session.post(f"{JOBS}/hello/log") as response:
        assert (response.status, (await response.json())["message"]) == (405, "only GET is served here")


async def test_no_output_follows_the_answer_to_a_head_request(desk: Desk) -> None:
    desk.job()
    container = desk.attempt()
    await container.write("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged")
    await container.end()
    reader, writer = await asyncio.open_connection("127.0.0.1", desk.api.listen.port, ssl=client_context(desk.pki))
    writer.write(
        f"HEAD {JOBS}/hello/log HTTP/1.1\r\nHost: x\r\n\r\n"
        "GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode()
    )
    async with asyncio.timeout(10):
        head, health, *rest = (await reader.read()).split(b"HTTP/1.1 ")[1:]
    writer.close()
    assert head.startswith(b"405 ")
    assert health.startswith(b"200 OK")
    assert health.endswith(b"\r\n\r\nok")
    assert rest == []


async def test_what_goes_wrong_with_us_is_no_stack_trace_for_them(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object) -> list[object]:
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr(desk.kube, "jobs_wanted", broken)
    assert await desk.refused("hello/log") == (500, "the operator failed to answer; its log tells more")


async def test_a_bug_in_the_middle_breaks_the_stream_off(desk: Desk) -> None:
    desk.job()
    await desk.attempt().write("one\n")
    desk.kube.edit_job({"status": {"phase": None}})
    container = desk.engine.containers[desk.kube.status()["attempts"][0]["name"]]
    container.written.append(object())  # type: ignore[arg-type]
    async with desk.asking(f"{JOBS}/hello/log") as response:
        with pytest.raises(aiohttp.ClientError):
            await response.read()


async def test_an_api_server_that_is_away_is_no_end_of_ours(desk: Desk) -> None:
    desk.kube.away = True
    assert await desk.refused("hello/log") == (503, "the API server does not answer")


async def test_a_new_certificate_and_a_new_authority_are_taken_up(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "TRUST_SECONDS", 0)
    monkeypatch.setattr(server, "LOOK_SECONDS", 0.02)
    other = ensure_pki(tmp_path / "pki")
    certificate, key = tmp_path / "tls.crt", tmp_path / "tls.key"
    pair = ensure_serving(other, "operator", HOST)
    api = await LogApi.start(
        Listen(free_ports(1)[0], certificate_of(desk.pki, certificate), key_of(desk.pki, key), "127.0.0.1"),
        desk.kube,
        lambda _endpoint, _uid: ToyEngine(),
    )
    moved = Desk(desk.kube, desk.engine, api, desk.session, other)
    try:
        assert await ask(moved, client_context(desk.pki)) == (200, "ok")
        with capture_logs() as said:
            certificate.write_text("half")
            await until(lambda: "the log API goes on with its old certificate" in events(said), "it is told")
            assert await ask(moved, client_context(desk.pki)) == (200, "ok")
            certificate.write_bytes(desk.pki.pair("operator").certificate.read_bytes())
            publish(desk.kube, "no certificates")
            await until(lambda: "the log API does not take this authority" in events(said), "it is told")
        key.write_bytes(pair.key.read_bytes())
        certificate.write_bytes(pair.certificate.read_bytes())
        publish(desk.kube, other.pair("front-proxy-ca").certificate.read_text())
        await until(lambda: api._files == (pair.certificate.read_bytes(), pair.key.read_bytes()), "it is taken up")
        assert await ask(moved, client_context(other)) == (200, "ok")
        with pytest.raises((aiohttp.ClientError, ssl.SSLError)):
            await ask(moved, client_context(desk.pki))
    finally:
        await api.aclose()


def events(said: Sequence[Mapping[str, Any]]) -> set[str]:
    """Return what was logged."""
    return {str(each["event"]) for each in said}


@asynccontextmanager
async def broken(kube: LogKube) -> AsyncIterator[None]:
    """Have reads of the front proxy's authority run into a bug."""

    async def configuration(*_: object) -> dict[str, str]:
        raise ZeroDivisionError("a bug")

    kube.configuration = configuration  # type: ignore[method-assign, assignment]
    yield
    del kube.configuration


async def test_idle_connections_that_an_authority_of_before_let_in_are_closed(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "TRUST_SECONDS", 0)
    desk.job()
    container = desk.attempt()
    await container.write("one\n")
    reader, writer = await asyncio.open_connection("127.0.0.1", desk.api.listen.port, ssl=client_context(desk.pki))
    writer.write(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
    async with asyncio.timeout(10), desk.asking(f"{JOBS}/hello/log", follow="true") as stream:
        await reader.readuntil(b"ok")
        assert await stream.content.readline() == b"one\n"
        publish(desk.kube, ensure_pki(tmp_path / "pki").pair("front-proxy-ca").certificate.read_text())
        await desk.api._look()
        assert await reader.read() == b""
        await container.write("two\n")
        assert await stream.content.readline() == b"two\n"
    writer.close()


@pytest.mark.parametrize("names", ['"front-proxy-client"', '{"front-proxy-client": 1}', "[1]", "[", "7"])
async def test_names_of_the_front_proxy_that_are_no_list_admit_nobody(pki: Pki, names: str) -> None:
    kube = LogKube()
    publish(kube, pki.pair("front-proxy-ca").certificate.read_text(), names)
    with pytest.raises(KubeRefused, match="does not tell the front proxy's authority and names"):
        await trust.read_trust(kube)


async def test_an_empty_list_of_names_may_be_written_as_null(pki: Pki) -> None:
    kube = LogKube()
    publish(kube, pki.pair("front-proxy-ca").certificate.read_text(), "null")
    assert (await trust.read_trust(kube)).names == frozenset()


async def test_an_authority_without_a_certificate_is_waited_out(pki: Pki) -> None:
    kube = LogKube()
    publish(kube, "")
    pair = pki.pair("operator")
    listen = Listen(free_ports(1)[0], pair.certificate, pair.key, "127.0.0.1")
    with capture_logs() as said:
        api = await LogApi.start(listen, kube, lambda _endpoint, _uid: ToyEngine())
    await api.aclose()
    assert "the log API does not take this authority" in events(said)


async def test_a_peer_that_vanished_is_noticed_soon(desk: Desk) -> None:
    assert (await ask(desk, client_context(desk.pki)))[0] == 200
    bound = desk.api._socket
    assert bound.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) == 30


def certificate_of(pki: Pki, path: Path) -> Path:
    path.write_bytes(pki.pair("operator").certificate.read_bytes())
    return path


def key_of(pki: Pki, path: Path) -> Path:
    path.write_bytes(pki.pair("operator").key.read_bytes())
    return path


async def test_it_listens_once_the_front_proxy_is_known(pki: Pki, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "LOOK_SECONDS", 0.02)
    kube = LogKube()
    listen = Listen(free_ports(1)[0], pki.pair("operator").certificate, pki.pair("operator").key)
    api = await LogApi.start(listen, kube, lambda _endpoint, _uid: ToyEngine())
    try:
        assert api._site is None
        with capture_logs() as said:
            kube.fake.put(
                CONFIGMAP, {"metadata": {"name": trust.CONFIGMAP, "namespace": trust.NAMESPACE}, "data": {}}
            )
            await until(lambda: "the front proxy's authority is not known" in events(said), "it is told")
            async with broken(kube):
                await until(lambda: "looking after the log API failed" in events(said), "it is told")
        assert api._site is None
        publish(kube, pki.pair("front-proxy-ca").certificate.read_text())
        await until(lambda: api._site, "it listens")
        for address in ("127.0.0.1", "[::1]"):
            connector, url = aiohttp.TCPConnector(ssl=client_context(pki)), f"https://{address}:{listen.port}/healthz"
            async with aiohttp.ClientSession(connector=connector) as session, session.get(url) as response:
                assert response.status == 200
    finally:
        await api.aclose()


async def test_options_that_cannot_be_used_are_named(desk: Desk, tmp_path: Path) -> None:
    pair = desk.pki.pair("operator")

    async def start(**changes: Any) -> None:
        given = {
            "port": free_ports(1)[0],
            "cert_file": pair.certificate,
            "key_file": pair.key,
            "address": "127.0.0.1",
        }
        await LogApi.start(Listen(**(given | changes)), desk.kube, lambda _endpoint, _uid: ToyEngine())

    with pytest.raises(
        Unusable, match=r"--api-port \d+ on --api-address 127\.0\.0\.1 cannot be used: Address already"
    ):
        await start(port=desk.api.listen.port)
    with pytest.raises(Unusable, match=r"--api-cert-file .* and --api-key-file .* cannot be used"):
        await start(key_file=desk.pki.pair("admin").key)
    locked = tmp_path / "locked.key"
    key = serialization.load_pem_private_key(pair.key.read_bytes(), None)
    encrypted = serialization.BestAvailableEncryption(b"secret")
    locked.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encrypted))
    with pytest.raises(Unusable, match=r"--api-key-file .*locked\.key cannot be used"):
        await start(key_file=locked)
    with pytest.raises(Unusable, match=r"none\.crt cannot be read: No such file"):
        await start(cert_file=tmp_path / "none.crt")
