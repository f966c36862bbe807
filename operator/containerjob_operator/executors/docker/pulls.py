"""Image pulls: one at a time per image on an engine, shared by all jobs that wait for it."""

import asyncio
from typing import Final

import aiodocker
from aiodocker import DockerError

from containerjob_api.phases import Reason
from containerjob_operator.errors import HostUnavailable, LaunchDelayed
from containerjob_operator.executors.docker import faults
from containerjob_operator.executors.docker.client import EngineClient

_DONE_LIMIT: Final = 64
"""Finished pulls remembered for those who asked for the image just before."""


class Pulls:
    """The pulls of one engine."""

    def __init__(self, client: EngineClient, *, seconds: float) -> None:
        self._client: Final = client
        self._seconds: Final = seconds
        self._under_way: Final[dict[str, asyncio.Task[None]]] = {}
        self._done_at: Final[dict[str, float]] = {}

    async def pull(self, image: str, *, missed_at: float) -> None:
        """Fetch the image unless that has happened since `missed_at` (loop time); raises as `create` does."""
        if self._done_at.get(image, -1.0) >= missed_at:
            return
        task = self._under_way.get(image)
        if task is None:
            task = asyncio.create_task(self._pull(image), name=f"pull {image}")
            self._under_way[image] = task
            task.add_done_callback(lambda done: self._finished(image, done))
        try:
            # A waiter that is cancelled leaves the pull to the others.
            await asyncio.shield(task)
        except asyncio.CancelledError as exc:
            if not task.cancelled():
                raise
            raise HostUnavailable(f"{self._client.endpoint} was closed during the pull of {image}") from exc

    async def aclose(self) -> None:
        """Give up what is under way."""
        tasks = list(self._under_way.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _finished(self, image: str, task: asyncio.Task[None]) -> None:
        del self._under_way[image]
        self._done_at.pop(image, None)
        # Asking for the exception marks it as seen, should every waiter have gone.
        if not task.cancelled() and task.exception() is None:
            self._done_at[image] = asyncio.get_running_loop().time()
            if len(self._done_at) > _DONE_LIMIT:
                del self._done_at[next(iter(self._done_at))]

    async def _pull(self, image: str) -> None:
        try:
            async with self._client.pulling(f"pull of {image}") as docker:
                await self._fetch(docker, image)
        except DockerError as exc:
            raise faults.pull_refused(exc) from exc

    async def _fetch(self, docker: aiodocker.Docker, image: str) -> None:
        try:
            async with asyncio.timeout(self._seconds):
                async for _ in docker.images.pull(image, stream=True):
                    pass
        except TimeoutError as exc:
            words = f"pulling {image} took longer than {self._seconds:g} s"
            raise LaunchDelayed(Reason.IMAGE_PULL_BACK_OFF, words) from exc
