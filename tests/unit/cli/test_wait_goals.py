"""What `wait` waits for, and what its exit code says."""

import pytest

from kubectl_containerjob.changing.awaiting import Goal, reached, settled, told
from kubectl_containerjob.records import Job


def job(phase: str, *, started: bool = False) -> Job:
    attempts = [{"attempt": 0, "startedAt": "2026-01-01T00:00:00Z"}] if started else []
    return Job({"metadata": {"name": "a"}, "spec": {}, "status": {"phase": phase, "attempts": attempts}})


@pytest.mark.parametrize(
    ("goal", "phase", "is_settled", "is_reached"),
    [
        (Goal.FINISHED, "Running", False, False),
        (Goal.FINISHED, "Failed", True, True),
        (Goal.SUCCEEDED, "Succeeded", True, True),
        (Goal.SUCCEEDED, "Failed", True, False),
        (Goal.RUNNING, "Running", True, True),
        (Goal.RUNNING, "Queued", False, False),
        (Goal.RUNNING, "Cancelled", True, False),
        (Goal.DELETE, "Succeeded", False, False),
    ],
)
def test_a_goal_is_settled_once_nothing_else_can_come(
    goal: Goal, phase: str, is_settled: bool, is_reached: bool
) -> None:
    assert settled(goal, job(phase)) is is_settled
    assert reached(goal, job(phase), there=True) is is_reached


def test_what_ran_and_ended_before_one_looked_has_run() -> None:
    assert reached(Goal.RUNNING, job("Succeeded", started=True), there=True)


def test_a_deleted_job_reaches_only_its_deletion() -> None:
    assert reached(Goal.DELETE, job("Running"), there=False)
    assert not reached(Goal.FINISHED, job("Running"), there=False)
    assert told(Goal.FINISHED, job("Running"), there=False) == "deleted"
    assert told(Goal.DELETE, job("Succeeded"), there=False) == "deleted"
    assert told(Goal.FINISHED, job("Succeeded"), there=False) == "finished (Succeeded)"
    assert told(Goal.RUNNING, job("Running"), there=True) == "running"
