"""Writes the events of a log reading: a container's stdout to ours, its stderr to ours, and notes to stderr.

printer = Printer(Look(), raw(sys.stdout), raw(sys.stderr))
for event in read(...):
    printer.take(event)
"""

import select
from functools import partial
from typing import IO, Any, Final, Protocol

from containerjob_api.frames import EndReason
from kubectl_containerjob.logs.events import STDOUT, Ended, Event, Missing, Outage, Output, Restored, Source
from kubectl_containerjob.logs.lines import Look, harmless, label, prefix, shown
from kubectl_containerjob.screens import plain_text

LINE_BYTES: Final = 1 << 20
"""A longer line is written in pieces: memory stays bounded whatever a container writes."""


class Sink(Protocol):
    """Where bytes go, at once and possibly only some of them."""

    def write(self, data: memoryview, /) -> int | None: ...

    def fileno(self) -> int: ...


def raw(stream: IO[Any]) -> Sink:
    """Return a way past Python's own buffers, which would keep what a broken pipe did not take."""
    stream.flush()
    return open(stream.fileno(), "wb", buffering=0, closefd=False)


def write(sink: Sink, data: bytes) -> None:
    """Write it all, also to a pipe or terminal that somebody has set to non-blocking."""
    rest = memoryview(data)
    while rest:
        written = sink.write(rest)
        if written is None:
            select.select([], [sink.fileno()], [])
        rest = rest[written or 0 :]


class Printer:
    """Writes events as they come; keeps at most the begin of one line of each stream of each container."""

    def __init__(self, look: Look, out: Sink, err: Sink) -> None:
        self._look = look
        self._out = out
        self._err = err
        self._begun: dict[tuple[Source, int], tuple[bytes, bool]] = {}
        self._told: set[Source] = set()
        """Containers of which something was written."""
        self._kept: set[Source] = set()
        self._missed: set[Source | None] = set()
        self.ended: Ended | None = None
        """The end of all, once it came."""

    def take(self, event: Event) -> None:
        """Write what the event tells; BrokenPipeError where nobody reads any more."""
        if isinstance(event, Output):
            self._output(event)
        elif isinstance(event, Ended):
            self._end(event)
        elif isinstance(event, Missing):
            self._flush(event.source)
            self._missed.add(event.source)
            self._note(event.source, f"output missing here: {plain_text.harmless(event.message)}")
        elif isinstance(event, Outage):
            self._note(None, f"connection to the operator lost, trying again ({plain_text.harmless(event.reason)})")
        elif isinstance(event, Restored):
            self._note(None, "connected again")

    def finish(self) -> None:
        """Write the lines that have no end."""
        self._flush(None)

    def _output(self, event: Output) -> None:
        (self._kept if event.kept else self._told).add(event.source)
        if self._look.plain:
            self._write(event.stream, harmless(event.data) if self._look.terminal else event.data)
            return
        key = (event.source, event.stream)
        begun, kept = self._begun.pop(key, (b"", event.kept))
        if kept != event.kept:
            self._line(event.source, event.stream, begun, kept=kept)
            begun = b""
        whole, end, rest = (begun + event.data).rpartition(b"\n")
        if end:
            self._write(event.stream, self._lines(event, whole))
        if len(rest) >= LINE_BYTES:
            self._line(event.source, event.stream, rest, kept=event.kept)
        elif rest:
            self._begun[key] = (rest, event.kept)

    def _lines(self, event: Output, whole: bytes) -> bytes:
        look = self._look
        if not (look.filtered or look.terminal or look.form == "json" or (look.colour and b"\x1b" in whole)):
            before = prefix(look, event.source)
            return before + whole.replace(b"\n", b"\n" + before) + b"\n"
        each = partial(shown, look, event.source, event.stream, kept=event.kept)
        return b"".join(filter(None, map(each, whole.split(b"\n"))))

    def _line(self, source: Source, stream: int, line: bytes, *, kept: bool) -> None:
        self._write(stream, shown(self._look, source, stream, line, kept=kept) or b"")

    def _end(self, event: Ended) -> None:
        self._flush(event.source)
        if event.source is None:
            self.ended = event
        elif event.source in self._missed:
            return  # that was told already
        elif event.reason == EndReason.GONE and event.source in self._kept:
            self._note(event.source, "the container is gone: these are the last lines that were kept")
        elif event.reason == EndReason.GONE and event.source not in self._told:
            self._note(event.source, "the container is gone, and none of its output was kept")

    def _flush(self, source: Source | None) -> None:
        for key in [key for key in self._begun if source in {None, key[0]}]:
            line, kept = self._begun.pop(key)
            self._line(*key, line, kept=kept)

    def _note(self, source: Source | None, text: str) -> None:
        who = f"{label(self._look, source)}: " if source is not None else ""
        write(self._err, f"--- {who}{text} ---\n".encode())

    def _write(self, stream: int, data: bytes) -> None:
        ours = self._out if stream == STDOUT or self._look.form == "json" else self._err
        write(ours, data)
