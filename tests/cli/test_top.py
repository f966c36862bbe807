"""`kubectl containerjob top` as people run it, against a server that measures as it is told."""

import json
import os
import pty
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.fakes.log_server import LOGS, Person, Refuse, person

MEBIBYTE = 1 << 20
ALL = f"{LOGS}/containerjobs/-/stats"
HERE = f"{LOGS}/namespaces/default/containerjobs/-/stats"
ONE = f"{LOGS}/namespaces/default/containerjobs/one/stats"


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[Person]:
    """Somebody whose cluster is the server."""
    with person(tmp_path) as made:
        yield made


def measured(name: str, cpu: float, memory: int, **more: Any) -> dict[str, Any]:
    usage = {
        "cpuPercent": cpu,
        "memoryBytes": memory * MEBIBYTE,
        "memoryLimitBytes": 100 * MEBIBYTE,
        "processes": 2,
    }
    return {"namespace": "default", "name": name, "attempt": 0, "host": "h", "usage": usage, **more}


def test_one_look_at_all_that_runs(reader: Person) -> None:
    reader.book.objects[HERE] = reader.book.objects[ALL] = {"items": [measured("b", 1, 90), measured("a", 50, 10)]}
    done = reader("top")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        "NAME   HOST   ATTEMPT   CPU    MEMORY   LIMIT%   PIDS",
        "a      h      0         500m   10Mi     10%      2",
        "b      h      0         10m    90Mi     90%      2",
    ]
    assert reader("top", "-A", "--no-headers", "--sort-by=memory", "-l", "x=y").stdout.splitlines() == [
        "default   b   h   0   10m    90Mi   90%   2",
        "default   a   h   0   500m   10Mi   10%   2",
    ]
    found = json.loads(reader("top", "-o", "json", "--sort-by=cpu").stdout)
    assert [item["name"] for item in found["items"]] == ["a", "b"]


def test_one_job_by_name(reader: Person) -> None:
    reader.book.objects[ONE] = {key: value for key, value in measured("one", 1, 1).items() if key != "name"}
    assert reader("top", "cjob/one", "--no-headers").stdout == "one   h   0   10m   1Mi   1%   2\n"
    reader.book.objects[ONE] = {"attempt": 0, "host": "h", "usage": None}
    done = reader("top", "one")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "one is not running\n")


def test_nothing_that_runs_and_what_could_not_be_measured_are_told(reader: Person) -> None:
    reader.book.objects[HERE] = {"items": []}
    done = reader("top", "--all")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "No jobs are running\n")
    reader.book.objects[HERE] = {"items": [measured("a", 1, 1, usage=None, message="h does not answer")]}
    done = reader("top")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "a could not be measured: h does not answer\n")


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (Refuse(404, "", "404 page not found"), "nothing can be measured: this cluster has no log API"),
        (Refuse(503, "", "service unavailable"), "nothing can be measured: the log API is away"),
        (
            Refuse(403, "Forbidden", "no"),
            "you may not see what jobs use, which needs `get containerjobs/stats in group",
        ),
        (Refuse(404, "NotFound", 'containerjobs "one" not found'), "there is no ContainerJob one in this namespace"),
    ],
)
def test_refusals_are_one_line_with_the_remedy(reader: Person, answer: Refuse, expected: str) -> None:
    reader.book.objects[ONE] = answer
    assert reader.refused("top", "one").startswith(expected)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ("a b", "give one name"),
        ("a --all", "not names with either"),
        ("-w -o json", "-o json shows one moment: leave -w out"),
    ],
)
def test_wrong_usage_is_one_line_with_code_2(reader: Person, arguments: str, expected: str) -> None:
    assert expected in reader.refused("top", *arguments.split(), code=2)


def test_a_watch_without_terminal_goes_on_below_until_ctrl_c(reader: Person) -> None:
    reader.book.objects[HERE] = {"items": [measured("a", 1, 1)]}
    with subprocess.Popen(
        reader.command("top", "-w", "--no-headers"),
        env=reader.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as child:
        assert child.stdout is not None
        lines = [child.stdout.readline(), child.stdout.readline()]
        child.send_signal(signal.SIGINT)
        rest, err = child.communicate(timeout=120)
    assert lines == [b"a   h   0   10m   1Mi   1%   2\n"] * 2
    assert (child.returncode, rest, err) == (130, b"", b"")


def test_a_watch_on_a_terminal_draws_in_place_with_bars(reader: Person) -> None:
    reader.book.objects[HERE] = {"items": [measured("a", 1, 95)]}
    ours, theirs = pty.openpty()
    variables = reader.environment | {"TERM": "xterm"}
    with subprocess.Popen(reader.command("top", "-w"), env=variables, stdout=theirs, stderr=theirs) as child:
        os.close(theirs)
        shown = b""
        while shown.count("\x1b[31m██████████\x1b[0m\r\n".encode()) < 2:
            shown += os.read(ours, 65536)
        child.send_signal(signal.SIGINT)
        child.wait(10)
    os.close(ours)
    assert shown.startswith(b"\x1b[2J\x1b[H\x1b[JNAME")
    assert child.returncode == 130
