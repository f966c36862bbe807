"""How a container's end becomes an outcome: its true exit code or an explicit reason."""

from dataclasses import replace

import pytest
from tests.unit.decide.builders import (
    CREATED,
    HOST,
    after,
    end_of,
    exited,
    facts,
    failed_start,
    running,
    runs,
    scheduled,
    stopping,
    stored,
)

from containerjob_api.jobs import ContainerJob
from containerjob_api.jobstatus import LogTail
from containerjob_api.phases import Phase, Reason
from containerjob_operator.decide import statuses
from containerjob_operator.decide.actions import Conclude, Wait
from containerjob_operator.decide.endings import Remains, concluded
from containerjob_operator.decide.facts import Refusal
from containerjob_operator.decide.jobs import decide
from containerjob_operator.decide.observations import ABSENT, Observation, RunState


@pytest.mark.parametrize(
    ("seen", "phase", "reason", "code"),
    [
        (exited(0), Phase.SUCCEEDED, Reason.COMPLETED, 0),
        (exited(3), Phase.FAILED, Reason.NON_ZERO_EXIT_CODE, 3),
        (exited(137), Phase.FAILED, Reason.NON_ZERO_EXIT_CODE, 137),
        (exited(137, oom=True), Phase.FAILED, Reason.OOM_KILLED, 137),
        (exited(0, oom=True), Phase.SUCCEEDED, Reason.COMPLETED, 0),
        (exited(None), Phase.FAILED, Reason.CONTAINER_LOST, None),
        (replace(exited(143), cancelled=True), Phase.FAILED, Reason.CANCELLED_EXTERNALLY, 143),
        (replace(exited(0), cancelled=True), Phase.FAILED, Reason.CANCELLED_EXTERNALLY, 0),
    ],
    ids=[
        "zero",
        "non-zero",
        "killed by somebody",
        "out of memory",
        "a child ran out of memory",
        "no exit code",
        "cancelled by somebody",
        "cancelled by somebody just before its end",
    ],
)
@pytest.mark.parametrize("job", [scheduled(), running()], ids=["Scheduled", "Running"])
def test_an_ended_container_ends_its_job_with_its_own_exit_code(
    job: ContainerJob, seen: Observation, phase: Phase, reason: Reason, code: int | None
) -> None:
    ended = end_of(decide(facts(job, 6, seen=seen)), job).status
    assert ended.newest is not None
    assert (ended.phase, ended.exit_code) == (phase, code)
    assert (ended.newest.reason, ended.newest.exit_code) == (reason, code)
    assert {c.reason for c in ended.conditions if c.type in {"Ready", "Finished"}} == {reason}


def test_the_record_has_the_times_of_the_host_and_the_last_output() -> None:
    job = scheduled()
    action = decide(facts(job, 8, seen=exited(0, at=7.45)))
    assert isinstance(action, Conclude)
    ended = stored(job, concluded(job, action.verdict, Remains(LogTail(stdout="bye\n"), "done"), after(8))).status
    assert ended.newest is not None
    assert (ended.newest.started_at, ended.newest.finished_at) == (after(0.2), after(7.45))
    assert (ended.duration, ended.newest.container_id) == ("7.2s", "c1")
    assert ended.newest.log_tail == LogTail(stdout="bye\n")
    assert ended.newest.termination_message == "done"


def test_what_was_known_of_the_container_is_kept_when_it_is_lost() -> None:
    job = running()
    ended = end_of(decide(facts(job, 6, seen=ABSENT)), job).status
    assert ended.newest is not None
    assert (ended.newest.container_id, ended.newest.started_at) == ("c1", after(0.2))
    assert (ended.newest.finished_at, ended.duration) == (None, None)


def test_what_was_known_of_the_container_is_kept_when_its_end_tells_less() -> None:
    job = running()
    seen = Observation(RunState.EXITED, exit_code=0, finished_at=after(5.2))
    ended = end_of(decide(facts(job, 6, seen=seen)), job).status
    assert ended.newest is not None
    assert (ended.newest.container_id, ended.newest.image_id) == ("c1", "sha256:1")
    assert (ended.newest.started_at, ended.duration) == (after(0.2), "5s")


@pytest.mark.parametrize("reason", [Reason.CANCELLED, Reason.DEADLINE_EXCEEDED])
@pytest.mark.parametrize("code", [0, 143, None])
def test_a_container_that_ended_after_the_stop_was_asked_for_is_called_stopped(
    reason: Reason, code: int | None
) -> None:
    job = stopping(reason, at=10)
    ended = end_of(decide(facts(job, 12, seen=exited(code, at=11))), job).status
    expected = Phase.CANCELLED if reason is Reason.CANCELLED else Phase.TIMED_OUT
    assert (ended.phase, ended.exit_code) == (expected, code)


def test_an_end_in_the_very_moment_of_the_stop_is_called_stopped() -> None:
    job = stopping(at=10)
    assert end_of(decide(facts(job, 12, seen=exited(0, at=10))), job).status.phase is Phase.CANCELLED


@pytest.mark.parametrize("ended_at", [9.0, 10.3])
def test_a_container_that_ended_before_the_stop_was_asked_for_keeps_its_own_outcome(ended_at: float) -> None:
    job = stopping(at=10.7)
    ended = end_of(decide(facts(job, 12, seen=exited(0, at=ended_at))), job).status
    assert (ended.phase, ended.exit_code) == (Phase.SUCCEEDED, 0)


def test_a_container_that_took_our_stop_signal_is_called_stopped_though_its_hosts_clock_is_behind() -> None:
    job = stopping(at=10)
    ended = end_of(decide(facts(job, 12, seen=exited(143, at=4), stop_signalled_at=after(10))), job).status
    assert (ended.phase, ended.exit_code) == (Phase.CANCELLED, 143)


def test_an_end_without_a_time_after_a_stop_is_called_stopped() -> None:
    job = stopping()
    seen = Observation(exited().state, exit_code=143)
    assert end_of(decide(facts(job, 12, seen=seen)), job).status.phase is Phase.CANCELLED


@pytest.mark.parametrize("code", [0, 1])
def test_a_finished_job_needs_nothing_whatever_its_host_says(code: int) -> None:
    job = running()
    ended = end_of(decide(facts(job, 6, seen=exited(code))), job)
    for seen in (None, ABSENT, CREATED, runs(), exited(0), failed_start()):
        assert decide(facts(ended, 99, seen=seen, placement=HOST)) == Wait(None)


def test_the_message_of_an_end_fits_the_record() -> None:
    job = scheduled()
    endless = Refusal(Reason.INVALID_SPEC, "x" * 50_000, permanent=True)
    ended = end_of(decide(facts(job, 1, seen=ABSENT, refusal=endless)), job).status
    assert ended.newest is not None
    assert len(ended.newest.message or "") == statuses.MESSAGE_LIMIT
    assert (ended.newest.message or "").endswith(" [truncated]")
