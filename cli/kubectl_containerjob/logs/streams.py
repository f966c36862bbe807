"""The client of the log API: one stream for any number of jobs, resumed without gap or repeat when it breaks.

    for event in read(kubectl, LogRequest(namespace, name, follow=True)):
        ...

`read` yields the events of log_events.py until an Ended without a source, whatever happens in between: an end of the
stream without its last frame, or silence for longer than three keep-alives, means that the operator or the
connection died, and the request is made again with a cursor for each container. It raises Refused where the first
answer is an error, and later where asking again would not help. It raises BrokenPipeError when `watched`, most often
our own stdout, has lost its reader. Closing the generator ends the kubectl behind it.
"""

import contextlib
import select
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Any, Final

from containerjob_api.frames import KEEP_ALIVE_SECONDS, Decoder
from kubectl_containerjob.kubectl import Kubectl, Stream
from kubectl_containerjob.logs.events import Ended, Event, LogRequest, Outage, Quiet, Restored
from kubectl_containerjob.logs.progress import Progress, truncated
from kubectl_containerjob.problems import NO_KINDS, Refused

CHUNK: Final = 1 << 20
LASTING: Final = frozenset({"NotFound", "Forbidden", "Unauthorized", "BadRequest", "Invalid", "MethodNotAllowed"})
"""Answers of the API server that do not change by asking again."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait for what, in seconds."""

    silence: float = 3 * KEEP_ALIVE_SECONDS
    """Without a single frame; then the connection is dead."""
    first_pause: float = 0.2
    last_pause: float = 5.0
    healthy: float = 5.0
    """A connection that lasted for so long, or brought output, starts the pauses anew."""
    tell: float = 10.0
    """An outage that is over before is not worth a line."""


@dataclass(frozen=True, slots=True)
class _Line:
    """What a connection is read with."""

    watched: IO[Any] | None
    patience: Patience
    tick: float

    def wait(self, seconds: float, source: int | None = None) -> bool:
        """Wait until `source` can be read; False if it can't within these seconds."""
        poll = select.poll()
        if source is not None:
            poll.register(source, select.POLLIN)
        own = _descriptor(self.watched)
        if own is not None:
            poll.register(own, 0)
        ready = dict(poll.poll(seconds * 1000))
        if own is not None and ready.get(own, 0) & (select.POLLERR | select.POLLHUP):
            raise BrokenPipeError
        return source in ready


def read(
    kubectl: Kubectl,
    request: LogRequest,
    *,
    watched: IO[Any] | None = None,
    patience: Patience | None = None,
    tick: float = 1.0,
) -> Iterator[Event]:
    """Yield what is to be told, until the end of all; a quiet stream yields Quiet every `tick` seconds."""
    line = _Line(watched, patience or Patience(), tick)
    progress = Progress(request)
    outage = _Outage(line.patience)
    while True:
        began, before = time.monotonic(), progress.bytes
        try:
            for event in _connection(kubectl, progress, outage, line):
                yield event
                if isinstance(event, Ended) and event.source is None:
                    return
            outage.reason = "the stream broke off"
        except Refused as refused:
            if not progress.answered or lasting(refused):
                raise
            outage.reason = refused.message
        except ValueError as error:  # something else than the log API answers there
            if not progress.answered:
                raise Refused(f"the log API does not answer as expected: {error}") from error
            outage.reason = str(error)
        if progress.full:
            yield truncated()
            return
        lasted = time.monotonic() - began > line.patience.healthy
        yield from outage.pause(line, anew=lasted or progress.bytes > before)


class _Outage:
    """From a broken connection to the next frame: how long to pause, and whether it was told."""

    def __init__(self, patience: Patience) -> None:
        self.reason = ""
        self._patience = patience
        self._since: float | None = None
        self._pause = patience.first_pause
        self._told = False

    def pause(self, line: _Line, *, anew: bool) -> Iterator[Event]:
        """Wait for longer each time, and tell of it once."""
        if anew:
            self._pause = self._patience.first_pause
        now = time.monotonic()
        self._since = self._since or now
        if not self._told and now - self._since >= self._patience.tell:
            self._told = True
            yield Outage(self.reason)
        line.wait(self._pause)
        yield Quiet()
        self._pause = min(self._pause * 2, self._patience.last_pause)

    def over(self) -> bool:
        """Note that something came; say whether people were told that nothing does."""
        told, self._told, self._since = self._told, False, None
        return told


def lasting(refused: Refused) -> bool:
    """Say whether asking again is in vain."""
    return refused.reason in LASTING or refused.message == NO_KINDS


def _connection(kubectl: Kubectl, progress: Progress, outage: _Outage, line: _Line) -> Iterator[Event]:
    """Yield the events of one connection until it ends, however it does; Refused where no frame came."""
    decoder = Decoder()
    answered = False
    with kubectl.stream(progress.connected()) as stream:
        for data in _chunks(stream, line):
            frames = decoder.feed(data)
            if frames:
                answered = True
                if outage.over():
                    yield Restored()
            else:
                yield Quiet()
            for frame in frames:
                yield from progress.take(frame)
        if not answered:
            stream.check()


def _chunks(stream: Stream, line: _Line) -> Iterator[bytes]:
    """Yield what comes, and nothing at all for each tick of silence; return at the end, Refused where it is dead."""
    heard = time.monotonic()
    while True:
        if line.wait(line.tick, stream.out.fileno()):
            data: bytes = stream.out.read1(CHUNK)  # type: ignore[attr-defined]
            if not data:
                return
            heard = time.monotonic()
            yield data
        elif time.monotonic() - heard > line.patience.silence:
            raise Refused(f"the operator has not said anything for {line.patience.silence:.0f} s", "Silent")
        else:
            yield b""


def _descriptor(watched: IO[Any] | None) -> int | None:
    with contextlib.suppress(OSError, ValueError):  # what stands in for a file in a test has none
        return watched.fileno() if watched is not None else None
    return None
