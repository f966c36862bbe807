"""What holds for every schedule, whatever the jobs and hosts are."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from containerjob_api.hostrefs import AllowedNamespaces
from containerjob_api.phases import Phase, Reason
from containerjob_operator.schedule.placement import HostView, PendingJob, schedule

NAMES = st.sampled_from(["a", "b", "c", "d"])
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
        name=NAMES,
        free=st.integers(-2, 4),
        allowed=ALLOWED,
        ready=st.booleans(),
        schedulable=st.booleans(),
        problem=st.sampled_from(["", "timeout"]),
    ),
    unique_by=lambda host: host.name,
    max_size=4,
)
JOBS = st.lists(
    st.builds(
        PendingJob,
        uid=st.integers(0, 99).map(str),
        namespace=st.sampled_from(["team-a", "team-b", "unknown"]),
        host_name=st.none() | NAMES,
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
    taken = Counter(reference.name for reference in schedule(jobs, hosts, LABELS).assigned.values())
    assert all(taken[host.name] <= max(0, host.free) for host in hosts)


@given(JOBS, HOSTS)
def test_a_job_goes_only_where_it_may_and_wants_to_go(jobs: list[PendingJob], hosts: list[HostView]) -> None:
    views, result = {host.name: host for host in hosts}, schedule(jobs, hosts, LABELS)
    for job in jobs:
        if job.uid in result.assigned:
            host = views[result.assigned[job.uid].name]
            assert job.host_name in {None, host.name}
            assert host.ready
            assert host.schedulable
            assert host.allowed.admit(LABELS.get(job.namespace, {}))


@given(JOBS, HOSTS)
def test_a_job_is_queued_exactly_when_a_slot_is_all_it_lacks(jobs: list[PendingJob], hosts: list[HostView]) -> None:
    for why in schedule(jobs, hosts, LABELS).unplaced.values():
        assert (why.phase is Phase.QUEUED) == (why.reason is Reason.HOST_FULL)


def fitting(job: PendingJob, hosts: list[HostView]) -> list[HostView]:
    """Return the hosts that could take the job now or when a slot is free."""
    able = [host for host in hosts if host.ready and host.schedulable and job.host_name in {None, host.name}]
    return [host for host in able if host.allowed.admit(LABELS.get(job.namespace, {}))]


@given(JOBS, HOSTS)
def test_no_slot_stays_empty_while_a_job_waits_for_one(jobs: list[PendingJob], hosts: list[HostView]) -> None:
    result = schedule(jobs, hosts, LABELS)
    taken = Counter(reference.name for reference in result.assigned.values())
    for job in jobs:
        wanted = [host for host in fitting(job, hosts) if host.name not in job.avoid] or fitting(job, hosts)
        left = [host for host in wanted if host.free > taken[host.name]]
        assert job.uid in result.assigned or not left


@given(JOBS, HOSTS)
def test_a_job_goes_to_a_host_that_it_avoids_only_where_no_other_one_takes_it(
    jobs: list[PendingJob], hosts: list[HostView]
) -> None:
    result = schedule(jobs, hosts, LABELS)
    for job in jobs:
        reference = result.assigned.get(job.uid)
        if reference is not None and reference.name in job.avoid:
            assert {host.name for host in fitting(job, hosts)} <= job.avoid


@given(JOBS, HOSTS)
def test_avoiding_hosts_keeps_no_job_from_running_anywhere(jobs: list[PendingJob], hosts: list[HostView]) -> None:
    for job in jobs:
        plain = PendingJob(job.uid, job.namespace, job.host_name)
        avoiding, free = schedule([job], hosts, LABELS), schedule([plain], hosts, LABELS)
        told = avoiding.unplaced.get(job.uid)
        assert job.uid not in free.assigned or told is None or told.reason is Reason.HOST_FULL
        assert job.uid in free.assigned or job.uid in avoiding.unplaced


@given(JOBS, HOSTS)
def test_the_same_question_gets_the_same_answer(jobs: list[PendingJob], hosts: list[HostView]) -> None:
    assert schedule(jobs, hosts, LABELS).assigned == schedule(jobs, list(reversed(hosts)), LABELS).assigned
