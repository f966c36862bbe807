"""retryPolicy.avoidFailedHost: another attempt goes elsewhere, wherever there is an elsewhere."""

from typing import Any

from containerjob_api.hostrefs import AllowedNamespaces, HostReference
from containerjob_api.phases import Phase, Reason
from containerjob_operator.schedule.placement import HostView, PendingJob, Schedule, schedule

EVERYONE = AllowedNamespaces.model_validate({"from": "All"})


def host(name: str, free: int = 1, **known: Any) -> HostView:
    return HostView(HostReference(name=name), free, EVERYONE, **known)


def place(*hosts: HostView, avoid: str = "a", pinned: str | None = None) -> Schedule:
    return schedule(
        [
            PendingJob(
                "1",
                "team-a",
                pinned and HostReference(name=pinned),
                frozenset(HostReference(name=each) for each in avoid.split()),
            )
        ],
        hosts,
        {},
    )


def name_of(result: Schedule) -> str:
    return result.assigned["1"].name


def test_a_job_avoids_the_host_on_which_it_failed_however_empty_that_is() -> None:
    assert name_of(place(host("a", 9), host("b", 1))) == "b"


def test_a_job_waits_for_another_host_rather_than_go_back() -> None:
    why = place(host("a", 9), host("b", 0)).unplaced["1"]
    assert (why.phase, why.reason) == (Phase.QUEUED, Reason.HOST_FULL)
    assert why.message == "b runs maxConcurrentJobs already; waiting for a free slot"


def test_a_job_goes_back_where_there_is_no_other_host() -> None:
    assert name_of(place(host("a"))) == "a"


def test_a_job_goes_back_where_no_other_host_takes_it() -> None:
    closed = HostView(HostReference(name="d"), 5, AllowedNamespaces())
    assert name_of(place(host("a"), host("b", ready=False), host("c", schedulable=False), closed)) == "a"


def test_a_job_goes_back_once_it_has_failed_everywhere() -> None:
    assert name_of(place(host("a", 1), host("b", 2), avoid="a b")) == "b"


def test_a_job_goes_back_to_the_host_that_it_names() -> None:
    assert name_of(place(host("a"), host("b"), pinned="a")) == "a"


def test_a_host_that_is_gone_can_be_avoided_too() -> None:
    assert name_of(place(host("b"), avoid="gone")) == "b"


def test_a_job_that_avoids_a_host_leaves_its_slot_to_others() -> None:
    jobs = [PendingJob("1", "team-a", None, frozenset({HostReference(name="a")})), PendingJob("2", "team-a")]
    result = schedule(jobs, [host("a", 1), host("b", 1)], {})
    assert {uid: reference.name for uid, reference in result.assigned.items()} == {"1": "b", "2": "a"}
