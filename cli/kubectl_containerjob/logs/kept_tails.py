"""The last lines that a job's status keeps of each attempt: all there is without a log API or its container."""

import re
from collections.abc import Iterator
from typing import Final

from containerjob_api.frames import EndReason
from kubectl_containerjob.kubectl import Body
from kubectl_containerjob.logs.events import Ended, Event, LogRequest, Output, Source, Started
from kubectl_containerjob.problems import Problem
from kubectl_containerjob.records import Job, host_of

SEEN_BYTES: Final = 8192
"""More than a status keeps of a stream."""
_STRANGE: Final = "\ufffd"
_KEPT_AS: Final = {
    **dict.fromkeys([*range(0x20), *range(0x7F, 0xA0)], _STRANGE),
    ord("\n"): "\n",
    ord("\t"): "\t",
}


def unread(seen: bytes, kept: bytes) -> bytes | None:
    """Return what a kept tail has beyond the end of what was seen; None where they have nothing in common."""
    before, tail = _as_kept(seen), kept.decode(errors="replace")
    if not before or not tail:
        return kept
    for length in range(min(len(before), len(tail)), 0, -1):
        common = tail[:length]
        if before.endswith(common):
            whole = length in {len(tail), len(before)} or "\n" in common
            return tail[length:].encode() if whole else None
    return None


def events(job: Job, request: LogRequest) -> Iterator[Event]:
    """Yield what the status keeps of the attempt that is asked for, then the end; Problem where there is none."""
    attempt = _chosen(job, request)
    host = host_of(attempt.get("host"))
    source = Source(job.namespace, job.name, int(attempt["attempt"]), str(attempt["name"]), host)
    yield Started(source)
    tail: Body = attempt.get("logTail") or {}
    room = request.limit_bytes
    for number, name in ((1, "stdout"), (2, "stderr")):
        text = str(tail.get(name) or "")
        if request.stream not in {None, name} or not text:
            continue
        data = _last(text, request.tail).encode()[:room]
        room = None if room is None else room - len(data)
        yield Output(source, 1 if number == 1 else 2, data, kept=True)
    yield Ended(source, EndReason.GONE, attempt.get("exitCode"), job.phase)


def _chosen(job: Job, request: LogRequest) -> Body:
    """Choose as the log API does: the newest attempt that has a container, the one before it, or the one named."""
    made = [attempt for attempt in job.attempts if attempt.get("containerID") or attempt.get("logTail")]
    if request.attempt is not None:
        made = [attempt for attempt in made if attempt["attempt"] == request.attempt]
        if not made:
            raise Problem(f"{job.name} has no attempt {request.attempt} with a container")
    elif request.previous:
        made = made[:-1]
        if not made:
            raise Problem(f"{job.name} has no previous attempt: leave out --previous")
    if not made:
        raise Problem(f"{job.name} has no container yet: see `kubectl containerjob why {job.name}`")
    return made[-1]


def _last(text: str, lines: int | None) -> str:
    if lines is None:
        return text
    return "".join(re.findall(r"[^\n]*\n|[^\n]+", text)[-lines:]) if lines else ""


def _as_kept(data: bytes) -> str:
    """Write output as a status keeps it: without what a terminal would obey."""
    text = data.decode(errors="replace").replace("\r\n", "\n").replace("\r", "\n")
    return text.translate(_KEPT_AS)
