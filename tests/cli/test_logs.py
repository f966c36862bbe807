"""`kubectl containerjob logs` as people run it, against a server that speaks the log API."""

import json
import os
import pty
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.fakes.log_server import HOLD, Person, Refuse, end, faithful, gap, out, person, source

from containerjob_api.frames import EndReason, Flag
from kubectl_containerjob.selection import missing_job

NO_API = Refuse(404, "", "404 page not found")


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[Person]:
    """Somebody whose cluster is the server."""
    with person(tmp_path) as made:
        yield made


def kept(name: str, phase: str = "Succeeded", **tail: str) -> dict[str, Any]:
    """Return the status of a job with a kept tail."""
    attempt = {
        "attempt": 0,
        "name": f"cj-{name}-0",
        "host": {"name": "h"},
        "containerID": "c",
        "exitCode": 0,
        "logTail": tail,
    }
    return {"phase": phase, "finished": True, "attempts": [attempt]}


def test_both_streams_come_out_where_they_belong(reader: Person) -> None:
    reader.book.always = faithful([(b"out\xc3\xa4\x1b[2J\n", False), (b"err\n", True), (b"end", False)])
    done = reader("logs", "demo")
    assert (done.returncode, done.stdout, done.stderr) == (0, "outä\x1b[2J\nend", "err\n")


def test_every_option_reaches_the_server(reader: Person) -> None:
    reader.book.always = faithful([])
    options = "-f --since 1h30m --tail 7 --timestamps --attempt 2 --limit-bytes 99 --stderr-only --max-log-requests 3"
    assert reader("logs", "cjob/demo", *options.split()).returncode == 0
    assert reader.book.asked() == {
        "framing": ["v1"],
        "follow": ["true"],
        "sinceSeconds": ["5400"],
        "tailLines": ["7"],
        "timestamps": ["true"],
        "attempt": ["2"],
        "limitBytes": ["99"],
        "stream": ["stderr"],
        "maxSources": ["3"],
    }
    assert "/containerjobs/demo/log?" in reader.book.requests[-1]
    more = "-A -l app=x -p --since-time 2026-01-31T18:00:00Z --stream stdout --tail -1"
    assert reader("logs", *more.split()).returncode == 0
    assert reader.book.requests[-1].startswith("/apis/subresources.containerjobs.io/v1alpha1/containerjobs/-/log?")
    assert reader.book.asked() == {
        "framing": ["v1"],
        "labelSelector": ["app=x"],
        "previous": ["true"],
        "sinceTime": ["2026-01-31T18:00:00Z"],
        "stream": ["stdout"],
    }


def test_many_jobs_are_one_stream_with_their_names_before_their_lines(reader: Person) -> None:
    frames = [source(0, "one"), source(1, "two", attempt=1), out(0, "a\nb", 1), out(1, "c\n", 2, stderr=True)]
    reader.book.always = lambda query: [*frames, out(0, "b\nERROR\n", 3), end(0), end(1), end()]
    done = reader("logs", "--all")
    assert (done.stdout, done.stderr) == ("one a\none bb\none ERROR\n", "two#1 c\n")
    assert len(reader.book.requests) == 1
    assert reader("logs", "-A", "-l", "x=y", "--include", "E+").stdout == "default/one ERROR\n"
    assert reader("logs", "--all", "-o", "raw").stdout == "a\nbb\nERROR\n"
    assert reader("logs", "--all", "--no-prefix", "--exclude", "b").stdout == "a\nERROR\n"
    coloured = reader("logs", "--all", "--color", "always", "--highlight", "ERR").stdout
    assert coloured.splitlines()[-1].endswith("mone\x1b[0m \x1b[1;31mERR\x1b[0mOR\x1b[0m")


def test_json_has_one_object_a_line(reader: Person) -> None:
    line = "2026-01-31T18:00:00Z hello\n"
    reader.book.always = lambda query: [source(0, "demo"), out(0, line, 1), end()]
    done = reader("logs", "demo", "-o", "json")
    assert json.loads(done.stdout) == {
        "namespace": "default",
        "name": "demo",
        "attempt": 0,
        "stream": "stdout",
        "time": "2026-01-31T18:00:00Z",
        "message": "hello",
    }
    assert reader.book.asked()["timestamps"] == ["true"]


