"""Finding the place in a log from which to read on."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from containerjob_operator.executors.docker.entries import Batcher, Entry
from containerjob_operator.executors.docker.seeking import After, FromLine, Since, TailCount
from containerjob_operator.executors.outputs import STDERR, STDOUT
from containerjob_operator.executors.stamps import stamp_of, time_of

BOTH = frozenset({STDOUT, STDERR})


def log(*times: int) -> list[Entry]:
    return [(STDOUT, stamp_of(time), b"%d\n" % index) for index, time in enumerate(times)]


def texts(entries: object) -> list[bytes]:
    assert isinstance(entries, list | tuple)
    return [text for _, _, text in entries]


@given(st.lists(st.integers(10, 14), min_size=1, max_size=12), st.data())
def test_reading_goes_on_behind_any_entry_whatever_the_order_of_times(times: list[int], data: st.DataObject) -> None:
    entries = log(*times)
    read = data.draw(st.integers(1, len(entries)))
    size = data.draw(st.integers(1, 4))
    batcher = Batcher()
    batcher.feed(entries[:read])
    stamp, ordinal = batcher.cursor
    seek = After(time_of(stamp), ordinal).seek(None)
    found = [entry for at in range(0, len(entries), size) for entry in seek.feed(entries[at : at + size])]
    assert found == entries[read:]
    assert (seek.missed, seek.shallow) == (False, False)


def test_where_the_entry_is_gone_the_oldest_comes_and_is_marked() -> None:
    seek = After(5, 1).seek(None)
    assert texts(seek.feed(log(6, 7))) == [b"0\n", b"1\n"]
    assert seek.missed


def test_where_some_entries_of_the_time_are_gone_nothing_is_marked() -> None:
    seek = After(5, 3).seek(None)
    assert texts(seek.feed(log(5, 5, 6))) == [b"2\n"]
    assert not seek.missed


def test_the_beginning_of_a_time_is_no_entry_that_could_be_gone() -> None:
    seek = After(5, 0).seek(None)
    assert texts(seek.feed(log(4, 6))) == [b"1\n"]
    assert not seek.missed


@pytest.mark.parametrize("times", [(6, 7), (5, 6)])
def test_a_part_of_the_log_that_may_lack_entries_of_the_time_is_too_shallow(times: tuple[int, ...]) -> None:
    seek = After(5, 1).seek(1000)
    assert texts(seek.feed(log(*times))) == []
    assert seek.shallow


def test_an_older_entry_that_was_written_late_does_not_tell_that_a_part_of_the_log_is_enough() -> None:
    first, second = (STDOUT, stamp_of(7), b"a\n"), (STDOUT, stamp_of(7), b"b\n")
    late = (STDERR, stamp_of(6), b"late\n")
    batcher = Batcher()
    batcher.feed([first, late])
    for entries in ([late, second], [(STDERR, stamp_of(6), b"part"), late, second]):
        seek = After(7, batcher.cursor[1]).seek(1000)
        assert texts(seek.feed(entries)) == []
        assert seek.shallow
    seek = After(7, batcher.cursor[1]).seek(1000)
    assert texts(seek.feed([*log(5, 5), first, late, second])) == [b"b\n"]
    assert not seek.shallow


def test_the_engine_is_asked_for_a_little_more_than_the_cursor() -> None:
    place = After(1_700_000_000_123_456_789, 1)
    assert place.params(None) == {"since": "1699999999.123456789"}
    assert place.params(1000) == {"since": "1699999400.123456789", "tail": "1000"}
    assert Since(5).params(None) == {"since": "0.000000005"}
    assert Since().params(None) == {}
    assert After(5, 1).params(None) == {"since": "0.000000000"}


def test_lines_are_counted_behind_the_first_change_of_time() -> None:
    count = TailCount(BOTH)
    count.feed(log(5, 5, 6, 7))
    assert (count.entries, count.lines, count.lines_behind, count.anchor) == (4, 4, 2, stamp_of(6))


def test_parts_are_one_line_and_the_other_stream_may_not_count() -> None:
    entries: list[Entry] = [
        (STDOUT, stamp_of(5), b"a"),
        (STDERR, stamp_of(6), b"e\n"),
        (STDOUT, stamp_of(5), b"b\n"),
        (STDOUT, stamp_of(7), b"c\n"),
    ]
    count = TailCount(frozenset({STDOUT}))
    count.feed(entries)
    assert (count.lines, count.entries) == (2, 4)
    seek = FromLine(b"", 1, frozenset({STDOUT})).seek(None)
    assert texts(seek.feed(entries)) == [b"c\n"]


def test_lines_are_dropped_from_the_time_on() -> None:
    place = FromLine(stamp_of(6), 1, BOTH, depths=(100, None))
    assert texts(place.seek(100).feed(log(5, 6, 7, 8))) == [b"2\n", b"3\n"]
    shallow = place.seek(100)
    assert texts(shallow.feed(log(6, 7, 8))) == []
    assert shallow.shallow
    assert texts(place.seek(None).feed(log(6, 7, 8))) == [b"1\n", b"2\n"]
    assert (place.params(100), place.params(None)) == ({"tail": "100"}, {})


def test_of_the_last_lines_older_ones_than_wanted_are_dropped() -> None:
    seek = FromLine(b"", 1, BOTH, stamp_of(8)).seek(None)
    assert texts(seek.feed(log(5, 6, 8))) == [b"2\n"]
    assert texts(seek.feed(log(9))) == [b"0\n"]
