"""The framed log stream: cut anywhere, it gives the same entries; and entries make the same text."""

import struct
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from containerjob_operator.executors.docker.entries import OUTPUT_LIMIT, Batcher, Cutter, Entry
from containerjob_operator.executors.outputs import STDERR, STDOUT, Output
from containerjob_operator.executors.stamps import stamp_of, time_of

lines = st.lists(
    st.tuples(
        st.sampled_from([STDOUT, STDERR]),
        st.integers(1_700_000_000 * 10**9, 1_700_000_000 * 10**9 + 3),
        st.binary(max_size=60),
    ),
    max_size=20,
)


def framed(entries: list[Entry]) -> bytes:
    contents = [(stream, stamp + b" " + text) for stream, stamp, text in entries]
    return b"".join(struct.pack(">BxxxI", stream, len(content)) + content for stream, content in contents)


@given(lines, st.lists(st.integers(0, 2000), max_size=12))
def test_a_stream_cut_anywhere_gives_the_same_entries(told: list[tuple[int, int, bytes]], cuts: list[int]) -> None:
    entries = [(stream, stamp_of(time), text) for stream, time, text in told]
    data = framed(entries)
    places = sorted({0, len(data), *(min(cut, len(data)) for cut in cuts)})
    cutter = Cutter()
    assert [entry for start, stop in pairwise(places) for entry in cutter.feed(data[start:stop])] == entries
    assert Cutter().feed(data) == entries


@given(lines, st.integers(1, 5))
def test_batches_of_any_size_give_the_same_text_and_end_at_the_same_place(
    told: list[tuple[int, int, bytes]], size: int
) -> None:
    entries = [(stream, stamp_of(time), text) for stream, time, text in told]
    batcher = Batcher()
    parts = [batcher.feed(entries[at : at + size]) for at in range(0, len(entries), size)]
    outputs = [output for part in parts for output in part]
    for stream in (STDOUT, STDERR):
        told_of = b"".join(text for of, _, text in entries if of == stream)
        assert b"".join(output.data for output in outputs if output.stream == stream) == told_of
    whole = Batcher().feed(entries)
    assert [(output.time, output.ordinal) for output in whole[-1:]] == [
        (output.time, output.ordinal) for output in outputs[-1:]
    ]


def test_the_ordinal_counts_from_the_first_entry_of_the_newest_time() -> None:
    entries = [(STDOUT, stamp_of(time), b"x\n") for time in (5, 7, 7, 6, 7)]
    assert [Batcher().feed(entries[:count])[-1].ordinal for count in range(1, 6)] == [1, 1, 2, 3, 4]
    assert [Batcher().feed(entries[:count])[-1].time for count in range(1, 6)] == [5, 7, 7, 7, 7]


def test_the_stream_that_is_not_wanted_counts() -> None:
    entries = [(STDERR, stamp_of(5), b"x\n"), (STDOUT, stamp_of(5), b"y\n")]
    assert Batcher(stderr=False).feed(entries) == [Output(STDOUT, b"y\n", 5, 2)]


def test_no_output_is_longer_than_it_may_be() -> None:
    entries = [(STDOUT, stamp_of(time), b"x" * 16384) for time in range(9)]
    assert [len(output.data) for output in Batcher().feed(entries)] == [65536, 65536, 16384]
    batcher = Batcher()
    batcher.feed(entries[:1])
    huge = batcher.feed([(STDOUT, stamp_of(9), b"y" * (OUTPUT_LIMIT + 1) + b"\n")])
    assert [(len(output.data), output.time, output.partial) for output in huge] == [
        (OUTPUT_LIMIT, 0, True),
        (2, 9, False),
    ]


def test_only_the_beginning_of_a_line_gets_its_time() -> None:
    parts = [(STDOUT, b"a"), (STDERR, b"e\n"), (STDOUT, b"b\n"), (STDOUT, b"c\n")]
    data = framed([(stream, stamp_of(1), text) for stream, text in parts])
    stamp = stamp_of(1) + b" "
    assert [text for _, _, text in Cutter(timestamps=True).feed(data)] == [
        stamp + b"a",
        stamp + b"e\n",
        b"b\n",
        stamp + b"c\n",
    ]


@pytest.mark.parametrize(
    "data",
    [
        b"HTTP/1.1 400 Bad Request",
        struct.pack(">BxxxI", 1, 2**30),
        struct.pack(">BxxxI", 1, 5) + b"hello",
        struct.pack(">BxxxI", 1, 26) + b"2026-01-02T03:04:05.000 hi",
        struct.pack(">BxxxI", 9, 2) + b"hi",
    ],
)
def test_what_is_no_log_stream_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"log stream|isoformat|offset"):
        Cutter().feed(data)


def test_nothing_is_read_behind_the_engines_complaint() -> None:
    cutter = Cutter()
    data = framed([(STDOUT, stamp_of(1), b"a\n")])
    assert len(cutter.feed(data + struct.pack(">BxxxI", 3, 4) + b"sad\n" + data)) == 1
    assert cutter.complaint == "sad"


@given(st.integers(0, 4 * 10**18))
def test_a_stamp_says_its_time_to_the_nanosecond(time: int) -> None:
    assert time_of(stamp_of(time)) == time


@given(st.integers(0, 4 * 10**18), st.integers(0, 4 * 10**18))
def test_stamps_are_in_order_as_times_are(one: int, other: int) -> None:
    assert (stamp_of(one) < stamp_of(other)) == (one < other)
