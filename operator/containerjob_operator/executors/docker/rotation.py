"""Whether an engine that follows a log may have skipped part of it. Pure.

An engine that falls behind while it follows (a slow reader, a busy machine) goes on with the newest file of a log
that was rotated more than once meanwhile, and says nothing; Docker 20.10 also sends parts of a new file twice, and
goes deaf at times. What is skipped is a whole file at least, and writing that takes time: entries that follow each
other faster have no file between them. Others are suspect, and read again from the cursor, which finds them where the
log still has them, and shows that they are gone where it has not.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from containerjob_operator.executors.docker.entries import Entry
from containerjob_operator.executors.stamps import time_of

OTHER_SIZE: Final = 20_000_000
"""Bytes of a file of the `local` driver, in which engines also keep what they send to drivers that cannot be read."""
WRITE_RATE: Final = 100_000_000
"""Bytes that an engine writes in a second at most."""
LEAST_PAUSE: Final = 100_000
"""Nanoseconds; nothing is written faster than so."""
LAG: Final = 50_000_000
"""Nanoseconds; no engine that is waited for falls behind its own writer for as long as this."""
_UNITS: Final = {"": 1, "k": 1000, "m": 1000**2, "g": 1000**3}


def file_bytes(log_config: Mapping[str, Any]) -> int | None:
    """Return how many bytes a file of this container's log has before it is rotated; None where it never is."""
    driver, options = log_config.get("Type") or "", log_config.get("Config") or {}
    found = re.fullmatch(r"([\d.]+) *([kmg]?)i?b?", str(options.get("max-size", "")).lower())
    if found is not None:
        return int(float(found[1]) * _UNITS[found[2]])
    return None if driver == "json-file" else OTHER_SIZE


class Vigil:
    """Judges the entries of one follow."""

    def __init__(self, file_bytes: int, newest: bytes) -> None:
        self._pause: Final = max(LEAST_PAUSE, file_bytes * 10**9 // WRITE_RATE)
        self._newest: Final = newest
        """The log's last entry before the engine began to follow: up to this one it reads the log as it stood."""
        self._following = not newest

    def trusted(self, read: bytes, entries: Sequence[Entry], waited: float) -> int:
        """Count the entries before which no file can be missing since `read`; seconds were waited for the first."""
        last, text = read, b""
        patience = int(waited * 10**9) if self._pause >= LAG else 0
        for index, (_, stamp, text_of) in enumerate(entries):
            if self._following and last and self._suspect(last, stamp, text, patience):
                return index
            self._following = self._following or stamp >= self._newest
            last, text, patience = max(last, stamp), text_of, 0
        return len(entries)

    def _suspect(self, last: bytes, stamp: bytes, text: bytes, patience: int) -> bool:
        if stamp > last:
            return time_of(stamp) - time_of(last) > self._pause + patience
        # Sent twice, unless it is the next part of a long line.
        return stamp < last or text[-1:] == b"\n"
