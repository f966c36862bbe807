"""SIGTERM and SIGINT ask for an orderly end, and the second of them ends at once; SIGUSR1 asks for a report."""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

import structlog

log = structlog.get_logger(__name__)

Answer = TypeVar("Answer")
ENDING: Final = (signal.SIGTERM, signal.SIGINT)


class Told(Exception):
    """The process was told to stop before what it was doing was done."""


class Signals:
    """What the process was told. Belongs to the event loop of the main thread."""

    def __init__(self, report: Callable[[], None]) -> None:
        self.told = asyncio.Event()
        """Set by the first signal that asks for an end."""
        self._report = report
        self._loop = asyncio.get_running_loop()

    def listen(self) -> None:
        """Take the signals; again where a library has taken them meanwhile."""
        for number in ENDING:
            self._loop.add_signal_handler(number, self._end, number)
        self._loop.add_signal_handler(signal.SIGUSR1, self._report)

    def close(self) -> None:
        """Give the signals back."""
        for number in (*ENDING, signal.SIGUSR1):
            self._loop.remove_signal_handler(number)

    async def unless_told(self, doing: Awaitable[Answer]) -> Answer:
        """Return what comes of it; Told where the signal comes first."""
        task, told = asyncio.ensure_future(doing), asyncio.ensure_future(self.told.wait())
        try:
            await asyncio.wait({task, told}, return_when=asyncio.FIRST_COMPLETED)
            if not task.done():
                raise Told
            return task.result()
        finally:
            task.cancel()
            told.cancel()
            await asyncio.gather(task, told, return_exceptions=True)

    def _end(self, number: signal.Signals) -> None:
        if self.told.is_set():
            log.warning("told to stop again: ending at once", signal=number.name)
            os._exit(128 + number)
        log.info("told to stop", signal=number.name)
        self.told.set()
