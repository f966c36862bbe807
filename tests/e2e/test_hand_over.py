"""Two replicas: one is killed, told to stop or frozen; the other leads in time, and nothing runs twice."""

import json
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from tests.e2e.conftest import Jobs, Operator, wait_for
from tests.e2e.test_crashes import runs
from tests.e2e.test_operation import start_again
from tests.size import ROOM

from containerjob_api.names import OPERATOR_NAME, OPERATOR_NAMESPACE

CRASH_SECONDS, GRACEFUL_SECONDS = 15.0 * ROOM, 2.0 * ROOM
LOAD = 1.0
"""Seconds that kubectl, and a busy machine, may add to what is measured."""


@dataclass
class Replicas:
    """Two operators with the Lease's default timing, and who leads."""

    jobs: Jobs
    first: Operator
    second: Operator
    names: dict[str, Operator] = field(default_factory=dict)

    def start(self) -> None:
        """Start both, and wait until one leads while the other stands by."""
        for name, replica in (("first", self.first), ("second", self.second)):
            self.names[name] = replica
            replica.start(f"--identity={name}")
            wait_for("somebody leads", lambda: self.leader() in self.names)
        wait_for(
            "the other one stands by", lambda: any(line["event"] == "standing by" for line in lines(self.second))
        )

    def leader(self) -> str:
        """Ask who holds the Lease."""
        query = ("get", "lease", "-n", OPERATOR_NAMESPACE, OPERATOR_NAME, "--ignore-not-found", "-o", "json")
        told = self.jobs.plane.kubectl(*query).stdout
        return str(json.loads(told)["spec"].get("holderIdentity") or "") if told else ""

    def seconds_until_another_leads(self, before: str, within: float) -> float:
        """Wait for it, and return how long that took."""
        began = time.monotonic()
        while (now := self.leader()) in ("", before):
            assert time.monotonic() - began < within, f"{now or 'nobody'} leads after {within} s"
            time.sleep(0.05)
        return time.monotonic() - began


@pytest.fixture
def replicas(jobs: Jobs, operator: Operator, tmp_path: Path) -> Iterator[Replicas]:
    """Two of them in place of the session's one, which goes on afterwards."""
    if operator.process is not None:
        operator.end()
    options = ("--resync-interval=2", "--termination-grace-seconds=2", "--shutdown-timeout=10")
    made = [Operator(operator.kubeconfig, tmp_path / f"{name}.log", options=options) for name in ("first", "second")]
    both = Replicas(jobs, *made)
    both.start()
    yield both
    for replica in made:
        if replica.process is not None:
            replica.process.send_signal(signal.SIGCONT)
            replica.end(signal.SIGKILL)
    start_again(operator)


def lines(operator: Operator, after: int = 0) -> list[dict[str, Any]]:
    """Return what it logged from some byte on."""
    text = operator.log.read_bytes()[after:].decode()
    return [json.loads(line) for line in text.splitlines() if line.startswith("{")]


def test_after_a_crash_another_leads_within_15_seconds_and_containers_do_not_notice(replicas: Replicas) -> None:
    jobs = replicas.jobs
    running = jobs.apply("echo started; sleep 20; exit 5")
    jobs.reaches(running, "Running")
    leader = replicas.leader()
    replicas.names[leader].end(signal.SIGKILL)
    waiting = jobs.apply("echo started; exit 3")
    assert replicas.seconds_until_another_leads(leader, CRASH_SECONDS + LOAD) < CRASH_SECONDS + LOAD
    assert jobs.finished(waiting)["exitCode"] == 3
    assert jobs.finished(running)["exitCode"] == 5
    assert (runs(jobs, waiting), runs(jobs, running)) == (["started"], ["started"])


def test_told_to_stop_the_leader_hands_over_within_two_seconds(replicas: Replicas) -> None:
    jobs = replicas.jobs
    running = jobs.apply("echo started; sleep 8; exit 5")
    jobs.reaches(running, "Running")
    leader = replicas.leader()
    process = replicas.names[leader].process
    assert process is not None
    process.send_signal(signal.SIGTERM)
    assert replicas.seconds_until_another_leads(leader, 90) < GRACEFUL_SECONDS + LOAD
    assert process.wait(20) == 0
    replicas.names[leader].process = None
    waiting = jobs.apply("echo started; exit 3")
    assert jobs.finished(waiting)["exitCode"] == 3
    assert jobs.finished(running)["exitCode"] == 5
    assert (runs(jobs, waiting), runs(jobs, running)) == (["started"], ["started"])


def test_a_leader_that_was_frozen_past_its_lease_does_nothing_more_and_ends(replicas: Replicas) -> None:
    jobs = replicas.jobs
    begun = [jobs.apply("echo started; sleep 1; exit 5") for _ in range(3)]
    leader = replicas.leader()
    old = replicas.names[leader]
    assert old.process is not None
    old.process.send_signal(signal.SIGSTOP)
    spoken = old.log.stat().st_size
    replicas.seconds_until_another_leads(leader, CRASH_SECONDS + LOAD)
    meanwhile = [jobs.apply("echo started; sleep 1; exit 3") for _ in range(5)]
    old.process.send_signal(signal.SIGCONT)
    assert old.process.wait(20) == 1
    old.process = None
    for name, code in [*((name, 5) for name in begun), *((name, 3) for name in meanwhile)]:
        status = jobs.finished(name)
        assert (status["phase"], status["exitCode"], status["attemptCount"]) == ("Failed", code, 1)
        assert runs(jobs, name) == ["started"]
    assert "another operator leads now" in old.log.read_text()
    assert not [line for line in lines(old, spoken) if line["event"] in ("clearing a container", "reconcile failed")]
