"""How one line of output looks."""

import json
import re
from typing import Any

import pytest

from kubectl_containerjob.logs.events import Source
from kubectl_containerjob.logs.lines import Look, harmless, label, prefix, shown

DEMO = Source("shop", "demo", 0, "cj-1-0")
AGAIN = Source("shop", "demo", 2, "cj-1-2")


def line(text: str, *, source: Source = DEMO, stream: int = 1, kept: bool = False, **look: Any) -> str | None:
    found = shown(Look(**look), source, stream, text.encode(), kept=kept)
    return None if found is None else found.decode()


def patterns(*texts: str) -> tuple[re.Pattern[str], ...]:
    return tuple(map(re.compile, texts))


def test_a_prefix_names_the_job_the_attempt_of_a_retried_one_and_its_namespace() -> None:
    assert line("hello", prefix=True) == "demo hello\n"
    assert line("hello", prefix=True, source=AGAIN) == "demo#2 hello\n"
    assert line("hello", prefix=True, source=AGAIN, namespaces=True) == "shop/demo#2 hello\n"
    assert label(Look(), DEMO) == "demo"


def test_a_job_has_the_same_colour_in_every_attempt() -> None:
    look = Look(prefix=True, colour=True)
    first, again = prefix(look, DEMO), prefix(look, AGAIN)
    assert re.fullmatch(rb"\x1b\[\d+mdemo\x1b\[0m ", first)
    assert first[:5] == again[:5]
    many = {prefix(look, Source("shop", f"job-{n}", 0, ""))[:5] for n in range(50)}
    assert len(many) == 10


def test_only_lines_that_are_wanted_are_shown() -> None:
    assert line("an ERROR here", include=patterns("ERROR")) == "an ERROR here\n"
    assert line("all is well", include=patterns("ERROR", "^WARN")) is None
    assert line("WARN", include=patterns("ERROR", "^WARN")) == "WARN\n"
    assert line("an ERROR here", include=patterns("ERROR"), exclude=patterns("here$")) is None


def test_filters_do_not_look_at_the_time() -> None:
    given = "2026-01-31T18:00:00Z hello"
    assert line(given, timed=True, include=patterns("2026")) is None
    assert line(given, timed=True, include=patterns("^hello")) == f"{given}\n"


def test_what_matches_is_marked_where_there_are_colours() -> None:
    look = {"highlight": patterns("b+", "x*")}
    assert line("abbc", colour=True, **look) == "a\x1b[1;31mbb\x1b[0mc\x1b[0m\n"
    assert line("abbc", **look) == "abbc\n"


def test_a_colour_that_a_container_leaves_on_ends_with_its_line() -> None:
    assert line("\x1b[31mred", colour=True) == "\x1b[31mred\x1b[0m\n"
    assert line("\x1b[31mred") == "\x1b[31mred\n"


def test_json_tells_everything_of_a_line() -> None:
    found = line("2026-01-31T18:00:00Z sä\x1b", source=AGAIN, stream=2, form="json", timed=True)
    assert found is not None
    assert found.isascii()
    assert json.loads(found) == {
        "namespace": "shop",
        "name": "demo",
        "attempt": 2,
        "stream": "stderr",
        "time": "2026-01-31T18:00:00Z",
        "message": "sä\x1b",
    }


def test_a_kept_line_has_no_time() -> None:
    found = line("two words", form="json", timed=True, kept=True)
    assert found is not None
    assert (json.loads(found)["time"], json.loads(found)["message"]) == (None, "two words")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (b"plain \xc3\xa4 text\t1\n", b"plain \xc3\xa4 text\t1\n"),
        (b"\x1b[1;31mred\x1b[0m", b"\x1b[1;31mred\x1b[0m"),
        (b"\x1b[38:5:1mred", b"\x1b[38:5:1mred"),
        (b"\x1b[2J\x1b[H", b"^[[2J^[[H"),
        (b"\x1b]0;title\x07", b"^[]0;title^G"),
        (b"over\rwritten", b"over^Mwritten"),
        (b"dos\r\nlines\r\n", b"dos\nlines\n"),
        (b"\x00\x7f", b"^@^?"),
        (b"\xc2\x9b2J", b"\\x9b2J"),
    ],
)
def test_a_terminal_obeys_nothing_but_colours(given: bytes, expected: bytes) -> None:
    assert harmless(given) == expected


def test_on_a_terminal_the_return_before_a_lines_end_is_dropped() -> None:
    assert line("dos\r", terminal=True) == "dos\n"
    assert line("dos\r") == "dos\r\n"
