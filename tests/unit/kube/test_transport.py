"""Requests over aiohttp: what comes back is httpx2's, also when nothing comes back."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable

import httpx2
import pytest
from aiohttp import web

from containerjob_operator.kube.transport import AiohttpTransport

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Serve = Callable[[Handler], Awaitable[str]]


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """Start a server on loopback for a handler, and return its address."""
    runners: list[web.AppRunner] = []

    async def start(handler: Handler) -> str:
        application = web.Application()
        application.router.add_route("*", "/{path:.*}", handler)
        runner = web.AppRunner(application, shutdown_timeout=0.1)
        await runner.setup()
        runners.append(runner)
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        return f"http://127.0.0.1:{runner.addresses[0][1]}"

    yield start
    for runner in runners:
        await runner.cleanup()


async def ask(address: str, path: str = "/", seconds: float = 5.0, **request: object) -> httpx2.Response:
    transport = AiohttpTransport(address, ssl.create_default_context(), seconds)
    async with httpx2.AsyncClient(transport=transport, base_url=address) as client:
        return await client.request("PATCH", path, **request)  # type: ignore[arg-type]


async def test_method_path_headers_and_body_arrive_as_they_were_sent(serve: Serve) -> None:
    async def echo(request: web.Request) -> web.Response:
        told = [request.method, request.raw_path, request.headers["X-Word"], await request.text()]
        return web.json_response(told, status=201, headers={"X-Answer": "yes"})

    answer = await ask(await serve(echo), "/a%2Fb?x=1%3D2", headers={"X-Word": "w"}, content=b"body")
    assert answer.status_code == 201
    assert answer.headers["X-Answer"] == "yes"
    assert answer.json() == ["PATCH", "/a%2Fb?x=1%3D2", "w", "body"]


async def test_a_compressed_answer_is_readable(serve: Serve) -> None:
    async def compressed(_: web.Request) -> web.Response:
        answer = web.Response(text="word " * 1000)
        answer.enable_compression(web.ContentCoding.gzip)
        return answer

    assert (await ask(await serve(compressed))).text == "word " * 1000


async def test_a_redirect_is_not_followed(serve: Serve) -> None:
    async def redirect(_: web.Request) -> web.Response:
        raise web.HTTPFound("/elsewhere")

    assert (await ask(await serve(redirect))).status_code == 302


async def test_a_server_that_is_not_there_is_a_connection_error(unused_tcp_port: int) -> None:
    with pytest.raises(httpx2.ConnectError):
        await ask(f"http://127.0.0.1:{unused_tcp_port}")


async def test_a_server_that_does_not_answer_in_time_is_a_timeout(serve: Serve) -> None:
    async def silent(_: web.Request) -> web.Response:
        await asyncio.sleep(60)
        return web.Response()

    with pytest.raises(httpx2.ReadTimeout):
        await ask(await serve(silent), seconds=0.2)


async def test_a_connection_that_breaks_in_the_answer_is_a_read_error(serve: Serve) -> None:
    async def breaks(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse(headers={"Content-Length": "100"})
        await answer.prepare(request)
        await answer.write(b"half")
        assert request.transport is not None
        request.transport.abort()
        return answer

    with pytest.raises(httpx2.ReadError):
        await ask(await serve(breaks))


async def test_a_proxy_of_the_environment_is_used_and_no_proxy_is_heeded(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def proxy(request: web.Request) -> web.Response:
        return web.Response(text=f"proxied {request.headers['Host']}")

    monkeypatch.setenv("http_proxy", await serve(proxy))
    monkeypatch.setenv("no_proxy", "")
    assert (await ask("http://kube.test")).text == "proxied kube.test"

    async def direct(_: web.Request) -> web.Response:
        return web.Response(text="direct")

    monkeypatch.setenv("no_proxy", "127.0.0.1")
    assert (await ask(await serve(direct))).text == "direct"
