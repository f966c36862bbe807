"""Follow a job to its end: steps, output, exit code, and everything that can go wrong on the way."""

import dataclasses
import os
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.unit.cli.played_kubectl import BEGIN, END, Played, attempt, ended, job, output

from containerjob_api.frames import Frame, Kind
from kubectl_containerjob.following import output_reading, watching
from kubectl_containerjob.following.follower import Follower, Patience
from kubectl_containerjob.following.steps import Kind as StepKind
from kubectl_containerjob.following.steps import Step
from kubectl_containerjob.kubectl import Kubectl
from kubectl_containerjob.logs import streams as log_streams
from kubectl_containerjob.problems import Problem, Refused
from kubectl_containerjob.records import Job

QUICK = Patience(tick=0.01, unseen=60, preparing=60, output=5, outage=0)
RUNNING = job(2, "Running", attempts=[attempt(startedAt="2026-01-01T00:00:01Z")], attemptCount=1)
CREATED = Step(StepKind.CREATED, "created")


class Heard:
    """A view that remembers, and does something when it hears a step."""

    def __init__(self) -> None:
        self.all: list[str] = []
        self.on: dict[StepKind, Callable[[], object]] = {}
        self.closed = False

    def step(self, step: Step) -> None:
        self.all.append(step.text)
        self.on.pop(step.kind, lambda: None)()

    def output(self, stream: int, data: bytes) -> None:
        self.all.append(f"{stream}:{data.decode()}")

    def tick(self) -> None:
        pass

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def played(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Played:
    monkeypatch.setattr(watching, "FIRST_PAUSE", 0.01)
    monkeypatch.setattr(output_reading, "PAUSE", 0.01)
    monkeypatch.setattr(output_reading, "TICK", 0.02)
    return Played(tmp_path, monkeypatch)


def follow(
    heard: Heard, patience: Patience = QUICK, on_interrupt: Callable[[Job], None] | None = None
) -> tuple[int, list[str]]:
    before = threading.active_count()
    code = Follower(Kubectl(), job(1), heard, patience).follow(CREATED, on_interrupt=on_interrupt)
    assert heard.closed
    assert threading.active_count() == before
    return code, heard.all


def test_a_reader_that_breaks_ends_the_following_with_one_line(
    played: Played, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: object) -> None:
        raise OSError(24, "Too many open files")

    played.logs(1, BEGIN, END)
    monkeypatch.setattr(watching.Watch, "run", broken)
    with pytest.raises(Problem, match="can't be followed any more: OSError"):
        follow(Heard())


def test_steps_output_and_summary_come_in_order_and_the_code_is_the_containers(played: Played) -> None:
    played.watch(1, ("MODIFIED", ended(3, 42)), hold=True)
    played.logs(1, BEGIN, output(b"out\n"), output(b"err\n", 2, Kind.STDERR), END)
    code, said = follow(Heard())
    assert code == 42
    assert said[0] == "created"
    assert said[1:3] == ["scheduled on fake", "started on fake"]
    assert said[3:] == ["1:out\n", "2:err\n", "Failed after 1s on fake, exit code 42"]


def test_the_kept_end_of_the_output_is_printed_where_there_is_no_log_api(played: Played) -> None:
    played.watch(1, ("MODIFIED", ended(3, logTail={"stdout": "kept\n", "stderr": "also\n"})), hold=True)
    played.refuses("log-1", "Error from server (NotFound): the server could not find the requested resource")
    code, said = follow(Heard())
    assert code == 0
    assert said[3] == "the output can't be read (this cluster does not serve the log API): only its kept end follows"
    assert said[4:] == ["1:kept\n", "2:also\n", "Succeeded after 1s on fake, exit code 0"]


def test_a_job_without_a_container_has_no_output_to_miss(played: Played) -> None:
    played.watch(1, ("MODIFIED", job(3, "Cancelled", finished=True)), hold=True)
    played.refuses("log-1", 'Error from server (Forbidden): containerjobs "hello/log" is forbidden')
    assert follow(Heard()) == (125, ["created", "Cancelled"])


def test_a_log_api_that_is_away_for_a_while_is_asked_again(played: Played) -> None:
    played.watch(1, ("MODIFIED", ended(3)), hold=True)
    played.refuses("log-1", "Error from server (ServiceUnavailable): host fake does not answer")
    played.logs(2, BEGIN, output(b"all\n"), END)
    assert follow(Heard())[1][3:] == ["1:all\n", "Succeeded after 1s on fake, exit code 0"]


def test_output_that_stops_short_and_gaps_in_it_are_told(played: Played) -> None:
    played.watch(1, ("MODIFIED", ended(3)), hold=True)
    gap = Frame(Kind.GAP, b'{"message": "rotated away"}')
    played.logs(1, BEGIN, gap, output(b"some\n"), hold=True)
    _, said = follow(Heard(), dataclasses.replace(QUICK, output=0.3))
    assert "output is missing here: rotated away" in said
    assert "1:some\n" in said
    assert said[-2].startswith(
        "output may be missing here (the log API does not go on): see `kubectl containerjob lo"
    )


def test_a_job_that_is_deleted_meanwhile_is_one_line_and_125(played: Played) -> None:
    played.watch(1, ("MODIFIED", RUNNING), ("DELETED", RUNNING), hold=True)
    played.logs(1, hold=True)
    code, said = follow(Heard())
    assert (code, said[-1]) == (125, "was deleted while it was followed")


def test_a_job_that_expires_at_its_very_end_has_ended_all_the_same(played: Played) -> None:
    played.watch(1, ("DELETED", ended(3, 3)), hold=True)
    played.logs(1, BEGIN, output(b"x"), END)
    assert follow(Heard())[0] == 3


def test_nobody_looking_at_the_job_is_told_once_and_so_is_a_slow_start(played: Played) -> None:
    played.watch(1, hold=True)
    played.logs(1, hold=True)
    heard = Heard()
    heard.on[StepKind.UNSEEN] = lambda: os.kill(os.getpid(), signal.SIGINT)
    code, said = follow(heard, dataclasses.replace(QUICK, unseen=0.05))
    assert code == 130
    assert said[1] == "nobody has looked at it yet; check with `kubectl containerjob doctor`"

    (played.folder / "watch.count").unlink()
    played.watch(1, ("MODIFIED", job(2, "Scheduled", attempts=[attempt()], attemptCount=1)), hold=True)
    heard = Heard()
    heard.on[StepKind.PREPARING] = lambda: os.kill(os.getpid(), signal.SIGTERM)
    _, said = follow(heard, dataclasses.replace(QUICK, preparing=0.2))
    assert said[1:3] == ["scheduled on fake", "pulling busybox:1.37, or starting"]


def test_ctrl_c_detaches_and_says_how_to_come_back(played: Played) -> None:
    played.watch(1, ("MODIFIED", RUNNING), hold=True)
    played.logs(1, hold=True)
    heard = Heard()
    heard.on[StepKind.STARTED] = lambda: os.kill(os.getpid(), signal.SIGINT)
    before = signal.getsignal(signal.SIGINT)
    code, said = follow(heard)
    assert code == 130
    assert said[-1].startswith("detached, the job goes on: `kubectl containerjob run hello -n team` follows it again")
    assert signal.getsignal(signal.SIGINT) is before


def test_ctrl_c_cancels_where_that_is_wished_and_a_second_one_detaches(played: Played) -> None:
    played.watch(1, ("MODIFIED", RUNNING), hold=True)
    played.logs(1, hold=True)
    heard, cancelled = Heard(), []
    heard.on[StepKind.STARTED] = lambda: os.kill(os.getpid(), signal.SIGINT)

    def cancel(it: Job) -> None:
        cancelled.append(it.name)
        os.kill(os.getpid(), signal.SIGINT)
        raise Problem("the cluster is away")

    assert follow(heard, on_interrupt=cancel)[0] == 130
    assert cancelled == ["hello"]
    assert "cancelling; Ctrl-C again detaches" in heard.all


def test_one_ctrl_c_too_many_ends_it_at_once(played: Played) -> None:
    played.watch(1, ("MODIFIED", RUNNING), hold=True)
    played.logs(1, hold=True)
    heard = Heard()

    def twice() -> None:
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)

    heard.on[StepKind.STARTED] = twice
    with pytest.raises(KeyboardInterrupt):
        follow(heard)


