"""A container's last output, from the engine's framed log stream (8 bytes of header before each piece)."""

import struct
from typing import Final

from containerjob_api.jobstatus import LogTail
from containerjob_operator.executors.docker.client import EngineClient
from containerjob_operator.executors.tails import Window, log_tail

ENTRIES: Final = 200
"""Log entries asked for, of both streams together: one may be silent behind many lines of the other."""
READ_LIMIT: Final = 4 * 1024 * 1024
"""Bytes read at most; an entry is 16 KiB at most in the engines we know, so this is never reached there."""
_HEADER: Final = struct.Struct(">BxxxL")
_STDERR: Final = 2


class Demultiplexer:
    """Splits the framed stream without ever holding a whole frame."""

    def __init__(self) -> None:
        self.stdout: Final = Window()
        self.stderr: Final = Window()
        self.entries = 0
        self._header = b""
        self._window = self.stdout
        self._left = 0

    def feed(self, data: bytes) -> None:
        """Take the next bytes, cut anywhere."""
        while data:
            if self._left == 0:
                missing = _HEADER.size - len(self._header)
                self._header, data = self._header + data[:missing], data[missing:]
                if len(self._header) < _HEADER.size:
                    return
                stream, self._left = _HEADER.unpack(self._header)
                self._window = self.stderr if stream == _STDERR else self.stdout
                self._header = b""
                self.entries += 1
            self._window.feed(data[: self._left])
            taken = min(self._left, len(data))
            self._left -= taken
            data = data[taken:]


async def tail(client: EngineClient, name: str) -> LogTail:
    """Read the end of both streams; raises DockerError where the engine has no log to give."""
    params = {"stdout": "1", "stderr": "1", "tail": str(ENTRIES)}
    read = 0
    pieces = Demultiplexer()
    async with client.stream(f"containers/{name}/logs", params) as response, client.in_time():
        async for data in response.content.iter_any():
            pieces.feed(data)
            read += len(data)
            if read >= READ_LIMIT:
                break
    # As many entries as asked for: there may be more.
    more = read >= READ_LIMIT or pieces.entries >= ENTRIES
    return log_tail(pieces.stdout, pieces.stderr, truncated=more)
