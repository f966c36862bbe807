"""--max-concurrent: no more than so many jobs on all hosts together, and a job that waits for it is told so."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.schedule.test_placement import NAMESPACES, host, job, places

from containerjob_api.phases import Phase, Reason
from containerjob_operator.schedule.placement import Ceiling, schedule


def test_slots_beyond_the_limit_stay_free_and_the_reason_names_the_option() -> None:
    result = schedule([job("1"), job("2"), job("3")], [host("a", 5), host("b", 5)], NAMESPACES, Ceiling(3, held=1))
    assert places(result).keys() == {"1", "2"}
    why = result.unplaced["3"]
    assert (why.phase, why.reason) == (Phase.QUEUED, Reason.OPERATOR_FULL)
    assert why.message == "the operator runs 3 jobs at a time at most (--max-concurrent); waiting for one to end"


@pytest.mark.parametrize("held", [3, 9])
def test_jobs_that_are_bound_already_count_though_they_are_too_many(held: int) -> None:
    result = schedule([job("1")], [host("a", 5)], NAMESPACES, Ceiling(3, held))
    assert result.unplaced["1"].reason is Reason.OPERATOR_FULL


def test_a_job_that_no_host_could_take_anyway_is_told_the_hosts_reason() -> None:
    ceiling = Ceiling(1, held=1)
    assert schedule([job("1")], [host(free=0)], NAMESPACES, ceiling).unplaced["1"].reason is Reason.HOST_FULL
    assert schedule([job("1")], [], NAMESPACES, ceiling).unplaced["1"].reason is Reason.NO_HOST


@given(limit=st.integers(1, 8), held=st.integers(0, 8), waiting=st.integers(0, 12), free=st.integers(0, 12))
def test_never_more_than_the_limit_and_never_fewer_than_fit(limit: int, held: int, waiting: int, free: int) -> None:
    jobs = [job(str(number)) for number in range(waiting)]
    result = schedule(jobs, [host("a", free)], NAMESPACES, Ceiling(limit, held))
    assert len(result.assigned) == max(0, min(waiting, free, limit - held))
    assert len(result.assigned) + len(result.unplaced) == waiting
