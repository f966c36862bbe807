"""Log tails: bounded and printable whatever a container writes."""

import struct

from hypothesis import given
from hypothesis import strategies as st

from containerjob_operator.executors.docker.logs import Demultiplexer
from containerjob_operator.executors.tails import TAIL_BYTES, TAIL_LINES, Window, log_tail


def window(*pieces: bytes) -> Window:
    found = Window()
    for piece in pieces:
        found.feed(piece)
    return found


def test_nothing_written_is_nothing_missing() -> None:
    assert window().end() == ("", False)


def test_short_output_is_kept_as_it_is() -> None:
    assert window(b"a\n", b"\tb").end() == ("a\n\tb", False)


def test_exactly_twenty_lines_are_all_there_is() -> None:
    text = "".join(f"{number}\n" for number in range(TAIL_LINES))
    assert window(text.encode()).end() == (text, False)


def test_of_more_lines_the_last_twenty_stay() -> None:
    text = "".join(f"{number}\n" for number in range(TAIL_LINES + 1))
    assert window(text.encode()).end() == (text.removeprefix("0\n"), True)


def test_a_cut_never_leaves_half_a_character() -> None:
    assert window("é".encode() * TAIL_BYTES + b"x").end() == ("é" * (TAIL_BYTES // 2 - 1) + "x", True)


def test_progress_bars_become_lines_and_controls_are_replaced() -> None:
    assert window(b"10%\r20%\r\n\x1b[2J\x00\x7f\xc2\x9b").end() == ("10%\n20%\n\ufffd[2J\ufffd\ufffd\ufffd", False)


@given(st.lists(st.binary(max_size=3000), max_size=10))
def test_any_bytes_make_a_tail_that_a_status_may_hold(pieces: list[bytes]) -> None:
    tail = log_tail(window(*pieces), window(b"".join(pieces)))
    assert tail.stdout == tail.stderr
    assert len(tail.stdout) <= TAIL_BYTES
    assert tail.stdout.removesuffix("\n").count("\n") < TAIL_LINES
    assert all(character.isprintable() or character in "\n\t" or ord(character) > 0x9F for character in tail.stdout)


@given(
    st.lists(st.tuples(st.sampled_from([1, 2]), st.binary(max_size=50)), max_size=20),
    st.integers(min_value=1, max_value=40),
)
def test_frames_are_split_by_stream_wherever_the_bytes_are_cut(frames: list[tuple[int, bytes]], size: int) -> None:
    whole = b"".join(struct.pack(">BxxxL", stream, len(data)) + data for stream, data in frames)
    pieces = Demultiplexer()
    for start in range(0, len(whole), size):
        pieces.feed(whole[start : start + size])
    assert pieces.entries == len(frames)
    for stream, found in ((1, pieces.stdout), (2, pieces.stderr)):
        assert found.end() == window(*(data for kind, data in frames if kind == stream)).end()