@pytest.mark.parametrize(
    ("phase", "code", "expected"),
    [
        ("Succeeded", 0, 0),
        ("Failed", 42, 42),
        ("Failed", 137, 137),
        ("Failed", None, 125),
        ("TimedOut", 143, 124),
        ("Cancelled", 143, 125),
    ],
)
def test_it_can_end_as_the_job_did(reader: Person, phase: str, code: int | None, expected: int) -> None:
    reader.book.always = lambda query: [source(0, "demo"), out(0, "a\n", 1), end(exitCode=code, phase=phase)]
    done = reader("logs", "demo", "-f", "--exit-code")
    assert (done.returncode, done.stdout, done.stderr) == (expected, "a\n", "")


def test_the_jobs_record_tells_more_of_its_end_than_the_stream(reader: Person) -> None:
    attempt = {"attempt": 0, "name": "x", "host": {"name": "h"}, "exitCode": 137, "reason": "AttemptDeadlineExceeded"}
    reader.book.job("demo", phase="Failed", finished=True, attempts=[attempt])
    reader.book.always = lambda query: [source(0, "demo"), end(exitCode=137, phase="Failed")]
    assert reader("logs", "demo", "-f", "--exit-code").returncode == 124


def test_missing_output_and_a_container_that_is_gone_are_told(reader: Person) -> None:
    frames = [source(0, "demo"), out(0, "a\n", 1), gap(0, "rotated away"), out(0, "b\n", 2), end()]
    reader.book.always = lambda query: frames
    done = reader("logs", "demo")
    assert (done.stdout, done.stderr) == ("a\nb\n", "--- demo: output missing here: rotated away ---\n")
    frames = [source(0, "demo"), out(0, "last\n", 0, flags=Flag.KEPT), end(0, EndReason.GONE), end()]
    done = reader("logs", "demo")
    note = "--- demo: the container is gone: these are the last lines that were kept ---\n"
    assert (done.returncode, done.stdout, done.stderr) == (0, "last\n", note)


def test_without_a_log_api_the_kept_lines_are_printed_and_told(reader: Person) -> None:
    reader.book.job("demo", **kept("demo", stdout="kept\n", stderr="bad\n"))
    reader.book.job("other", **kept("other", stdout="too\n"))
    reader.book.job("waiting", phase="Queued")
    reader.book.job("silent", **kept("silent"))
    reader.book.always = lambda query: NO_API
    done = reader("logs", "demo")
    assert (done.returncode, done.stdout) == (0, "kept\n")
    assert done.stderr == (
        "--- this cluster has no log API (`kubectl get apiservice v1alpha1.subresources.containerjobs.io`): enable "
        "it in the operator's chart; the last lines that were kept follow ---\nbad\n"
    )
    assert reader("logs", "demo", "-f", "--exit-code").returncode == 0
    assert reader("logs", "--all").stdout == "demo kept\nother too\n"
    assert reader.refused("logs", "waiting") == (
        "waiting has no container yet: see `kubectl containerjob why waiting`"
    )
    assert reader("logs", "silent").stderr.endswith("the operator's chart; no output was kept ---\n")
    assert reader.refused("logs", "waiting", "-f").startswith("nothing can be followed: this cluster has no log API")
    assert reader.refused("logs", "nobody") == missing_job("nobody").message


def test_a_log_api_that_is_away_or_a_host_that_does_not_answer_is_told(reader: Person) -> None:
    reader.book.job("demo", **kept("demo", stdout="kept\n"))
    for words in ("service unavailable", "error trying to reach service: dial tcp 127.0.0.1:1: connection refused"):
        reader.book.turns.append(Refuse(503, "", words))
        done = reader("logs", "demo")
        assert (done.returncode, done.stdout) == (0, "kept\n")
        assert done.stderr.startswith("--- the log API is away: see `kubectl get apiservice v1alpha1.subresources")
    reader.book.turns.append(Refuse(503, "ServiceUnavailable", "DockerHost h does not answer: see to it"))
    assert reader("logs", "demo").stderr.startswith("--- DockerHost h does not answer: see to it; the last lines")


def test_a_follower_waits_for_an_operator_that_is_being_replaced(reader: Person) -> None:
    reader.book.turns += [Refuse(503, "", "service unavailable")] * 2
    reader.book.always = faithful([(b"a\n", False)])
    done = reader("logs", "demo", "-f")
    assert (done.returncode, done.stdout, done.stderr) == (0, "a\n", "")


