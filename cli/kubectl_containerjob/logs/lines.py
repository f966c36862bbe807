"""How one line of output is shown: filters, highlights, prefixes, colours, JSON. Pure, and in bytes."""

import json
import re
import zlib
from dataclasses import dataclass
from typing import Final, Literal

from kubectl_containerjob.logs.events import STDOUT, Source

COLOURS: Final = (36, 32, 35, 33, 34, 96, 92, 95, 93, 94)
"""Of names; red is left to what is wrong, and to highlights."""
RESET: Final = b"\x1b[0m"
HIGHLIGHT: Final = "\x1b[1;31m"
_OBEYED: Final = re.compile(rb"(\x1b\[[0-9;:]*m)|\r(?=\n)|\xc2[\x80-\x9f]|[\x00-\x08\x0b-\x1f\x7f]")
"""What a terminal obeys; colours are let through, and the return before a line's end means nothing."""


@dataclass(frozen=True, slots=True)
class Look:
    """How output is shown."""

    form: Literal["default", "raw", "json"] = "default"
    prefix: bool = False
    namespaces: bool = False
    """Put the namespace into the prefix."""
    colour: bool = False
    timed: bool = False
    """Lines come with their time before them."""
    include: tuple[re.Pattern[str], ...] = ()
    exclude: tuple[re.Pattern[str], ...] = ()
    highlight: tuple[re.Pattern[str], ...] = ()
    terminal: bool = False
    """A person's terminal shows it: nothing but colours may steer that."""
    several: bool = False
    """Many containers write at a time, so that only whole lines may be written."""

    @property
    def plain(self) -> bool:
        """Whether bytes can be copied as they come."""
        return not (self.several or self.prefix or self.filtered or self.form == "json")

    @property
    def filtered(self) -> bool:
        """Whether what a line says matters."""
        return bool(self.include or self.exclude or (self.highlight and self.colour))


def harmless(data: bytes) -> bytes:
    """Show what a terminal would obey, but for colours, tabs and ends of lines."""
    return _OBEYED.sub(_shown, data)


def shown(look: Look, source: Source, stream: int, line: bytes, *, kept: bool = False) -> bytes | None:
    """Return the line as it is to be written, with its end; None where it is filtered out."""
    time, text = _parted(line) if look.timed and not kept else (b"", line)
    if look.filtered or look.form == "json":
        said = text.decode(errors="replace")
        if _unwanted(look, said):
            return None
        if look.form == "json":
            return _json(source, stream, time, said)
        if look.highlight and look.colour:
            text = _highlighted(look, said).encode()
    if look.terminal:
        text = harmless(text.removesuffix(b"\r"))
    if look.colour and b"\x1b" in text:
        text += RESET
    return b"".join((prefix(look, source), time, b" " if time else b"", text, b"\n"))


def label(look: Look, source: Source) -> str:
    """Name a source: the job, which attempt where there were several, and its namespace where there are several."""
    number = f"#{source.attempt}" if source.attempt else ""
    return f"{source.namespace + '/' if look.namespaces else ''}{source.name}{number}"


def prefix(look: Look, source: Source) -> bytes:
    """Return what stands before each line, in the colour that this job always has."""
    if not look.prefix:
        return b""
    text = label(look, source)
    if look.colour:
        number = COLOURS[zlib.crc32(f"{source.namespace}/{source.name}".encode()) % len(COLOURS)]
        return f"\x1b[{number}m{text}\x1b[0m ".encode()
    return f"{text} ".encode()


def _unwanted(look: Look, said: str) -> bool:
    if any(pattern.search(said) for pattern in look.exclude):
        return True
    return bool(look.include) and not any(pattern.search(said) for pattern in look.include)


def _highlighted(look: Look, said: str) -> str:
    for pattern in look.highlight:
        said = pattern.sub(lambda match: f"{HIGHLIGHT}{match[0]}\x1b[0m" if match[0] else "", said)
    return said


def _json(source: Source, stream: int, time: bytes, said: str) -> bytes:
    line = {
        "namespace": source.namespace,
        "name": source.name,
        "attempt": source.attempt,
        "stream": "stdout" if stream == STDOUT else "stderr",
        "time": time.decode() or None,
        "message": said.removesuffix("\r"),
    }
    return json.dumps(line, ensure_ascii=True).encode() + b"\n"


def _parted(line: bytes) -> tuple[bytes, bytes]:
    time, _, text = line.partition(b" ")
    return time, text


def _shown(match: re.Match[bytes]) -> bytes:
    found = match[0]
    if match[1]:
        return found
    if len(found) > 1:
        return b"\\x" + found[1:].hex().encode()
    if found == b"\r":
        return b"" if match.string[match.end() : match.end() + 1] == b"\n" else b"^M"
    return b"^?" if found == b"\x7f" else b"^" + bytes([found[0] ^ 0x40])
