"""Text of others, made harmless and fitted."""

import io

import pytest

from kubectl_containerjob.screens import plain_text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("\x1b[2Jgone", "\\x1b[2Jgone"),
        ("a\nb\tc\rd", "a\\nb\\tc\\rd"),
        ("\x9b31m", "\\x9b31m"),
        ("\u202eevil", "\\u202eevil"),
        ("日本 ü", "日本 ü"),
    ],
)
def test_what_a_terminal_would_obey_is_written_as_an_escape(text: str, shown: str) -> None:
    assert plain_text.harmless(text) == shown


def test_output_becomes_lines_without_ends() -> None:
    assert plain_text.lines_of("one\r\n\ttwo\x07\n") == ["one", "        two\\x07"]


def test_wide_and_combining_characters_are_counted_as_a_terminal_shows_them() -> None:
    assert plain_text.cells("日本") == 4
    assert plain_text.cells("e\u0301") == 1
    assert plain_text.padded("日", 4) == "日  "


def test_what_is_cut_says_so() -> None:
    assert plain_text.cut("abcdef", 6) == "abcdef"
    assert plain_text.cut("abcdefg", 6) == "abcde…"
    assert plain_text.cut("日本語", 4) == "日…"
    assert plain_text.cut("\u00e9a", 1) == "…"


def test_prose_is_folded_between_words_and_commands_stay_whole_where_they_fit() -> None:
    assert plain_text.folded("one two three", 8, "> ") == ["> one", "> two", "> three"]
    assert plain_text.folded("run `a b c` now", 10) == ["run", "`a b c`", "now"]
    assert plain_text.folded("`a b c d e f`", 6) == ["`a b c", "d e f`"]
    assert plain_text.folded("toolongaword x", 4) == ["toolongaword", "x"]
    assert plain_text.folded("  ", 10) == []


def test_what_is_piped_has_all_the_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    assert plain_text.room(io.StringIO()) == plain_text.UNBOUNDED
    monkeypatch.setenv("COLUMNS", "100")
    assert plain_text.room(io.StringIO()) == 100
    monkeypatch.setenv("COLUMNS", "5")
    assert plain_text.room(io.StringIO()) == plain_text.LEAST
