"""What goes to stdout, what to stderr, and when."""

import io
import os
import re
import threading
from typing import Any

from containerjob_api.frames import EndReason
from kubectl_containerjob.logs.events import Ended, Event, Missing, Outage, Output, Quiet, Restored, Source, Started
from kubectl_containerjob.logs.lines import Look
from kubectl_containerjob.logs.printing import LINE_BYTES, Printer, write

ONE = Source("shop", "one", 0, "cj-1-0")
TWO = Source("shop", "two", 1, "cj-2-1")


def printed(*events: Event, finish: bool = True, **look: Any) -> tuple[str, str]:
    """Return what reached stdout and stderr."""
    out, err = io.BytesIO(), io.BytesIO()
    printer = Printer(Look(**look), out, err)
    for event in events:
        printer.take(event)
    if finish:
        printer.finish()
    return out.getvalue().decode(errors="backslashreplace"), err.getvalue().decode()


def test_bytes_are_copied_as_they_come_where_nothing_is_asked_for() -> None:
    data = b"\x1b[2J\xff\r\nhalf"
    assert printed(Started(ONE), Output(ONE, 1, data), Quiet(), finish=False) == ("\x1b[2J\\xff\r\nhalf", "")
    assert printed(Output(ONE, 1, b"\x1b[2J"), terminal=True) == ("^[[2J", "")


def test_both_streams_stay_apart_with_prefixes_too() -> None:
    events = (Output(ONE, 1, b"a\n"), Output(TWO, 2, b"b\n"), Output(ONE, 2, b"c\n"))
    assert printed(*events, prefix=True, several=True) == ("one a\n", "two#1 b\none c\n")


def test_lines_of_many_containers_are_never_mixed() -> None:
    events = (Output(ONE, 1, b"be"), Output(TWO, 1, b"whole\n"), Output(ONE, 1, b"gun\nlast"))
    assert printed(*events, several=True) == ("whole\nbegun\nlast\n", "")


def test_a_line_without_end_is_written_when_its_container_ends() -> None:
    events = (Output(ONE, 1, b"half"), Output(TWO, 1, b"other"), Ended(ONE, EndReason.EXITED))
    assert printed(*events, several=True, finish=False) == ("half\n", "")


def test_an_endless_line_is_written_in_pieces() -> None:
    out, _ = printed(Output(ONE, 1, b"x" * LINE_BYTES), Output(ONE, 1, b"y\n"), several=True, finish=False)
    assert out == "x" * LINE_BYTES + "\ny\n"


def test_filtered_lines_leave_nothing_behind() -> None:
    assert printed(Output(ONE, 1, b"a\nb\na\n"), exclude=(re.compile("a"),)) == ("b\n", "")


def test_json_of_both_streams_goes_to_stdout() -> None:
    out, err = printed(Output(ONE, 2, b"2026-01-31T18:00:00Z a\n"), form="json", timed=True)
    assert '"stream": "stderr"' in out
    assert err == ""


def test_missing_output_is_told_where_it_is_missing() -> None:
    events = (Output(ONE, 1, b"half"), Missing(ONE, "rotated\x1b away"), Output(ONE, 1, b"more\n"))
    assert printed(*events, several=True) == (
        "half\nmore\n",
        "--- one: output missing here: rotated\\x1b away ---\n",
    )
    assert printed(Missing(None, "rotated")) == ("", "--- output missing here: rotated ---\n")


def test_a_container_that_is_gone_is_told_with_what_was_kept_of_it() -> None:
    gone = Ended(ONE, EndReason.GONE)
    kept = "--- one: the container is gone: these are the last lines that were kept ---\n"
    assert printed(Output(ONE, 1, b"a\n", kept=True), gone) == ("a\n", kept)
    none = "--- one: the container is gone, and none of its output was kept ---\n"
    assert printed(Started(ONE), gone) == ("", none)


def test_a_container_that_goes_after_all_was_read_is_no_news() -> None:
    assert printed(Output(ONE, 1, b"a\n"), Ended(ONE, EndReason.GONE)) == ("a\n", "")


def test_what_was_told_as_missing_is_not_told_again_at_the_end() -> None:
    _, err = printed(Missing(ONE, "it is gone"), Output(ONE, 1, b"a\n", kept=True), Ended(ONE, EndReason.GONE))
    assert err == "--- one: output missing here: it is gone ---\n"


def test_a_kept_line_does_not_continue_one_that_was_cut_off() -> None:
    events = (Output(ONE, 1, b"2026-01-31T18:00:00Z ha"), Output(ONE, 1, b"kept\n", kept=True))
    assert printed(*events, timed=True, several=True) == ("2026-01-31T18:00:00Z ha\nkept\n", "")


def test_an_outage_and_its_end_are_told() -> None:
    _, err = printed(Outage("EOF"), Restored())
    assert err == "--- connection to the operator lost, trying again (EOF) ---\n--- connected again ---\n"


def test_the_end_of_all_is_kept_for_who_asks() -> None:
    printer = Printer(Look(several=True), io.BytesIO(), out := io.BytesIO())
    printer.take(Output(ONE, 2, b"half"))
    printer.take(Ended(None, EndReason.EXITED, 3, "Failed"))
    assert printer.ended == Ended(None, EndReason.EXITED, 3, "Failed")
    assert out.getvalue() == b"half\n"


def test_a_full_pipe_that_does_not_block_is_waited_for() -> None:
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    data, found = os.urandom(1 << 20), io.BytesIO()
    with os.fdopen(reader, "rb", 0) as source, os.fdopen(writer, "wb", 0) as sink:
        thread = threading.Thread(
            target=lambda: [found.write(chunk) for chunk in iter(lambda: source.read(4096), b"")]
        )
        thread.start()
        write(sink, data)
        sink.close()
        thread.join()
    assert found.getvalue() == data
