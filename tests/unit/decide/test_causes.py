"""Why a container ended: memory, signals, restarts of its engine; told by facts, never by an exit code alone."""

import pytest
from tests.unit.decide.builders import (
    HOST,
    LIMITLESS,
    PASSING,
    after,
    ends,
    exited,
    failed_start,
    running,
    runs,
    scheduled,
    stopping,
    why,
    writes,
)

from containerjob_api.jobs import ContainerJob
from containerjob_api.phases import Phase, Reason
from containerjob_operator.decide.endings import signal_of
from containerjob_operator.decide.observations import ABSENT, Observation, RunState


def reason_of(job: ContainerJob) -> Reason | None:
    assert job.status.newest is not None
    return job.status.newest.reason


@pytest.mark.parametrize(
    ("code", "oom", "oom_seen", "reason"),
    [
        (137, True, False, Reason.OOM_KILLED),
        (137, True, True, Reason.OOM_KILLED),
        (137, False, True, Reason.OOM_SUSPECTED),
        (1, True, False, Reason.OOM_SUSPECTED),
        (1, False, True, Reason.OOM_SUSPECTED),
        (137, False, False, Reason.NON_ZERO_EXIT_CODE),
        (0, True, True, Reason.COMPLETED),
    ],
)
def test_memory_is_blamed_only_when_the_engine_told_of_it(
    code: int, oom: bool, oom_seen: bool, reason: Reason
) -> None:
    job = ends(running(more=LIMITLESS), 6, seen=exited(code, oom=oom), oom_seen=oom_seen)
    assert reason_of(job) is reason
    assert job.status.exit_code == code


def test_a_container_that_we_killed_is_stopped_whatever_its_exit_code_looks_like() -> None:
    job = ends(stopping(at=10), 60, seen=exited(137, at=50, oom=True), oom_seen=True, stop_signalled_at=after(10))
    assert (reason_of(job), job.status.phase) == (Reason.CANCELLED, Phase.CANCELLED)


def test_a_container_that_its_engine_took_down_with_it_is_disrupted_and_has_not_failed_itself() -> None:
    seen = Observation(RunState.EXITED, "c1", exit_code=137, finished_at=after(5), disrupted=True)
    job = ends(running(more=LIMITLESS), 6, seen=seen)
    assert (why(job), job.status.failed, job.status.launch_failures) == ((Phase.RETRYING, "HostDisruption"), 0, 1)
    assert job.status.exit_code == 137


def test_a_container_that_was_being_stopped_when_its_engine_went_down_is_stopped() -> None:
    seen = Observation(RunState.EXITED, "c1", exit_code=137, finished_at=after(11), disrupted=True)
    assert ends(stopping(at=10), 12, seen=seen).status.phase is Phase.CANCELLED


@pytest.mark.parametrize(
    ("code", "signal"),
    [
        (None, None),
        (0, None),
        (1, None),
        (127, None),
        (128, None),
        (129, 1),
        (137, 9),
        (143, 15),
        (192, 64),
        (193, None),
    ],
)
def test_a_signal_is_what_exit_codes_above_128_tell(code: int | None, signal: int | None) -> None:
    assert signal_of(code) == signal
    assert signal_of(193) is None
    job = ends(running(), 6, seen=exited(code))
    assert job.status.newest is not None
    assert job.status.newest.signal == signal


def test_the_time_a_container_was_first_seen_to_run_is_the_operators_own() -> None:
    job = writes(scheduled(), 3, seen=runs(99), launched_at=after(1))
    assert job.status.current is not None
    assert (job.status.current.launch_time, job.status.current.started_at) == (after(1), after(99))


def test_a_mount_that_failed_may_pass_and_a_command_that_does_not_exist_will_not() -> None:
    passing = failed_start('error mounting "/data" to rootfs')
    assert why(ends(scheduled(more=LIMITLESS), 1, seen=passing)) == (Phase.RETRYING, "StartError")
    assert why(ends(scheduled(more=LIMITLESS), 1, seen=failed_start())) == (Phase.FAILED, "StartError")


def test_no_exit_code_is_ever_invented() -> None:
    for seen in (ABSENT, exited(None)):
        job = ends(running(), 6, seen=seen)
        assert (why(job), job.status.exit_code) == ((Phase.FAILED, "ContainerLost"), None)


def test_the_exit_code_of_the_newest_attempt_stands_for_the_job_also_when_it_has_none() -> None:
    job = ends(running(more=LIMITLESS), 6, seen=exited(3))
    assert job.status.exit_code == 3
    job = ends(writes(job, 60, placement=HOST), 61, seen=ABSENT, refusal=PASSING)
    assert job.status.exit_code is None
    assert [attempt.exit_code for attempt in job.status.attempts] == [3, None]