@pytest.mark.parametrize(
    ("refusal", "expected"),
    [
        (Refuse(404, "NotFound", 'containerjobs "demo" not found'), missing_job("demo").message),
        (
            Refuse(403, "Forbidden", 'User "u" cannot get resource "containerjobs/log"'),
            "you may not read this output, which needs `get containerjobs/log in group "
            "subresources.containerjobs.io`: ask an administrator for it",
        ),
        (
            Refuse(400, "BadRequest", "the container of containerjob demo is waiting to start: HostFull"),
            "the container of containerjob demo is waiting to start: HostFull: use -f to wait for it",
        ),
    ],
)
def test_refusals_are_one_line_with_the_remedy(reader: Person, refusal: Refuse, expected: str) -> None:
    reader.book.always = lambda query: refusal
    assert reader.refused("logs", "demo") == expected


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ("", "say which: names, -l SELECTOR, or --all"),
        ("a b", "give one name; for several jobs at once use -l SELECTOR or --all"),
        ("a --all", "give names, or a selector, or --all; not names with either"),
        ("a --since 5 --since-time 2026-01-31T18:00:00Z", "give --since or --since-time, not both"),
        ("a -p --attempt 0", "give --previous or --attempt, not both"),
        ("a --stdout-only --stderr-only", "give --stdout-only or --stderr-only, not both"),
        ("a --exit-code", "--exit-code needs -f and the name of one job"),
        ("a --include (", "'(' is no regular expression"),
        ("a --since-time yesterday", "'yesterday' is no time with its zone: write it as 2026-01-31T18:00:00Z"),
        ("a --since-time 2026-01-31T18:00:00", "is no time with its zone"),
        ("a --since soon", "'soon' is no duration"),
    ],
)
def test_wrong_usage_is_one_line_with_code_2(reader: Person, arguments: str, expected: str) -> None:
    assert expected in reader.refused("logs", *arguments.split(), code=2)


def followed(reader: Person, **how: Any) -> "subprocess.Popen[bytes]":
    """Follow a job that has written a line and goes on in silence."""
    reader.book.always = lambda query: [source(0, "demo"), out(0, "a\n", 1), HOLD]
    command = reader.command("logs", "demo", "-f")
    return subprocess.Popen(command, env=reader.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **how)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_ends_it_quietly_and_leaves_no_kubectl_behind(reader: Person, number: signal.Signals) -> None:
    with followed(reader) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"a\n"
        child.send_signal(number)
        out_, err = child.communicate(timeout=120)
    assert (child.returncode, out_, err) == (130, b"", b"")
    assert reader.book.readers_gone.wait(10)


def test_a_closed_pipe_ends_an_idle_stream_at_once_and_leaves_no_kubectl_behind(reader: Person) -> None:
    with followed(reader) as child:
        assert child.stdout is not None
        assert child.stderr is not None
        assert child.stdout.readline() == b"a\n"
        child.stdout.close()
        assert child.wait(10) == 1
        assert child.stderr.read() == b""
    assert reader.book.readers_gone.wait(10)


def test_a_pipe_that_closes_while_much_is_written_ends_it_quietly(reader: Person) -> None:
    reader.book.always = faithful([(b"x" * 65000 + b"\n", False)] * 100)
    shell = " ".join(reader.command("logs", "demo", "-f")) + " | head -c 3"
    done = subprocess.run(["bash", "-c", shell], env=reader.environment, capture_output=True, timeout=99, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"xxx", b"")


def test_on_a_terminal_nothing_but_colours_is_obeyed_and_an_outage_is_told(reader: Person) -> None:
    frames = [(b"\x1b[32mgreen\x1b[0m\x1b[2J\r\n", False), (b"more\n", False)]
    reader.book.always = faithful(frames, breaks=[1])
    ours, theirs = pty.openpty()
    variables = reader.environment | {"TERM": "xterm"}
    with subprocess.Popen(reader.command("logs", "demo"), env=variables, stdout=theirs, stderr=theirs) as child:
        os.close(theirs)
        shown = b""
        while chunk := _terminal(ours):
            shown += chunk
    os.close(ours)
    assert child.returncode == 0
    assert shown == (
        b"\x1b[32mgreen\x1b[0m^[[2J\r\n"
        b"--- connection to the operator lost, trying again (the stream broke off) ---\r\n"
        b"--- connected again ---\r\nmore\r\n"
    )


def _terminal(descriptor: int) -> bytes:
    """Read what a terminal shows; nothing once nobody writes any more."""
    try:
        return os.read(descriptor, 65536)
    except OSError:
        return b""
