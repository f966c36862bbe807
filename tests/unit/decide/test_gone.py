"""A job whose object was deleted: nothing can be written; its container is stopped and removed, in every phase."""

import pytest
from tests.unit.decide.builders import (
    CREATED,
    HOST,
    after,
    changed,
    exited,
    facts,
    failed_start,
    in_phase,
    refusal,
    runs,
    unreachable,
)

from containerjob_api.phases import Phase
from containerjob_operator.decide.actions import Forget, Remove, SignalStop, Wait, Write
from containerjob_operator.decide.jobs import decide
from containerjob_operator.decide.observations import ABSENT, Observation

BOUND = [Phase.SCHEDULED, Phase.RUNNING, Phase.CANCELLING]


@pytest.mark.parametrize("phase", Phase)
def test_a_deleted_job_without_a_container_to_be_asked_about_is_forgotten(phase: Phase) -> None:
    assert decide(facts(in_phase(phase), 30, gone=True, placement=HOST)) == Forget()


@pytest.mark.parametrize("phase", BOUND)
def test_a_deleted_job_that_runs_gets_its_stop_signal_and_its_grace(phase: Phase) -> None:
    job = in_phase(phase)
    assert decide(facts(job, 30, gone=True, seen=runs())) == SignalStop()
    signalled = {"gone": True, "seen": runs(), "stop_signalled_at": after(30)}
    assert decide(facts(job, 40, **signalled)) == Wait(after(60))
    assert decide(facts(job, 60, **signalled)) == Remove()
    assert decide(facts(job, 40, grace_seconds=5.0, **signalled)) == Remove()


@pytest.mark.parametrize("phase", BOUND)
@pytest.mark.parametrize("seen", [CREATED, exited(0), exited(1), failed_start()], ids=lambda seen: str(seen.state))
def test_what_is_left_of_a_deleted_job_is_removed_and_then_forgotten(phase: Phase, seen: Observation) -> None:
    job = in_phase(phase)
    assert decide(facts(job, 30, gone=True, seen=seen)) == Remove()
    assert decide(facts(job, 30, gone=True, seen=ABSENT)) == Forget()


@pytest.mark.parametrize("phase", BOUND)
def test_a_deleted_job_on_a_silent_host_is_left_to_the_hosts_sweep(phase: Phase) -> None:
    assert decide(facts(unreachable(in_phase(phase)), 30, gone=True)) == Forget()


@pytest.mark.parametrize("phase", Phase)
@pytest.mark.parametrize("seen", [None, ABSENT, CREATED, runs(), exited(0)])
def test_nothing_is_ever_written_about_a_deleted_job(phase: Phase, seen: Observation | None) -> None:
    job = changed(in_phase(phase), cancel=True, activeDeadlineSeconds=5)
    known = {"seen": seen} if job.status.current is not None else {}
    assert not isinstance(decide(facts(job, 99, gone=True, refusal=refusal(5), **known)), Write)
