"""One emulated project: everything its services share."""

import asyncio
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import uuid4

from .containers import Engine
from .entries import Book
from .operations import Operations
from .options import Options
from .state import Records

Result = TypeVar("Result")

if TYPE_CHECKING:
    from .running import Play


class Project:
    """Records, operations, log entries, the engine, and the executions that run on it."""

    def __init__(self, endpoint: str, options: Options) -> None:
        self.options = options
        self.records = Records()
        self.operations = Operations()
        self.book = Book(options)
        self.engine = Engine(endpoint, options.owner or uuid4().hex)
        self.plays: dict[str, Play] = {}
        """The executions that have not ended, by full name."""
        self.launched: list[str] = []
        """Every execution that was ever begun, in order, also those that are gone."""
        self.provisioning = asyncio.Event()
        self.provisioning.set()
        """While it is not set no execution gets its resources."""
        self._tasks = set[asyncio.Task[Any]]()

    def spawn(self, work: Coroutine[Any, Any, Result]) -> asyncio.Task[Result]:
        """Do something beside the answer; what goes wrong there is raised at close."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        return task

    async def close(self) -> None:
        """End everything and remove every container."""
        await self.operations.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.engine.close()
        for task in self._tasks:
            if not task.cancelled() and (broken := task.exception()):
                raise broken
