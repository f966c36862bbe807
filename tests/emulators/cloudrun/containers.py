"""Tasks as containers of a local engine: started, read, signalled, removed; leftovers are found by their label."""

import asyncio
import struct
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, Final

import aiodocker
import aiohttp
from aiodocker.exceptions import DockerError
from google.protobuf.timestamp_pb2 import Timestamp

OWNER: Final = "cloudrun-emulator"
"""Label on every container; its value is the one emulator that made it."""
EXECUTION: Final = "cloudrun-emulator.execution"
UNIX: Final = "unix://"
NOT_FOUND: Final = 404
CONFLICT: Final = 409
PARALLEL_STARTS: Final = 8
"""More at once make an engine slower."""
STREAMS: Final = {1: "stdout", 2: "stderr"}


class ImageMissing(Exception):
    """No such image, here or in its registry."""


class NotStarted(Exception):
    """The engine made the container and could not start what is in it."""


@dataclass(frozen=True, slots=True)
class Piece:
    """What one record of the engine's log has: a line, or a part of a long one."""

    stream: str
    nanoseconds: int
    text: str


@dataclass(frozen=True, slots=True)
class Ended:
    """How a container ended, by the engine's account."""

    exit_code: int
    out_of_memory: bool


class Running:
    """One container."""

    def __init__(self, docker: aiodocker.Docker, container: Any) -> None:
        self._docker = docker
        self._container = container

    async def output(self, *, follow: bool) -> AsyncIterator[Piece]:
        """Read both streams from their beginning, with the engine's timestamps; following lasts as it runs."""
        url = f"{self._docker.docker_host}/containers/{self._container.id}/logs"
        asked = {"stdout": "1", "stderr": "1", "follow": str(int(follow)), "timestamps": "1"}
        async with self._docker.session.get(url, params=asked, timeout=None) as response:
            while header := await response.content.read(1):
                header += await response.content.readexactly(7)
                stream, length = struct.unpack(">BxxxL", header)
                yield _piece(STREAMS[stream], await response.content.readexactly(length))

    async def wait(self) -> Ended:
        """Wait for its end."""
        await self._container.wait(timeout=None)
        state = (await self._container.show())["State"]
        return Ended(state["ExitCode"], state["OOMKilled"])

    async def signal(self, name: str) -> None:
        """Send a signal; one that ended meanwhile gets none."""
        try:
            await self._container.kill(signal=name)
        except DockerError as exc:
            if exc.status not in (NOT_FOUND, CONFLICT):
                raise

    async def remove(self) -> None:
        """Remove it, running or not."""
        try:
            await self._container.delete(force=True, v=True)
        except DockerError as exc:
            # Removed by somebody else, or being removed.
            if exc.status not in (NOT_FOUND, CONFLICT):
                raise


class Engine:
    """The engine that runs the tasks."""

    def __init__(self, endpoint: str, owner: str) -> None:
        self._endpoint = endpoint
        self._owner = owner
        self._connector: aiohttp.BaseConnector
        self._starts = asyncio.Semaphore(PARALLEL_STARTS)
        self._starting = set[asyncio.Task[Running]]()
        self._opened: aiodocker.Docker | None = None
        """None until the first task: rules can be tried without an engine."""

    @property
    def _docker(self) -> aiodocker.Docker:
        if self._opened is None:
            # The default pool of 100 is two streams each of 50 containers.
            if self._endpoint.startswith(UNIX):
                self._connector = aiohttp.UnixConnector(self._endpoint.removeprefix(UNIX), limit=0)
                self._opened = aiodocker.Docker("unix://localhost", connector=self._connector)
            else:
                self._connector = aiohttp.TCPConnector(limit=0)
                url = self._endpoint.replace("tcp://", "http://")
                self._opened = aiodocker.Docker(url, connector=self._connector)
        return self._opened

    async def need(self, image: str) -> None:
        """Have an image at hand, pulled if it must be."""
        try:
            await self._docker.images.inspect(image)
        except DockerError as exc:
            if exc.status != NOT_FOUND:
                raise
            await self._pull(image)

    async def _pull(self, image: str) -> None:
        named = image if "@" in image or ":" in image.rpartition("/")[2] else f"{image}:latest"
        try:
            await self._docker.images.pull(named)
            await self._docker.images.inspect(named)
        except DockerError as exc:
            raise ImageMissing(exc.message) from exc

    async def start(self, execution: str, config: dict[str, Any]) -> Running:
        """Create and start one container; a start that is given up goes on, and what it made is removed at close."""
        task = asyncio.create_task(self._start(execution, config))
        self._starting.add(task)
        task.add_done_callback(self._starting.discard)
        return await asyncio.shield(task)

    async def _start(self, execution: str, config: dict[str, Any]) -> Running:
        labels = {OWNER: self._owner, EXECUTION: execution}
        async with self._starts:
            container = await self._docker.containers.create({**config, "Labels": labels})
            running = Running(self._docker, container)
            try:
                await container.start()
            except DockerError as exc:
                await running.remove()
                raise NotStarted(exc.message) from exc
        return running

    async def left(self) -> list[Running]:
        """Give the containers of this emulator that exist."""
        found = await self._docker.containers.list(all=True, filters={"label": [f"{OWNER}={self._owner}"]})
        return [Running(self._docker, container) for container in found]

    async def close(self) -> None:
        """Remove every container of this emulator."""
        if self._opened is None:
            return
        try:
            await asyncio.gather(*self._starting, return_exceptions=True)
            for container in await self.left():
                await container.remove()
        finally:
            await self._docker.close()
            # Ours, hence not closed with it.
            await self._connector.close()


def _piece(stream: str, data: bytes) -> Piece:
    stamp, _, text = data.decode(errors="replace").partition(" ")
    moment = Timestamp()
    moment.FromJsonString(stamp)
    return Piece(stream, moment.ToNanoseconds(), text)


def elapsed(since: float) -> str:
    """Say how long something took, as Cloud Run's messages do: 1m3.6s."""
    minutes, seconds = divmod(round(time.monotonic() - since, 2), 60)
    return f"{int(minutes)}m{seconds:g}s" if minutes else f"{seconds:g}s"
