"""The Logging query language, as far as readers of a task's output need it; anything else is refused aloud.

Every rule here is of https://cloud.google.com/logging/docs/view/logging-query-language.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote

from google.cloud.logging_v2.types import LogEntry
from google.logging.type.log_severity_pb2 import LogSeverity
from google.protobuf.timestamp_pb2 import Timestamp

from .refusals import Code, Refused

TOKEN: Final = re.compile(
    r"""\s*(?:(?P<remark>--[^\n]*)|(?P<token>"(?:[^"\\]|\\.)*"|[()]|!=|=~|!~|>=|<=|[=<>:]|[^\s()"=<>:!]+))"""
)
OPERATORS: Final = {"=", "!=", ">", ">=", "<", "<=", ":", "=~", "!~"}


@dataclass(frozen=True, slots=True)
class Fields:
    """The parts of an entry that filters may name."""

    texts: dict[str, str]
    labels: dict[str, str]
    resource_labels: dict[str, str]
    numbers: dict[str, int]

    @classmethod
    def of(cls, entry: LogEntry) -> "Fields":
        """Take an entry apart."""
        raw = LogEntry.pb(entry)
        texts = {
            "logname": unquote(raw.log_name),
            "insertid": raw.insert_id,
            "resource.type": raw.resource.type,
            "textpayload": raw.text_payload,
        }
        numbers = {
            "timestamp": raw.timestamp.ToNanoseconds(),
            "receivetimestamp": raw.receive_timestamp.ToNanoseconds(),
            "severity": raw.severity,
        }
        return cls(texts, dict(raw.labels), dict(raw.resource.labels), numbers)


Test = Callable[[Fields], bool]


def bad(message: str) -> Refused:
    """Refuse a filter."""
    return Refused(Code.INVALID_ARGUMENT, f"Unparseable filter: {message}")


def compiled(text: str) -> Test:
    """Make a filter a test; an empty filter matches all entries."""
    tokens = _split(text)
    if not tokens:
        return lambda _: True
    parser = _Parser(tokens)
    test = parser.conjunction()
    if parser.next is not None:
        raise bad(f"syntax error at '{parser.next}'")
    return test


def _split(text: str) -> list[str]:
    tokens = []
    position = 0
    text = text.rstrip()
    while position < len(text):
        match = TOKEN.match(text, position)
        if match is None:
            raise bad(f"syntax error at '{text[position:].strip()[:40]}'")
        if match["token"]:
            tokens.append(match["token"])
        position = match.end()
    return tokens


class _Parser:
    """NOT binds closest, then OR, then AND; two comparisons beside each other are joined by AND."""

    def __init__(self, tokens: list[str]) -> None:
        self._tokens = tokens
        self._at = 0

    @property
    def next(self) -> str | None:
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    def take(self) -> str:
        token = self.next
        if token is None:
            raise bad("it ends too early")
        self._at += 1
        return token

    def conjunction(self) -> Test:
        tests = [self.disjunction()]
        while self.next not in (None, ")"):
            if self.next == "AND":
                self.take()
            tests.append(self.disjunction())
        return lambda fields: all(test(fields) for test in tests)

    def disjunction(self) -> Test:
        tests = [self.negation()]
        while self.next == "OR":
            self.take()
            tests.append(self.negation())
        return lambda fields: any(test(fields) for test in tests)

    def negation(self) -> Test:
        if self.next == "NOT":
            self.take()
            test = self.negation()
            return lambda fields: not test(fields)
        if self.next == "(":
            self.take()
            test = self.conjunction()
            self._close()
            return test
        return self._term()

    def _close(self) -> None:
        if self.take() != ")":
            raise bad("a parenthesis is not closed")

    def _term(self) -> Test:
        name = self.take()
        if name == "log_id" and self.next == "(":
            self.take()
            wanted = f"/logs/{_value(self.take())}"
            self._close()
            return lambda fields: fields.texts["logname"].endswith(wanted)
        while name.endswith(".") and self.next is not None and self.next.startswith('"'):
            name += _value(self.take())
        operator = self.take()
        if operator not in OPERATORS:
            raise bad(f"'{name}' is not compared with anything; global text searches are not emulated")
        if self.next == "(":
            return self._any_of(name, operator)
        return comparison(name, operator, _value(self.take()))

    def _any_of(self, name: str, operator: str) -> Test:
        """Read field=("a" OR "b")."""
        self.take()
        tests = [comparison(name, operator, _value(self.take()))]
        while self.next == "OR":
            self.take()
            tests.append(comparison(name, operator, _value(self.take())))
        self._close()
        return lambda fields: any(test(fields) for test in tests)


def _value(token: str) -> str:
    if token in OPERATORS or token in ("(", ")"):
        raise bad(f"a value is expected instead of '{token}'")
    return re.sub(r"\\(.)", r"\1", token[1:-1]) if token.startswith('"') else token


def comparison(name: str, operator: str, value: str) -> Test:
    """Build the test of one field; names and texts are compared without regard to case."""
    kind = name.split(".", maxsplit=1)[0].replace("_", "").lower()
    if kind in ("timestamp", "receivetimestamp", "severity") and "." not in name:
        return _number(kind, operator, value)
    if name.startswith("labels."):
        key = name.removeprefix("labels.")
        return _text(lambda fields: fields.labels.get(key), operator, value)
    if name.startswith("resource.labels."):
        label = name.removeprefix("resource.labels.")
        return _text(lambda fields: fields.resource_labels.get(label), operator, value)
    path = name.lower() if kind == "resource" else kind
    if path not in ("logname", "insertid", "resource.type", "textpayload"):
        raise bad(f"the field '{name}' is not emulated")
    return _text(lambda fields: fields.texts[path], operator, unquote(value) if path == "logname" else value)


def _number(kind: str, operator: str, value: str) -> Test:
    if kind == "severity":
        if value.upper() not in LogSeverity.keys():  # noqa: SIM118
            raise bad(f"'{value}' is no severity")
        number = int(LogSeverity.Value(value.upper()))
    else:
        number = _moment(value)
    if operator not in ("=", "!=", ">", ">=", "<", "<="):
        raise bad(f"'{operator}' cannot be used with {kind}")
    return lambda fields: _ordered(fields.numbers[kind], operator, number)


def _moment(value: str) -> int:
    moment = Timestamp()
    try:
        moment.FromJsonString(value)
    except ValueError:
        raise bad(f"'{value}' is no time of RFC 3339") from None
    return int(moment.ToNanoseconds())


def _ordered(found: int, operator: str, wanted: int) -> bool:
    return {
        "=": found == wanted,
        "!=": found != wanted,
        ">": found > wanted,
        ">=": found >= wanted,
        "<": found < wanted,
        "<=": found <= wanted,
    }[operator]


def _text(read: Callable[[Fields], str | None], operator: str, value: str) -> Test:
    if operator not in ("=", "!=", ":", "=~", "!~"):
        raise bad(f"'{operator}' is not emulated for texts")
    try:
        pattern = re.compile(value if "~" in operator else re.escape(value))
    except re.error:
        raise bad(f"'{value}' is no regular expression") from None

    def test(fields: Fields) -> bool:
        found = read(fields)
        if found is None:
            # A field that is missing fails every comparison but the negated ones.
            return operator in ("!=", "!~")
        if operator in ("=", "!="):
            return (found.casefold() == value.casefold()) == (operator == "=")
        if operator == ":":
            return value == "*" or value.casefold() in found.casefold()
        return (pattern.search(found) is not None) == (operator == "=~")

    return test
