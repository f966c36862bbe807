"""Kubernetes Events: for people, droppable, never in the way of the work.

The same event again within ten minutes counts up the stored one; while a write is waiting, repetitions are free.
"""

import asyncio
import contextlib
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

import structlog

from containerjob_operator import metrics
from containerjob_operator.errors import ContainerJobError, ObjectGone
from containerjob_operator.kube.client import Kube
from containerjob_operator.kube.event_series import EventType, Series, Subject, Told
from containerjob_operator.kube.resources import EVENT

log = structlog.get_logger(__name__)

WAITING_LIMIT: Final = 1000
REMEMBERED_LIMIT: Final = 1000
FOLD_SECONDS: Final = 600.0


class EventRecorder:
    """Takes events from anywhere in the event loop and writes them one after the other."""

    def __init__(self, kube: Kube, *, instance: str = "", clock: Callable[[], float] = time.monotonic) -> None:
        self.dropped = 0
        """Events that will never be seen: the queue was full, or the write failed."""
        self.permit: Callable[[], None] = lambda: None
        """Asked before every write, as Kube's own."""
        self._kube = kube
        self._api = kube.api
        self._instance = instance
        self._clock = clock
        self._series: OrderedDict[Told, Series] = OrderedDict()
        self._waiting: asyncio.Queue[Series] = asyncio.Queue(WAITING_LIMIT)
        self._worker = asyncio.create_task(self._work(), name="event recorder")

    def record(self, subject: Subject, type_: EventType, reason: str, message: str) -> None:
        """Tell one event; never waits, never raises."""
        if self._kube.rehearsing:
            return
        now = self._clock()
        told = Told(subject.metadata.uid, type_, reason, message)
        series = self._series.get(told)
        if series is None or now - series.last_clock > FOLD_SECONDS:
            series = Series.start(subject, told, now)
        if not series.queued and (self._worker.done() or self._waiting.full()):
            self._drop()
            return
        series.happen(now)
        self._remember(series)
        if not series.queued:
            series.queued = True
            self._waiting.put_nowait(series)

    @property
    def waiting(self) -> int:
        """How many events are yet to be written."""
        return self._waiting.qsize()

    async def aclose(self, timeout: float = 5.0) -> None:
        """Write what is waiting, for at most `timeout` seconds; the rest is dropped."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout):
                await self._waiting.join()
        self._worker.cancel()
        await asyncio.gather(self._worker, return_exceptions=True)
        self._drop(self._waiting.qsize())

    def _drop(self, number: int = 1) -> None:
        self.dropped += number
        metrics.EVENTS_DROPPED.inc(number)

    def _remember(self, series: Series) -> None:
        self._series[series.told] = series
        self._series.move_to_end(series.told)
        if len(self._series) > REMEMBERED_LIMIT:
            self._series.popitem(last=False)

    async def _work(self) -> None:
        while True:
            series = await self._waiting.get()
            series.queued = False
            try:
                await self._write(series)
            except ContainerJobError as error:
                self._drop()
                log.warning("event dropped", reason=series.told.reason, problem=str(error), **series.about)
            except asyncio.CancelledError:
                self._drop()
                raise
            finally:
                self._waiting.task_done()

    async def _write(self, series: Series) -> None:
        self.permit()
        if series.stored:
            try:
                await self._api.patch(EVENT, series.name, series.repetition(), series.home)
            except ObjectGone:
                series.stored = False  # the API server forgets events after an hour
        if not series.stored:
            await self._api.create(EVENT, series.body(self._instance))
            series.stored = True
