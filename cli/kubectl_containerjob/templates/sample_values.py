"""A short text that a pattern matches, for trying a template out; best effort, whoever uses it checks the result."""

import re
from dataclasses import dataclass
from typing import Final

_CHARACTERS: Final = "1a" + "".join(map(chr, range(32, 127)))
"""Which characters are tried where several match: digits first, they are right almost everywhere."""
_ESCAPES: Final = {"n": "\n", "t": "\t", "r": "\r", "b": "", "B": "", "A": "", "z": ""}
_CLASSES: Final = "dDwWsS"
_COUNT: Final = re.compile(r"\{(\d+)(?:,\d*)?\}")
_GROUP: Final = re.compile(r"\((?:\?(?:P<\w+>|[a-z]*:|[a-z]+(?=\))))?")
_SET: Final = re.compile(r"\[\^?\]?(?:\\.|[^\]\\])*\]")


def sample(pattern: str) -> str:
    """Return the least that the pattern asks for: the first alternative, each repetition as rarely as may be."""
    return _Reader(pattern).alternatives()


@dataclass(slots=True)
class _Reader:
    """Reads a pattern from left to right."""

    pattern: str
    at: int = 0

    def alternatives(self) -> str:
        first = self._sequence()
        while self._takes("|"):
            self._sequence()
        return first

    def _sequence(self) -> str:
        found = []
        while self.at < len(self.pattern) and self.pattern[self.at] not in "|)":
            found.append(self._atom() * self._times())
        return "".join(found)

    def _atom(self) -> str:
        group = self._matches(_GROUP)
        if group:
            inside = self.alternatives()
            self._takes(")")
            return inside
        members = self._matches(_SET)
        if members:
            return _member(members[0])
        char = self.pattern[self.at]
        self.at += 1
        if char == "\\" and self.at < len(self.pattern):
            return self._escaped()
        return "" if char in "^$" else _member(".") if char == "." else char

    def _escaped(self) -> str:
        char = self.pattern[self.at]
        self.at += 1
        return _member(f"\\{char}") if char in _CLASSES else _ESCAPES.get(char, char)

    def _times(self) -> int:
        count = self._matches(_COUNT)
        if count:
            least = int(count[1])
        elif self._takes("*") or self._takes("?"):
            least = 0
        else:
            self._takes("+")
            least = 1
        self._takes("?")  # as few as possible, or none more than that
        return least

    def _takes(self, char: str) -> bool:
        there = self.pattern.startswith(char, self.at)
        self.at += there
        return there

    def _matches(self, expression: re.Pattern[str]) -> re.Match[str] | None:
        found = expression.match(self.pattern, self.at)
        if found:
            self.at = found.end()
        return found


def _member(members: str) -> str:
    try:
        expression = re.compile(members, re.ASCII)
    except re.error:
        return ""
    return next((char for char in _CHARACTERS if expression.match(char)), "")
