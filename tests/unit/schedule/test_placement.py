"""Who goes where, and for every job left: why, and what to do about it."""

from typing import Any

import pytest

from containerjob_api.hostrefs import AllowedNamespaces, HostReference
from containerjob_api.phases import Phase, Reason
from containerjob_operator.decide.facts import Unplaced
from containerjob_operator.schedule.placement import HostView, PendingJob, Schedule, schedule

EVERYONE = AllowedNamespaces.model_validate({"from": "All"})
NOBODY = AllowedNamespaces()
TRUSTED = AllowedNamespaces.model_validate({"from": "Selector", "selector": {"matchLabels": {"trust": "yes"}}})
NAMESPACES = {"team-a": {"trust": "yes"}, "team-b": {}}


def host(name: str = "a", free: int = 1, allowed: AllowedNamespaces = EVERYONE, **known: Any) -> HostView:
    return HostView(HostReference(name=name), free, allowed, **known)


def job(uid: str, host_name: str | None = None, namespace: str = "team-a") -> PendingJob:
    return PendingJob(uid, namespace, None if host_name is None else HostReference(name=host_name))


def run(jobs: list[PendingJob], *hosts: HostView) -> Schedule:
    return schedule(jobs, hosts, NAMESPACES)


def why(pending: PendingJob, *hosts: HostView) -> Unplaced:
    result = run([pending], *hosts)
    assert result.assigned == {}
    return result.unplaced[pending.uid]


def places(result: Schedule) -> dict[str, str]:
    return {uid: reference.name for uid, reference in result.assigned.items()}


def test_the_first_to_come_gets_the_last_slot() -> None:
    result = run([job("late"), job("later")], host(free=1))
    assert (result.assigned, set(result.unplaced)) == ({"late": HostReference(name="a")}, {"later"})


def test_the_host_with_most_free_slots_wins_and_jobs_spread() -> None:
    result = run([job("1"), job("2"), job("3"), job("4")], host("a", 2), host("b", 3))
    assert places(result) == {"1": "b", "2": "b", "3": "a", "4": "b"}


def test_equal_hosts_are_told_apart_by_name_so_that_the_answer_is_always_the_same() -> None:
    hosts = [host("a"), host("b")]
    assert places(run([job("1")], *hosts)) == places(run([job("1")], *reversed(hosts)))


def test_a_job_goes_to_the_host_it_names_although_another_is_emptier() -> None:
    assert places(run([job("1", "a")], host("a", 1), host("b", 9))) == {"1": "a"}


def test_a_job_whose_host_is_full_does_not_hold_up_those_behind_it() -> None:
    result = run([job("pinned", "a"), job("free")], host("a", 0), host("b", 1))
    assert places(result) == {"free": "b"}


def test_a_pinned_job_takes_the_slot_that_a_free_one_would_have_had() -> None:
    result = run([job("pinned", "a"), job("free")], host("a", 1))
    assert (places(result), result.unplaced["free"].reason) == ({"pinned": "a"}, Reason.HOST_FULL)


def test_a_job_never_goes_to_a_host_that_it_did_not_name() -> None:
    assert why(job("1", "a"), host("a", 0), host("b", 5)).reason is Reason.HOST_FULL


@pytest.mark.parametrize("free", [0, -3])
def test_a_full_host_leaves_the_job_queued(free: int) -> None:
    reason = why(job("1"), host(free=free))
    assert (reason.phase, reason.reason) == (Phase.QUEUED, Reason.HOST_FULL)
    assert reason.message == "a runs maxConcurrentJobs already; waiting for a free slot"


def test_several_full_hosts_are_counted_and_those_that_cannot_take_the_job_are_not() -> None:
    message = why(job("1"), host("a", 0), host("b", 0), host("c", 9, NOBODY)).message
    assert message == "each of 2 hosts runs maxConcurrentJobs already; waiting for a free slot"


def test_a_host_that_does_not_exist_is_named_with_the_remedy() -> None:
    reason = why(job("1", "gone"), host())
    assert (reason.phase, reason.reason) == (Phase.PENDING, Reason.HOST_NOT_FOUND)
    assert reason.message == "placement.hostRef names DockerHost gone, which does not exist: create it"


def test_a_cluster_without_hosts_is_told_to_create_one() -> None:
    reason = why(job("1"))
    assert (reason.phase, reason.reason) == (Phase.PENDING, Reason.NO_HOST)
    assert "create one that admits this namespace" in reason.message


OBSTACLES = [
    (host(allowed=NOBODY), Reason.NAMESPACE_NOT_ALLOWED, "an administrator can open it in spec.allowedNamespaces"),
    (host(schedulable=False), Reason.HOST_UNSCHEDULABLE, "set its spec.unschedulable to false"),
    (host(ready=False, problem="connection refused"), Reason.HOST_NOT_READY, "a is not ready: connection refused"),
    (host(ready=False), Reason.HOST_NOT_READY, "DockerHost a is not ready"),
]


@pytest.mark.parametrize("pinned", ["a", None], ids=["pinned", "anywhere"])
@pytest.mark.parametrize(("view", "reason", "words"), OBSTACLES, ids=["closed", "unschedulable", "silent", "new"])
def test_a_host_that_cannot_take_the_job_says_why_and_what_helps(
    view: HostView, reason: Reason, words: str, pinned: str | None
) -> None:
    found = why(job("1", pinned), view)
    assert (found.phase, found.reason) == (Phase.PENDING, reason)
    assert words in found.message
    assert "DockerHost a" in found.message


def test_what_an_outsider_is_told_of_a_host_is_only_that_it_is_closed() -> None:
    found = why(job("1", "a"), host(allowed=NOBODY, ready=False, schedulable=False, problem="secret"))
    assert found.reason is Reason.NAMESPACE_NOT_ALLOWED
    assert "secret" not in found.message


def test_of_several_obstacles_the_one_that_needs_least_is_told() -> None:
    closed, cordoned = host("a", allowed=NOBODY), host("b", schedulable=False)
    silent = host("c", ready=False, problem="timeout")
    assert why(job("1"), closed, cordoned).reason is Reason.HOST_UNSCHEDULABLE
    found = why(job("1"), closed, cordoned, silent)
    assert found.reason is Reason.HOST_NOT_READY
    assert found.message == "none of 3 hosts can take the job; for one, DockerHost c is not ready: timeout"


def test_a_selector_admits_the_namespaces_it_matches() -> None:
    result = run([job("1"), job("2", namespace="team-b")], host(free=2, allowed=TRUSTED))
    assert places(result) == {"1": "a"}
    assert "does not admit namespace team-b" in result.unplaced["2"].message


def test_a_namespace_that_is_not_known_has_no_labels() -> None:
    assert why(job("1", namespace="new"), host(allowed=TRUSTED)).reason is Reason.NAMESPACE_NOT_ALLOWED
    assert places(run([job("1", namespace="new")], host())) == {"1": "a"}


def test_without_jobs_there_is_nothing_to_say() -> None:
    assert run([], host()) == Schedule()
