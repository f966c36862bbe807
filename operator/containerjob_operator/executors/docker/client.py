"""One engine's connections: its own pool, one API version, a deadline on every question."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final

import aiodocker
import aiohttp
from aiodocker import DockerError

from containerjob_operator.errors import HostUnavailable
from containerjob_operator.executors.docker import faults

API_VERSION: Final = (1, 41)
"""The oldest API that knows all we ask for; a newer one only where the engine has dropped this."""


class EngineClient:
    """Asks one engine; whatever keeps it from answering becomes HostUnavailable here."""

    def __init__(
        self, socket: str, *, lanes: int = 16, read_seconds: float = 10.0, change_seconds: float = 60.0
    ) -> None:
        self.endpoint: Final = f"unix://{socket}"
        self._socket: Final = socket
        self._read_seconds: Final = read_seconds
        self._change_seconds: Final = change_seconds
        # Create, start and remove wait here for their turn; a busy engine gets no faster by more of them.
        self._lanes: Final = asyncio.Semaphore(lanes)
        self._negotiating: Final = asyncio.Lock()
        self._docker: aiodocker.Docker | None = None
        self._version = ""
        self._silent_at = 0.0

    @asynccontextmanager
    async def reading(self, what: str) -> AsyncIterator[aiodocker.Docker]:
        """Give the client for one question."""
        async with self._asking(what, self._read_seconds) as docker:
            yield docker

    @asynccontextmanager
    async def changing(self, what: str) -> AsyncIterator[aiodocker.Docker]:
        """Give the client for one change, in turn; fail at once if the engine fell silent meanwhile."""
        queued_at = asyncio.get_running_loop().time()
        async with self._lanes:
            if self._silent_at >= queued_at:
                raise faults.NotAsked(f"{self.endpoint} does not answer in time: {what} was not asked")
            async with self._asking(what, self._change_seconds) as docker:
                yield docker

    @asynccontextmanager
    async def pulling(self, what: str) -> AsyncIterator[aiodocker.Docker]:
        """Give the client for a pull, which takes no lane; how long it may take is the caller's to say."""
        async with self._asking(what, None) as docker:
            yield docker

    @asynccontextmanager
    async def stream(self, path: str, params: Mapping[str, str]) -> AsyncIterator[aiohttp.ClientResponse]:
        """Open a raw answer; only its head has a deadline, its length is the caller's to bound."""
        async with self._asking(path, self._read_seconds) as docker:
            response = await self._get(docker, f"/{self._version}/{path}", params)
        try:
            yield response
        except faults.NO_ANSWER as exc:
            raise faults.unavailable(self.endpoint, path, exc) from exc
        finally:
            response.close()

    async def fetch(self, path: str, params: Mapping[str, str]) -> Any:
        """Return a whole answer as the engine gives it."""
        async with self._asking(path, self._read_seconds) as docker:
            return await self._get_json(docker, f"/{self._version}/{path}", params)

    def in_time(self) -> asyncio.Timeout:
        """Bound the reading of a stream that has an end."""
        return asyncio.timeout(self._read_seconds)

    async def describe(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return what /info and /version say, whatever API version the engine speaks."""
        async with self._asking("info", self._read_seconds, negotiate=False) as docker:
            info = await self._get_json(docker, "/info", {})
            return info, await self._get_json(docker, "/version", {})

    async def aclose(self) -> None:
        """Close the pool."""
        docker, self._docker = self._docker, None
        if docker is not None:
            await docker.close()
            # Ours, hence not closed with it.
            await docker.connector.close()

    @asynccontextmanager
    async def _asking(
        self, what: str, seconds: float | None, *, negotiate: bool = True
    ) -> AsyncIterator[aiodocker.Docker]:
        try:
            async with asyncio.timeout(seconds):
                docker = self._opened()
                if negotiate and not self._version:
                    await self._negotiate(docker)
                yield docker
        except DockerError as exc:
            if exc.status != faults.CANNOT_CONNECT:
                raise
            raise self._unavailable(what, exc) from exc
        except faults.NO_ANSWER as exc:
            raise self._unavailable(what, exc) from exc

    def _unavailable(self, what: str, exc: BaseException) -> HostUnavailable:
        if isinstance(exc, TimeoutError):
            self._silent_at = asyncio.get_running_loop().time()
        # What comes back may be another engine version.
        self._version = ""
        return faults.unavailable(self.endpoint, what, exc)

    def _opened(self) -> aiodocker.Docker:
        if self._docker is None:
            # The default pool of 100 would let that many streams block every other call.
            connector = aiohttp.UnixConnector(self._socket, limit=0, keepalive_timeout=60)
            self._docker = aiodocker.Docker("http://docker", connector=connector, api_version=_text(API_VERSION))
        return self._docker

    async def _negotiate(self, docker: aiodocker.Docker) -> None:
        async with self._negotiating, asyncio.timeout(self._read_seconds):
            if self._version:
                return
            answer = await self._get_json(docker, "/version", {})
            newest, oldest = _numbers(answer["ApiVersion"]), _numbers(answer.get("MinAPIVersion") or "1.12")
            if newest < API_VERSION:
                raise HostUnavailable(
                    f"{self.endpoint} speaks API {answer['ApiVersion']}; 1.41 (Docker 20.10) or newer is needed"
                )
            docker.api_version = self._version = _text(max(API_VERSION, oldest))

    async def _get_json(self, docker: aiodocker.Docker, path: str, params: Mapping[str, str]) -> Any:
        async with await self._get(docker, path, params) as response:
            return await response.json()

    async def _get(self, docker: aiodocker.Docker, path: str, params: Mapping[str, str]) -> aiohttp.ClientResponse:
        response = await docker.session.get(f"{docker.docker_host}{path}", params=params)
        if response.status >= 400:
            async with response:
                raise DockerError(response.status, (await response.json())["message"])
        return response


def _numbers(version: str) -> tuple[int, int]:
    major, minor = version.split(".")[:2]
    return int(major), int(minor)


def _text(version: tuple[int, int]) -> str:
    return f"v{version[0]}.{version[1]}"
