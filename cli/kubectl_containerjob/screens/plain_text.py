"""Text that others wrote, made harmless and fitted to a width; what a terminal would obey is shown instead."""

import os
import re
import unicodedata
from collections.abc import Iterator
from typing import IO, Any, Final

from kubectl_containerjob import terminal

UNBOUNDED: Final = 1_000_000
"""Width of what is piped: nothing is folded or cut there."""
LEAST: Final = 40
"""Columns; nothing is laid out for less."""


def room(stream: IO[Any]) -> int:
    """Return how wide lines may be: a terminal's width, or COLUMNS; without either there is no limit."""
    return max(LEAST, terminal.width()) if stream.isatty() or os.environ.get("COLUMNS") else UNBOUNDED


def harmless(text: str) -> str:
    """Return one line in which control, format and other invisible characters are written as escapes."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(char if char.isprintable() else _escape(char) for char in text)


def lines_of(text: str) -> list[str]:
    """Split output into harmless lines; a tab stays as wide as a terminal shows it."""
    return [harmless(line.removesuffix("\r").expandtabs(8)) for line in text.rstrip("\n").split("\n")]


def cells(text: str) -> int:
    """Return how many columns a terminal needs for the text."""
    return len(text) if text.isascii() else sum(map(_cells, text))


def cut(text: str, width: int) -> str:
    """Shorten to a width, with a mark where something is missing."""
    if cells(text) <= width:
        return text
    kept, used = [], 1
    for char in text:
        used += _cells(char)
        if used > width:
            break
        kept.append(char)
    return "".join(kept) + "…"


def padded(text: str, width: int) -> str:
    """Fill up with blanks to a width."""
    return text + " " * (width - cells(text))


def folded(text: str, width: int, indent: str = "") -> list[str]:
    """Break prose into lines between words; a word, or a command in backticks, that fits into a line stays whole."""
    found, line = [], ""
    for word in _words(text, width - cells(indent)):
        if line and cells(indent) + cells(line) + 1 + cells(word) > width:
            found.append(indent + line)
            line = word
        else:
            line = f"{line} {word}" if line else word
    return [*found, indent + line] if line else found


def _words(text: str, room: int) -> Iterator[str]:
    for found in re.finditer(r"[^\s`]*`[^`]+`\S*|\S+", text):
        word = " ".join(found.group().split())
        yield from [word] if cells(word) <= room else word.split()


def _escape(char: str) -> str:
    return {"\n": "\\n", "\t": "\\t", "\r": "\\r"}.get(char) or char.encode("unicode_escape").decode()


def _cells(char: str) -> int:
    if unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1
