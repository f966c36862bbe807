"""What holds for every schedule, whatever the jobs and hosts are."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from containerjob_api.hostrefs import AllowedNamespaces, HostReference
from containerjob_api.phases import Phase, Reason
from containerjob_operator.schedule.placement import HostView, PendingJob, schedule

NAMES = st.builds(
    HostReference, kind=st.sampled_from(["DockerHost", "CloudRunHost"]), name=st.sampled_from(["a", "b", "c", "d"])
)
LABELS = {"team-a": {"trust": "yes"}, "team-b": {}}
ALLOWED = st.sampled_from(
    [
        AllowedNamespaces(),
        AllowedNamespaces.model_validate({"from": "All"}),
        AllowedNamespaces.model_validate({"from": "Selector", "selector": {"matchLabels": {"trust": "yes"}}}),
    ]
)
HOSTS = st.lists(
    st.builds(
        HostView,
        host=NAMES,
        free=st.integers(-2, 4),
        allowed=ALLOWED,
        ready=st.booleans(),
        schedulable=st.booleans(),
        problem=st.sampled_from(["", "timeout"]),
    ),
    unique_by=lambda view: view.host,
    max_size=4,
)
JOBS = st.lists(
    st.builds(
        PendingJob,
        uid=st.integers(0, 99).map(str),
        namespace=st.sampled_from(["team-a", "team-b", "unknown"]),
        host=st.none() | NAMES,
        avoid=st.frozensets(NAMES),
    ),
    unique_by=lambda job: job.uid,
    max_size=15,
)


@given(JOBS, HOSTS)
def test_every_waiting_job_is_assigned_or_told_why_and_never_both(
    jobs: list[PendingJob], hosts: list[HostView]
) -> None:
    result = schedule(jobs, hosts, LABELS)
    assert result.assigned.keys() | result.unplaced.keys() == {job.uid for job in jobs}
    assert not result.assigned.keys() & result.unplaced.keys()
    assert all(why.message for why in result.unplaced.values())


@given(JOBS, HOSTS)
def test_no_host_gets_more_jobs_than_it_has_free_slots(jobs: list[PendingJob], hosts: list[HostView]) -> None:
    taken = Counter(schedule(jobs, hosts, LABELS).assigned.values())
    assert all(taken[view.host] <= max(0, view.free) for view in hosts)


@given(JOBS, HOSTS)
def test_a_job_goes_only_where_it_may_and_wants_to_go(jobs: list[PendingJob], hosts: list[HostView]) -> None:
    views, result = {view.host: view for view in hosts}, schedule(jobs, hosts, LABELS)
    for job in jobs:
        if job.uid in result.assigned:
            view = views[result.assigned[job.uid]]
            assert job.host in {None, view.host}
            assert view.ready
            assert view.schedulable
            assert view.allowed.admit(LABELS.get(job.namespace, {}))


@given(JOBS, HOSTS)
def test_a_job_is_queued_exactly_when_a_slot_is_all_it_lacks(jobs: list[PendingJob], hosts: list[HostView]) -> None:
    for why in schedule(jobs, hosts, LABELS).unplaced.values():
        assert (why.phase is Phase.QUEUED) == (why.reason is Reason.HOST_FULL)


def fitting(job: PendingJob, hosts: list[HostView]) -> list[HostView]:
    """Return the hosts that could take the job now or when a slot is free."""
    able = [view for view in hosts if view.ready and view.schedulable and job.host in {None, view.host}]
    return [view for view in able if view.allowed.admit(LABELS.get(job.namespace, {}))]


@given(JOBS, HOSTS)
def test_no_slot_stays_empty_while_a_job_waits_for_one(jobs: list[PendingJob], hosts: list[HostView]) -> None:
    result = schedule(jobs, hosts, LABELS)
    taken = Counter(result.assigned.values())
    for job in jobs:
        wanted = [view for view in fitting(job, hosts) if view.host not in job.avoid] or fitting(job, hosts)
        left = [view for view in wanted if view.free > taken[view.host]]
        assert job.uid in result.assigned or not left


@given(JOBS, HOSTS)
def test_a_job_goes_to_a_host_that_it_avoids_only_where_no_other_one_takes_it(
    jobs: list[PendingJob], hosts: list[HostView]
) -> None:
    result = schedule(jobs, hosts, LABELS)
    for job in jobs:
        reference = result.assigned.get(job.uid)
        if reference is not None and reference in job.avoid:
            assert {view.host for view in fitting(job, hosts)} <= job.avoid


@given(JOBS, HOSTS)
def test_avoiding_hosts_keeps_no_job_from_running_anywhere(jobs: list[PendingJob], hosts: list[HostView]) -> None:
    for job in jobs:
        plain = PendingJob(job.uid, job.namespace, job.host)
        avoiding, free = schedule([job], hosts, LABELS), schedule([plain], hosts, LABELS)
        told = avoiding.unplaced.get(job.uid)
        assert job.uid not in free.assigned or told is None or told.reason is Reason.HOST_FULL
        assert job.uid in free.assigned or job.uid in avoiding.unplaced


@given(JOBS, HOSTS)
def test_the_same_question_gets_the_same_answer(jobs: list[PendingJob], hosts: list[HostView]) -> None:
    assert schedule(jobs, hosts, LABELS).assigned == schedule(jobs, list(reversed(hosts)), LABELS).assigned
