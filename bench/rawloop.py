"""What everything is measured against: create, start, wait, remove through aiodocker, and nothing else."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final, Self

import aiodocker
import aiohttp

from bench.cluster import BenchError, at_most
from containerjob_api.names import LABEL_CLUSTER_UID
from containerjob_operator.decide.runs import RunSpec
from containerjob_operator.executors.docker.build import create_body

_MARK: Final = "containerjob-bench"
LOOK_SECONDS: Final = 0.02


class RawLoop:
    """An engine, with no job objects around it."""

    def __init__(self, docker: aiodocker.Docker, image: str) -> None:
        self._docker: Final = docker
        # The very container that the operator makes: policy must not be what differs.
        self._body: Final = create_body(
            RunSpec("", image, ("true",), (), "", (), labels=((_MARK, "raw"),)),
        )

    @classmethod
    @asynccontextmanager
    async def open(cls, endpoint: str, image: str) -> AsyncIterator[Self]:
        """Connect to an engine on a unix socket."""
        connector = aiohttp.UnixConnector(endpoint.removeprefix("unix://"), limit=0)
        docker = aiodocker.Docker("http://docker", connector=connector, api_version="v1.41")
        try:
            yield cls(docker, image)
        finally:
            await docker.close()
            await connector.close()

    async def run(self, count: int, at_once: int) -> None:
        """Run containers to their end and remove them, `at_once` of them at a time."""
        await at_most(at_once, (self._one() for _ in range(count)))

    async def _one(self) -> None:
        container = await self._docker.containers.create(self._body)
        await container.start()
        ended = await container.wait()
        if ended["StatusCode"] != 0:
            raise BenchError(f"`true` ended with {ended['StatusCode']}")
        await container.delete(force=True, v=True)

    async def started(self) -> dict[str, Any]:
        """Run one container, and return what the engine says of it at its end."""
        container = await self._docker.containers.create(self._body)
        await container.start()
        await container.wait()
        described = await container.show()
        await container.delete(force=True, v=True)
        return dict(described)

    async def none_left(self, cluster_uid: str) -> None:
        """Return once the engine has no container of the cluster's jobs any more."""
        filters = json.dumps({"label": [f"{LABEL_CLUSTER_UID}={cluster_uid}"]})
        while True:
            if not await self._docker.containers.list(all=True, filters=filters):
                return
            await asyncio.sleep(LOOK_SECONDS)