def test_a_cluster_that_goes_away_is_told_and_its_return_too(played: Played) -> None:
    played.refuses("watch-1", "Unable to connect to the server: dial tcp: refused")
    played.refuses("list-1", "Unable to connect to the server: dial tcp: refused")
    played.lists(2, ended(3))
    played.watch(2, hold=True)
    played.logs(1, BEGIN, output(b"x"), END)
    said = follow(Heard())[1]
    assert any(each.startswith("trying again: the cluster does not answer") for each in said)
    assert "the cluster answers again" in said


def test_it_ends_when_nobody_reads_our_output_any_more(played: Played, monkeypatch: pytest.MonkeyPatch) -> None:
    played.watch(1, ("MODIFIED", RUNNING), hold=True)
    played.logs(1, BEGIN, hold=True)
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as abandoned:
        monkeypatch.setattr(sys, "stdout", abandoned)
        with pytest.raises(BrokenPipeError):
            follow(Heard())


def test_a_log_stream_that_breaks_is_told_when_it_stays_away(played: Played, monkeypatch: pytest.MonkeyPatch) -> None:
    brief = log_streams.Patience(first_pause=0.01, last_pause=0.01, tell=0)
    monkeypatch.setattr(log_streams, "Patience", lambda: brief)
    played.watch(1, ("MODIFIED", ended(3)), hold=True)
    played.logs(1, BEGIN, output(b"one\n"))
    played.refuses("log-2", "Unable to connect to the server: dial tcp: refused")
    played.logs(3, BEGIN, output(b"two\n", 2), END)
    said = follow(Heard())[1]
    assert [each for each in said if each.startswith("1:")] == ["1:one\n", "1:two\n"]
    assert any(each.startswith("the output can't be read, trying again: ") for each in said)
    assert "the output can be read again" in said


def test_a_person_who_may_not_watch_is_told_so(played: Played) -> None:
    played.refuses("watch-1", 'Error from server (Forbidden): containerjobs "hello" is forbidden')
    played.logs(1, hold=True)
    with pytest.raises(Refused, match="is forbidden: ask an administrator for the role"):
        follow(Heard())
