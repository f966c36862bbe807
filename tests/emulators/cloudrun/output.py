"""Lines from what a container writes: as it writes them, and none lost at its end."""

from collections import Counter
from collections.abc import Callable

from .containers import Piece, Running

Line = Callable[[str, int, str], None]
"""Gets the stream, the moment in nanoseconds, and the text."""


class Output:
    """Both streams of one container; the engine cuts long lines, which are joined again."""

    def __init__(self, running: Running, line: Line) -> None:
        self._running = running
        self._line = line
        self._read: Counter[str] = Counter()
        self._open: dict[str, tuple[int, str]] = {}
        """Lines whose end has not come."""

    async def follow(self) -> None:
        """Read while the container runs."""
        async for piece in self._running.output(follow=True):
            self._take(piece)

    async def finish(self) -> None:
        """Read what is left of a container that ended: followers may be let go before its last words."""
        again: Counter[str] = Counter()
        async for piece in self._running.output(follow=False):
            again[piece.stream] += 1
            if again[piece.stream] > self._read[piece.stream]:
                self._take(piece)
        for stream, (moment, text) in self._open.items():
            self._line(stream, moment, text)

    def _take(self, piece: Piece) -> None:
        self._read[piece.stream] += 1
        moment, text = self._open.pop(piece.stream, (piece.nanoseconds, ""))
        text += piece.text
        if text.endswith("\n"):
            self._line(piece.stream, moment, text[:-1])
        else:
            self._open[piece.stream] = (moment, text)
