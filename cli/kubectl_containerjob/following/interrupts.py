"""Ctrl-C as something to look at, not an exception that strikes anywhere; once too often, and it is one again."""

import signal
from types import FrameType, TracebackType
from typing import Any, Final, Self

_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)


class Interrupts:
    """Counts Ctrl-C and SIGTERM while its block runs; more than `patience` of them raise KeyboardInterrupt."""

    def __init__(self, patience: int) -> None:
        self.count = 0
        self._left = patience
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Self:
        for number in _SIGNALS:
            self._before[number] = signal.signal(number, self._take)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _take(self, number: int, frame: FrameType | None) -> None:
        self.count += 1
        self._left -= 1
        if self._left < 0:
            raise KeyboardInterrupt
