"""Usage, as `docker stats` computes it."""

from typing import Any

import pytest

from containerjob_operator.executors.docker.usage import usage_of
from containerjob_operator.executors.outputs import Usage


def stats(**changes: Any) -> dict[str, Any]:
    return {
        "cpu_stats": {"cpu_usage": {"total_usage": 600}, "system_cpu_usage": 4000, "online_cpus": 4},
        "precpu_stats": {"cpu_usage": {"total_usage": 100}, "system_cpu_usage": 2000},
        "memory_stats": {"usage": 1000, "limit": 9000, "stats": {"total_inactive_file": 100, "inactive_file": 1}},
        "pids_stats": {"current": 3},
        **changes,
    }


def test_usage_is_read_from_two_samples() -> None:
    assert usage_of(stats()) == Usage(cpu_percent=100.0, memory_bytes=900, memory_limit_bytes=9000, processes=3)


@pytest.mark.parametrize(
    ("kept", "used"), [({"inactive_file": 300}, 700), ({"inactive_file": 2000}, 1000), ({}, 1000), (None, 1000)]
)
def test_cache_that_can_be_had_back_does_not_count(kept: dict[str, int] | None, used: int) -> None:
    found = usage_of(stats(memory_stats={"usage": 1000, "limit": 9000, "stats": kept}))
    assert found is not None
    assert found.memory_bytes == used


@pytest.mark.parametrize(
    "changes",
    [
        {"precpu_stats": {"cpu_usage": {"total_usage": 600}, "system_cpu_usage": 2000}},
        {"precpu_stats": {"cpu_usage": {"total_usage": 100}, "system_cpu_usage": 4000}},
    ],
)
def test_without_any_progress_no_cpu_is_used(changes: dict[str, Any]) -> None:
    found = usage_of(stats(**changes))
    assert found is not None
    assert found.cpu_percent == 0


@pytest.mark.parametrize(("usage", "percent"), [({"percpu_usage": [1, 2]}, 50.0), ({}, 25.0)])
def test_where_cpus_are_not_counted_their_samples_are(usage: dict[str, Any], percent: float) -> None:
    now = {"cpu_usage": {"total_usage": 600, **usage}, "system_cpu_usage": 4000}
    found = usage_of(stats(cpu_stats=now))
    assert found is not None
    assert found.cpu_percent == percent


def test_what_does_not_run_uses_nothing() -> None:
    assert usage_of(stats(memory_stats={})) is None
