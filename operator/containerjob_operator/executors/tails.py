"""The last lines of a container's output, cut to what a status may hold. Pure; shared by all executors."""

from typing import Final

from containerjob_api.jobstatus import LogTail

TAIL_LINES: Final = 20
TAIL_BYTES: Final = 4096
"""Of each stream, before decoding; one bad byte becomes one character, so LogTail's bound holds."""

REPLACEMENT: Final = "\ufffd"
_PLAIN: Final = {
    # Control characters move cursors, recolour terminals and break JSON consumers.
    **dict.fromkeys([*range(0x20), *range(0x7F, 0xA0)], REPLACEMENT),
    ord("\n"): "\n",
    ord("\t"): "\t",
}


class Window:
    """Keeps the newest bytes of one stream."""

    def __init__(self) -> None:
        self._bytes = bytearray()
        self._cut = False

    def feed(self, data: bytes) -> None:
        """Add what was written after all before."""
        self._bytes += data
        if len(self._bytes) > TAIL_BYTES:
            self._cut = True
            del self._bytes[:-TAIL_BYTES]

    def end(self) -> tuple[str, bool]:
        """Return the last lines as text that is safe to store and to print, and whether something is missing."""
        text = self.text()
        lines = text.removesuffix("\n").split("\n")
        ending = "\n" if text.endswith("\n") else ""
        return "\n".join(lines[-TAIL_LINES:]) + ending, self._cut or len(lines) > TAIL_LINES

    def text(self) -> str:
        """Return all that is kept, as text that is safe to store and to print."""
        kept = self._bytes
        while self._cut and kept and kept[0] & 0xC0 == 0x80:
            del kept[0]  # the rest of a character whose first byte is gone
        return kept.decode(errors="replace").replace("\r\n", "\n").replace("\r", "\n").translate(_PLAIN)


def message_text(data: bytes) -> str | None:
    """Return the end of a termination message, as Kubernetes keeps it; None where nothing was written."""
    window = Window()
    window.feed(data)
    return window.text() or None


def log_tail(stdout: Window, stderr: Window, *, truncated: bool = False) -> LogTail:
    """Return both streams' ends; `truncated` where the reader knows of more than it was fed."""
    (out, out_cut), (err, err_cut) = stdout.end(), stderr.end()
    return LogTail(stdout=out, stderr=err, truncated=truncated or out_cut or err_cut)
