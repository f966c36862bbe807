"""What a fake container has printed, entry by entry, and its following by events."""

import asyncio
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, Literal

from containerjob_operator.decide.observations import RunState
from containerjob_operator.errors import HostUnavailable, OutputGone
from containerjob_operator.executors.fake.engine import Container, FakeEngine
from containerjob_operator.executors.outputs import STDERR, STDOUT, Gap, Output, OutputQuery
from containerjob_operator.executors.stamps import stamp_of

OUTPUT_LIMIT: Final = 64 * 1024
"""Bytes in one output at most."""
BRIEFLY: Final = 0.001
"""Seconds to wait at least: the loop's clock and the engine's differ."""


@dataclass(frozen=True, slots=True)
class Line:
    """One entry of a fake log."""

    stream: Literal[1, 2]
    data: bytes
    time: int
    ordinal: int


async def read(engine: FakeEngine, container: Container, query: OutputQuery) -> AsyncGenerator[Output | Gap]:
    """Yield what is printed so far, and, where it is followed, what is printed until the end."""
    breaks, after, tail = engine.breaks, query.after, None if query.after else query.tail
    with container.watching() as changed:
        while True:
            changed.clear()
            now = engine.clock()
            running = container.state(now) is RunState.RUNNING
            fresh = _fresh(list(_lines(container, now)), query, after)
            if fresh:
                after = (fresh[-1].time, fresh[-1].ordinal)
            for output in _joined(_wanted(fresh, query, tail), timestamps=query.timestamps):
                yield output
            tail = None
            if not (query.follow and running):
                return
            with suppress(TimeoutError):
                await asyncio.wait_for(changed.wait(), max(BRIEFLY, container.next_at(now) - now))
            _check(engine, container, breaks)


def _lines(container: Container, now: float) -> Iterator[Line]:
    """Number the lines of both streams, each stamped with when it was printed."""
    time = ordinal = 0
    for output in container.outputs(now):
        at = int(((container.started_at or 0.0) + output.at) * 10**9)
        for data in [] if output.path else output.data.splitlines(keepends=True):
            ordinal = ordinal + 1 if at == time else 1
            time = at
            yield Line(STDERR if output.stderr else STDOUT, data, time, ordinal)


def _fresh(lines: Sequence[Line], query: OutputQuery, after: tuple[int, int] | None) -> Sequence[Line]:
    if after is not None:
        return [line for line in lines if (line.time, line.ordinal) > after]
    return [line for line in lines if line.time >= (query.since or 0)]


def _wanted(lines: Sequence[Line], query: OutputQuery, tail: int | None) -> Sequence[Line]:
    wanted = [line for line in lines if (query.stdout if line.stream == STDOUT else query.stderr)]
    return wanted if tail is None else wanted[max(0, len(wanted) - tail) :]


def _joined(lines: Sequence[Line], *, timestamps: bool) -> Iterator[Output]:
    """Put successive lines of one stream together."""
    pieces: list[bytes] = []
    size = 0
    last: Line | None = None
    for line in lines:
        data = stamp_of(line.time) + b" " + line.data if timestamps else line.data
        if last is not None and (line.stream != last.stream or size + len(data) > OUTPUT_LIMIT):
            yield _output(last, pieces)
            pieces, size = [], 0
        pieces.append(data)
        size += len(data)
        last = line
    if last is not None:
        yield _output(last, pieces)


def _output(last: Line, pieces: Sequence[bytes]) -> Output:
    data = b"".join(pieces)
    return Output(last.stream, data, last.time, last.ordinal, partial=data[-1:] != b"\n")


def _check(engine: FakeEngine, container: Container, breaks: int) -> None:
    """Raise where the engine has gone away, or the container."""
    if engine.breaks != breaks:
        raise HostUnavailable(f"fake://{engine.name}: the output of {container.name} broke off")
    if engine.containers.get(container.name) is not container:
        raise OutputGone(f"container {container.name} is not on the host any more")
