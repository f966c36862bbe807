"""Files of environment variables, and what a half-written one is told."""

from pathlib import Path

import pytest

from kubectl_containerjob.problems import Problem
from kubectl_containerjob.values.env_files import parse, read


def test_comments_export_quotes_and_escapes_are_read_and_nothing_is_interpolated() -> None:
    text = """
# a comment
PLAIN=one two   # trailing comment
export EXPORTED=yes
EMPTY=
HASH=a#b
 SPACED = x
SINGLE='$HOME \\n #' # comment
DOUBLE="line\\nnext\\t\\"quoted\\" \\\\ $HOME"
PLAIN=last wins
"""
    assert parse(text, "f") == {
        "PLAIN": "last wins",
        "EXPORTED": "yes",
        "EMPTY": "",
        "HASH": "a#b",
        "SPACED": "x",
        "SINGLE": "$HOME \\n #",
        "DOUBLE": 'line\nnext\t"quoted" \\ $HOME',
    }


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("SECRET", "job.env:2: this line has no =: write NAME=VALUE, or make it a comment with #"),
        ("SECRET+==x", "job.env:2: before = stands no name: use letters"),
        ("A='x", "job.env:2: the value of A has no closing ': add it on the same line"),
        ('A="x\\"', 'job.env:2: the value of A has no closing "'),
        ('A="x" SECRET', 'job.env:2: text stands behind the closing " of A'),
        ("A=x\0y", "job.env:2: the value of A has a zero byte"),
    ],
)
def test_a_half_written_line_is_named_with_its_file_and_number(line: str, says: str) -> None:
    with pytest.raises(Problem) as problem:
        parse(f"OK=1\n{line}\n", "job.env")
    assert problem.value.message.startswith(says)
    assert "SECRET" not in problem.value.message
    assert problem.value.exit_code == 2


def test_a_file_with_a_byte_order_mark_and_windows_line_ends_is_read(tmp_path: Path) -> None:
    path = tmp_path / "env"
    path.write_bytes(b"\xef\xbb\xbfA=1\r\nB='2'\r\n")
    assert read(path) == {"A": "1", "B": "2"}


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(Problem, match="No such file or directory"):
        read(tmp_path / "none")
    (tmp_path / "binary").write_bytes(b"A=\xff\xfe")
    with pytest.raises(Problem, match="this is no UTF-8 text"):
        read(tmp_path / "binary")
