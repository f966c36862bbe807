"""Detached children: found again, never mistaken, always stopped."""

import json
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from containerjob_local import processes
from containerjob_local.errors import ProcessError
from containerjob_local.processes import StartedProcess

SLEEP = ["/bin/sleep", "300"]
# Says so once it ignores SIGTERM, so that a test never asks too early.
STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); signal.pause()"


def eventually(condition: Callable[[], bool], seconds: float = 60) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


class Starter:
    """Start children in a folder, and end all of them with the test."""

    def __init__(self, folder: Path) -> None:
        self.log, self.record = folder / "logs" / "child.log", folder / "run" / "child.json"
        self.started: list[StartedProcess] = []

    def __call__(self, *command: str, environment: dict[str, str] | None = None) -> StartedProcess:
        process = processes.start("child", command, log=self.log, record=self.record, environment=environment)
        self.started.append(process)
        return process


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Starter]:
    starter = Starter(tmp_path)
    yield starter
    for process in starter.started:
        processes.stop(process, grace_seconds=0)


def test_a_child_is_found_again_by_its_record(start: Starter) -> None:
    child = start(*SLEEP)
    assert processes.recorded(start.record) == child
    assert processes.command_line(child) == SLEEP
    assert start.record.stat().st_mode & 0o777 == 0o600


def test_a_child_has_a_session_of_its_own_and_its_output_in_the_log(start: Starter) -> None:
    child = start(
        "/bin/sh", "-c", "echo out; echo err >&2; echo $GREETING; exec sleep 300", environment={"GREETING": "hi"}
    )
    assert os.getsid(child.pid) == child.pid
    assert eventually(lambda: start.log.read_text() == "out\nerr\nhi\n")


def test_a_stopped_child_is_gone_and_so_is_its_record(start: Starter) -> None:
    child = start(*SLEEP)
    assert processes.stop_recorded(start.record) == child
    assert not processes.is_alive(child)
    assert processes.command_line(child) == []
    assert not start.record.exists()


def test_stopping_what_is_gone_is_fine(start: Starter) -> None:
    child = start(*SLEEP)
    processes.stop(child)
    processes.stop(child)
    assert processes.stop_recorded(start.record) is None


def test_a_child_that_ignores_sigterm_is_killed(start: Starter) -> None:
    child = start(sys.executable, "-c", STUBBORN)
    assert eventually(lambda: "deaf" in start.log.read_text())
    processes.stop(child, grace_seconds=0.05)
    assert not processes.is_alive(child)


def test_a_killed_child_leaves_a_record_that_is_cleaned_when_read(start: Starter) -> None:
    child = start(*SLEEP)
    os.kill(child.pid, signal.SIGKILL)
    assert eventually(lambda: not processes.is_alive(child))
    assert processes.recorded(start.record) is None
    assert not start.record.exists()


def test_a_child_counts_as_alive_until_its_last_thread_has_ended(start: Starter) -> None:
    script = "import ctypes, threading, time; threading.Thread(target=time.sleep, args=(300,)).start(); "
    script += "print('ready', flush=True); ctypes.CDLL(None).pthread_exit(None)"
    child = start(sys.executable, "-c", script)
    stat = Path(f"/proc/{child.pid}/stat")
    assert eventually(lambda: stat.read_text().rpartition(")")[2].split()[0] == "Z")
    assert processes.is_alive(child)
    os.kill(child.pid, signal.SIGKILL)
    assert eventually(lambda: not processes.is_alive(child))


def test_a_stranger_with_the_same_pid_is_never_stopped(start: Starter) -> None:
    stranger = start(*SLEEP)
    former = replace(stranger, started="another boot:1")
    start.record.write_text(json.dumps({"name": "child", "pid": former.pid, "started": former.started}))
    processes.stop(former)
    assert processes.recorded(start.record) is None
    assert processes.is_alive(stranger)


@pytest.mark.parametrize("content", ["", "{", "[]", '"text"', '{"name": "child"}'])
def test_a_record_that_was_cut_off_is_cleaned(tmp_path: Path, content: str) -> None:
    record = tmp_path / "child.json"
    record.write_text(content)
    assert processes.recorded(record) is None
    assert not record.exists()


def test_a_program_that_is_not_there_is_named(start: Starter) -> None:
    with pytest.raises(ProcessError, match=r"child cannot be started: /no/such/program: No such file"):
        start("/no/such/program")
    assert not start.record.exists()


def test_the_last_words_of_a_program_are_read_from_its_log(tmp_path: Path) -> None:
    log = tmp_path / "log"
    assert processes.last_line(log) == "it wrote nothing"
    log.write_text("first\nport is taken\n\n")
    assert processes.last_line(log) == "port is taken"


def test_a_child_that_ends_at_once_has_a_record_that_is_stale(start: Starter) -> None:
    child = start("/bin/true")
    assert eventually(lambda: not processes.is_alive(child))
    assert processes.recorded(start.record) is None


def test_a_child_that_even_sigkill_does_not_end_is_named(start: Starter, monkeypatch: pytest.MonkeyPatch) -> None:
    child = start(*SLEEP)
    with monkeypatch.context() as patch:
        patch.setattr(processes, "_wait_for_exit", lambda *_: False)  # as for one that hangs in the kernel
        with pytest.raises(ProcessError, match=rf"pid {child.pid}\) does not end even on SIGKILL"):
            processes.stop(child)
    assert eventually(lambda: not processes.is_alive(child))
