"""A process that writes what an operator writes, and thinks of nothing: `python -m bench.barewriter ...`.

The first line on stdin is what to write for each job; every other line is the name of a job. At its end everything is
written, and the process ends.
"""

import asyncio
import json
import sys
import uuid
from pathlib import Path
from typing import Any, Final

import uvloop
from lightkube import AsyncClient, KubeConfig
from lightkube.types import PatchType

from containerjob_operator.kube.resources import CONTAINERJOB, EVENT

_LINE_LIMIT: Final = 2**20


class Writer:
    """Sends status merge patches for some jobs at a time, and Events one after the other, as operators do."""

    def __init__(self, client: AsyncClient, namespace: str, patches: list[Any], events: list[Any]) -> None:
        self._client: Final[Any] = client
        self._namespace: Final = namespace
        self._patches: Final = patches
        self._events: Final = events
        self.names: Final[asyncio.Queue[str | None]] = asyncio.Queue()
        self._told: Final[asyncio.Queue[str | None]] = asyncio.Queue()

    async def run(self, at_once: int) -> None:
        """Write until the queue of names brings None."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._tell())
            async with asyncio.TaskGroup() as lanes:
                for _ in range(at_once):
                    lanes.create_task(self._lane())
            self._told.put_nowait(None)

    async def _lane(self) -> None:
        while (name := await self.names.get()) is not None:
            for patch in self._patches:
                await self._client.patch(
                    CONTAINERJOB.Status, name, patch, namespace=self._namespace, patch_type=PatchType.MERGE
                )
            self._told.put_nowait(name)
        self.names.put_nowait(None)  # for the next lane

    async def _tell(self) -> None:
        while (name := await self._told.get()) is not None:
            for event in self._events:
                metadata = {"name": f"{name}.{uuid.uuid4().hex[:16]}", "namespace": self._namespace}
                involved = event["involvedObject"] | {"name": name}
                body = event | {"metadata": metadata, "involvedObject": involved}
                await self._client.create(EVENT.from_dict(body), namespace=self._namespace)


async def main(kubeconfig: str, namespace: str, at_once: str) -> None:
    """Read stdin to its end, and write."""
    stdin = asyncio.StreamReader(_LINE_LIMIT)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(stdin), sys.stdin)
    model = json.loads(await stdin.readline())
    client = AsyncClient(KubeConfig.from_file(Path(kubeconfig)))
    writer = Writer(client, namespace, model["patches"], model["events"])
    writing = asyncio.create_task(writer.run(int(at_once)))
    async for line in stdin:
        writer.names.put_nowait(line.decode().strip())
    writer.names.put_nowait(None)
    await writing
    await client.close()


if __name__ == "__main__":
    uvloop.run(main(*sys.argv[1:]))
