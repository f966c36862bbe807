"""What a write makes true is counted once: waits, launches, ends and outcomes."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.fakes.operator_rig import until
from tests.unit.reconcile.conftest import Desk

from containerjob_api.jobs import ContainerJob
from containerjob_operator import metrics
from containerjob_operator.reconcile import measure

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def at(seconds: float) -> str:
    return (NOON + timedelta(seconds=seconds)).isoformat()


def job(status: dict[str, Any], **spec: Any) -> ContainerJob:
    template = {"spec": {"containers": [{"name": "main", "image": "busybox"}]}}
    return ContainerJob.from_body(
        {
            "metadata": {"name": "a", "namespace": "b", "uid": "c", "creationTimestamp": at(0)},
            "spec": {"template": template, **spec},
            "status": status,
        }
    )


def attempt(**more: Any) -> dict[str, Any]:
    first = {"attempt": 0, "host": {"name": "h"}, "name": "cj-c-0", "scheduledTime": at(4), **more}
    return {"attemptCount": 1, "attempts": [first]}


def sums() -> dict[str, tuple[float, float]]:
    """Return count and sum of every histogram of a job."""
    read = metrics.REGISTRY.get_sample_value
    return {
        name: (
            read(f"containerjob_job_{name}_seconds_count") or 0,
            read(f"containerjob_job_{name}_seconds_sum") or 0,
        )
        for name in ("wait", "launch", "exit")
    }


def observed(before: ContainerJob, after: ContainerJob, now: float) -> dict[str, float]:
    """Return what a write added to each histogram; nothing where it was not observed."""
    old = sums()
    measure.stored(before, after, NOON + timedelta(seconds=now))
    return {name: total - old[name][1] for name, (count, total) in sums().items() if count == old[name][0] + 1}


NEW, BOUND = job({}), job(attempt())
RUNNING = job(attempt(launchTime=at(6)))
ENDED = job(attempt(launchTime=at(6), startedAt=at(6), finishedAt=at(9)))


@pytest.mark.parametrize(
    ("before", "after", "now", "told"),
    [
        (NEW, BOUND, 4, {"wait": 4}),
        (BOUND, RUNNING, 7, {"launch": 2}),
        (RUNNING, RUNNING, 8, {}),
        (RUNNING, ENDED, 9.5, {"exit": 0.5}),
        (BOUND, ENDED, 9.5, {"launch": 2, "exit": 0.5}),
        (BOUND, ENDED, 8, {"launch": 2, "exit": 0}),
    ],
    ids=["bound", "runs", "nothing new", "ended", "ended before it was told to run", "clocks that differ"],
)
def test_each_moment_is_observed_by_the_write_that_tells_it(
    before: ContainerJob, after: ContainerJob, now: float, told: dict[str, float]
) -> None:
    assert observed(before, after, now) == pytest.approx(told)


def test_the_wait_begins_at_not_before_and_only_the_first_attempt_has_one() -> None:
    assert observed(job({}, notBefore=at(3)), job(attempt(), notBefore=at(3)), 4) == pytest.approx({"wait": 1})
    second = job({**attempt(), "attemptCount": 2})
    assert observed(BOUND, second, 50) == {}


async def test_outcomes_are_counted_by_phase_and_reason(desk: Desk) -> None:
    def count(phase: str, reason: str) -> float:
        labels = {"phase": phase, "reason": reason}
        return metrics.REGISTRY.get_sample_value("containerjob_jobs_finished_total", labels) or 0.0

    before = count("Succeeded", "Completed"), count("Failed", "NonZeroExitCode")
    desk.kube.create_job("good")
    desk.kube.create_job("bad", argv=["false"])
    async with desk.rig.working():
        await until(lambda: desk.phase("good") == "Succeeded" and desk.phase("bad") == "Failed", "both are over")
    assert (count("Succeeded", "Completed") - before[0]) == 1
    assert count(desk.phase("bad"), desk.reason("bad")) >= 1
