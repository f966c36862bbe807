"""The answer's body, in frames or plain. One write at a time, and awaited: a slow reader slows its sources."""

import asyncio
import json
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final

from aiohttp import web

from containerjob_api.frames import ALL, DATA_LIMIT, KEEP_ALIVE_SECONDS, Flag, Frame, Kind
from containerjob_operator.executors.outputs import STDOUT, Output

DRAIN_SECONDS: Final = 120.0
"""A reader that takes nothing for so long is cut off, since it holds an engine's connection."""
HEADERS: Final = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


class StreamCut(Exception):
    """The stream ends here and now, without its end frame: whoever reads asks again."""


class LimitReached(Exception):
    """limitBytes were sent."""


class Writer:
    """Plain text, as `kubectl logs` has it: output and nothing else."""

    content_type = "text/plain"

    def __init__(self, request: web.Request, limit: int | None = None) -> None:
        self.response: Final = web.StreamResponse(headers=HEADERS | {"Content-Type": self.content_type})
        self._request = request
        self._left = limit
        self._turn = asyncio.Lock()

    async def open(self) -> None:
        """Send the head of the answer; refusals come before."""
        await self.response.prepare(self._request)

    def cut(self) -> None:
        """Break the connection, so that nobody takes this for the end."""
        if self._request.transport is not None:
            self._request.transport.abort()

    async def output(self, source: int, output: Output) -> None:
        """Send entries; LimitReached once there is no more to send."""
        data = output.data if self._left is None else output.data[: self._left]
        await self._output(source, output, data)
        if self._left is not None:
            self._left -= len(data)
            if self._left <= 0:
                raise LimitReached

    async def source(self, source: int, about: Mapping[str, Any]) -> None:
        """Announce a container."""

    async def gap(self, source: int, message: str) -> None:
        """Tell that output is missing."""

    async def end(self, source: int, about: Mapping[str, Any]) -> None:
        """Tell that there is no more of a container, or of all."""

    async def keep_alive(self) -> None:
        """Break silences; plain text has no way to."""
        await asyncio.get_running_loop().create_future()

    async def _output(self, _source: int, _output: Output, data: bytes) -> None:
        await self._send(data)

    async def _send(self, data: bytes) -> None:
        async with self._turn:
            await self._send_now(data)

    async def _send_now(self, data: bytes) -> None:
        try:
            async with asyncio.timeout(DRAIN_SECONDS):
                await self.response.write(data)
        except TimeoutError as problem:
            raise StreamCut(f"nothing was read for {DRAIN_SECONDS:g} s") from problem
        except ConnectionError as problem:
            raise StreamCut(str(problem)) from problem


class FramedWriter(Writer):
    """Frames, which tell where they come from and where to go on."""

    content_type = "application/vnd.containerjobs.log-frames"

    def __init__(self, request: web.Request, limit: int | None = None) -> None:
        super().__init__(request, limit)
        self._written = asyncio.Event()

    async def source(self, source: int, about: Mapping[str, Any]) -> None:
        """Announce a container."""
        await self._tell(Kind.SOURCE, source, about)

    async def gap(self, source: int, message: str) -> None:
        """Tell that output is missing."""
        await self._tell(Kind.GAP, source, {"message": message})

    async def end(self, source: int, about: Mapping[str, Any]) -> None:
        """Tell that there is no more of a container, or of all."""
        await self._tell(Kind.END, source, about)

    async def keep_alive(self) -> None:
        """Send a frame whenever nothing else was sent for a while."""
        while True:
            self._written.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(KEEP_ALIVE_SECONDS):
                    await self._written.wait()
            if not self._written.is_set():
                await self._send(Frame(Kind.KEEP_ALIVE, source=ALL).to_bytes())

    async def _tell(self, kind: Kind, source: int, about: Mapping[str, Any]) -> None:
        known = {key: value for key, value in about.items() if value not in (None, "")}
        await self._send(Frame(kind, json.dumps(known).encode()[:DATA_LIMIT], source).to_bytes())

    async def _output(self, source: int, output: Output, data: bytes) -> None:
        kind = Kind.STDOUT if output.stream == STDOUT else Kind.STDERR
        flags = Flag.PARTIAL if output.partial or len(data) < len(output.data) else Flag(0)
        if not output.time:
            flags |= Flag.KEPT
        await self._send(Frame(kind, data, source, flags, output.time, output.ordinal).to_bytes())

    async def _send(self, data: bytes) -> None:
        await super()._send(data)
        self._written.set()
