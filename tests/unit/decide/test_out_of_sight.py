"""A host that cannot be asked: unknown is not failed."""

import pytest
from tests.unit.decide.builders import (
    CREATED,
    after,
    conditions,
    exited,
    facts,
    running,
    runs,
    scheduled,
    stopping,
    stored,
    unreachable,
    written,
)

from containerjob_api.jobs import ContainerJob
from containerjob_api.phases import Phase, Reason
from containerjob_operator.decide.actions import Wait
from containerjob_operator.decide.jobs import decide
from containerjob_operator.decide.observations import ABSENT, Observation
from containerjob_operator.decide.steps import LOOK_AGAIN

BOUND = pytest.mark.parametrize("job", [scheduled(), running(), stopping()], ids=lambda job: str(job.status.phase))


@BOUND
def test_a_silent_host_changes_a_condition_and_never_a_phase(job: ContainerJob) -> None:
    status = written(decide(facts(job, 12, host_problem="connection refused")))
    lost_sight = next(c for c in status.conditions if c.type == "HostReachable")
    assert (status.phase, status.attempts) == (job.status.phase, job.status.attempts)
    assert (lost_sight.status, lost_sight.reason) == ("False", Reason.HOST_UNREACHABLE)
    assert lost_sight.message == "host builder-1 does not answer: connection refused"


@BOUND
def test_a_host_that_stays_silent_is_written_once_whatever_it_is_silent_about(job: ContainerJob) -> None:
    assert decide(facts(unreachable(job), 12, host_problem="timeout")) == Wait(after(12) + LOOK_AGAIN)


def test_a_job_out_of_sight_is_looked_at_again_before_its_deadline_passes() -> None:
    job = unreachable(running(deadline=14))
    assert decide(facts(job, 12)) == Wait(after(14))


@pytest.mark.parametrize("seen", [ABSENT, CREATED, runs(), exited()])
def test_a_host_that_answers_again_is_told_before_anything_else(seen: Observation) -> None:
    status = written(decide(facts(unreachable(running()), 12, seen=seen)))
    assert status.phase is Phase.RUNNING
    assert conditions(status)["HostReachable"] == "True"


def test_work_goes_on_where_it_stood_once_the_host_is_back() -> None:
    job = unreachable(running())
    back = stored(job, written(decide(facts(job, 12, seen=runs()))))
    assert decide(facts(back, 12, seen=runs())) == Wait(None)


def test_a_job_whose_time_is_up_on_a_silent_host_is_marked_and_not_ended() -> None:
    job = unreachable(running(deadline=30))
    status = written(decide(facts(job, 31)))
    assert status.current is not None
    assert status.current.stop is not None
    assert (status.phase, status.current.stop.reason) == (Phase.RUNNING, Reason.DEADLINE_EXCEEDED)
    assert decide(facts(stored(job, status), 32)) == Wait(after(32) + LOOK_AGAIN)


def test_a_very_long_problem_fits_the_condition() -> None:
    status = written(decide(facts(running(), 12, host_problem="x" * 40_000)))
    assert max(len(c.message) for c in stored(running(), status).status.conditions) <= 4096
