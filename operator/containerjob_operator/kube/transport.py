"""lightkube's requests over aiohttp's connections.

Measured at concurrency 8: a status patch costs 2.2 ms of CPU over httpx2's own transport, most of it in a connection
pool and an HTTP parser in pure Python. aiohttp parses in C, and kopf has loaded it anyway. Requests, credentials and
errors stay lightkube's.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator
from typing import Any, Final
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
import httpx2
from aiohttp.client_proto import ResponseHandler
from yarl import URL

KEEP_ALIVE_SECONDS: Final = 60.0
"""Longer than the Lease's renewal: at rest there is one connection, and no handshake every few seconds."""


class _Connector(aiohttp.TCPConnector):
    """Knows every connection that is open, also one that was given up singly and is still saying good-bye in TLS."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._open: dict[asyncio.Future[None], asyncio.WriteTransport] = {}

    async def _create_connection(self, *request: Any) -> ResponseHandler:
        handler = await super()._create_connection(*request)
        closed, transport = handler.closed, handler.transport
        if closed is not None and transport is not None:
            self._open[closed] = transport
            closed.add_done_callback(self._forget)
        return handler

    def _forget(self, closed: "asyncio.Future[None]") -> None:
        if not closed.cancelled():
            closed.exception()  # however it ended, its request has told
        del self._open[closed]

    async def abort(self) -> None:
        """End whatever is still open."""
        for transport in list(self._open.values()):
            transport.abort()
        await asyncio.sleep(0)  # the loop closes an aborted socket in its next round


_UNBOUNDED: Final = aiohttp.ClientTimeout(sock_connect=10)


class _Open(httpx2.AsyncByteStream):
    """An answer that is read as it comes."""

    def __init__(self, answer: aiohttp.ClientResponse, request: httpx2.Request) -> None:
        self._answer = answer
        self._request = request

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for data in self._answer.content.iter_any():
                yield data
        except (aiohttp.ClientError, OSError) as error:
            raise httpx2.ReadError(str(error) or type(error).__name__, request=self._request) from error

    async def aclose(self) -> None:
        self._answer.close()


class AiohttpTransport(httpx2.AsyncBaseTransport):
    """Sends each request through one aiohttp session; belongs to one event loop."""

    def __init__(self, server: str, context: ssl.SSLContext, seconds: float) -> None:
        self._connector = _Connector(ssl=context, limit=0, keepalive_timeout=KEEP_ALIVE_SECONDS)
        self._session = aiohttp.ClientSession(
            connector=self._connector,
            timeout=aiohttp.ClientTimeout(total=seconds),
            auto_decompress=False,  # httpx2 decodes by the response's headers
            cookie_jar=aiohttp.DummyCookieJar(),
        )
        # Once, not per request: aiohttp's own trust_env asks the environment in a thread, twice a request.
        self._proxy = _proxy_from_environment(server)

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send it and read the whole answer, or, of a watch, its head."""
        try:
            if "watch" in request.url.params:
                return await self._watch(request)
            async with self._send(request) as answer:
                content = await answer.read()
                return httpx2.Response(answer.status, headers=list(answer.headers.items()), content=content)
        except TimeoutError as error:
            raise httpx2.ReadTimeout("no answer in time", request=request) from error
        except aiohttp.ClientConnectorError as error:
            raise httpx2.ConnectError(str(error), request=request) from error
        except (aiohttp.ClientError, OSError) as error:
            raise httpx2.ReadError(str(error) or type(error).__name__, request=request) from error

    def _send(self, request: httpx2.Request, **options: Any) -> Any:
        return self._session.request(
            request.method,
            URL(str(request.url), encoded=True),
            data=request.content or None,
            headers=request.headers.multi_items(),
            allow_redirects=False,
            proxy=self._proxy,
            **options,
        )

    async def _watch(self, request: httpx2.Request) -> httpx2.Response:
        """Leave the answer open; how long it may be silent is the reader's to bound."""
        answer = await self._send(request, timeout=_UNBOUNDED)
        return httpx2.Response(answer.status, headers=list(answer.headers.items()), stream=_Open(answer, request))

    async def aclose(self) -> None:
        """Close all connections, also those that the session has given up and whose TLS is still saying good-bye."""
        await self._session.close()
        await self._connector.abort()


def _proxy_from_environment(server: str) -> str | None:
    url = urlsplit(server)
    return None if proxy_bypass(url.hostname or "") else getproxies().get(url.scheme)
