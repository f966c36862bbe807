"""When the schedule runs, over whom, and who is told."""

import asyncio

from tests.fakes.operator_rig import H1
from tests.unit.reconcile.builders import TRUSTED, Machines, bound_status, job, live

from containerjob_api.hostrefs import HostReference
from containerjob_api.phases import Phase, Reason
from containerjob_operator.decide.facts import Unplaced
from containerjob_operator.reconcile.live_jobs import LiveJob
from containerjob_operator.reconcile.placements import Placements
from containerjob_operator.reconcile.queue import WorkQueue


class Desk:
    """Placements with a queue that is emptied after each pass."""

    def __init__(self, machines: Machines) -> None:
        self.machines = machines
        self.queue = WorkQueue()
        self.placements = Placements(machines, self.queue)

    def add(self, *jobs: LiveJob) -> None:
        for each in jobs:
            self.placements.wait_for_host(each)

    async def woken(self) -> list[str]:
        """Pass once; return the uids handed on."""
        self.placements.pass_once()
        keys = [await self.queue.get() for _ in range(len(self.queue))]
        for key in keys:
            self.queue.done(key)
        return keys


def desk(allowed: object = None, **slots: int) -> Desk:
    return Desk(Machines(slots, allowed=allowed or {}))  # type: ignore[arg-type]


def place_of(each: LiveJob) -> str | Reason | None:
    if isinstance(each.placement, Unplaced):
        return each.placement.reason
    return None if each.placement is None else each.placement.name


async def test_a_job_gets_a_free_slot_and_is_handed_on() -> None:
    at, a = desk(h1=1), live("a")
    at.add(a)
    assert await at.woken() == ["a"]
    assert (a.placement, at.placements.held[H1]) == (HostReference(name="h1"), {"a"})
    assert await at.woken() == []


async def test_a_job_without_a_slot_is_told_once_why() -> None:
    at, a, b = desk(h1=1), live("a"), live("b", created=1)
    at.add(b, a)
    assert await at.woken() == ["a", "b"]
    assert (place_of(a), place_of(b)) == ("h1", Reason.HOST_FULL)
    at.placements.hosts_changed()
    assert await at.woken() == []


async def test_a_slot_that_becomes_free_goes_to_the_one_who_waits_longest() -> None:
    at, a, b, c = desk(h1=1), live("a"), live("b", created=1), live("c", created=2)
    at.add(a, b, c)
    await at.woken()
    at.placements.release(a)
    assert await at.woken() == ["b"]
    assert (place_of(b), place_of(c)) == ("h1", Reason.HOST_FULL)


async def test_a_later_job_does_not_overtake_one_that_waits_for_the_slot_becoming_free() -> None:
    at, a, b, c = desk(h1=1), live("a"), live("b", created=1), live("c", created=2)
    at.add(a, b)
    await at.woken()
    at.placements.release(a)
    at.add(c)
    await at.woken()
    assert (place_of(b), place_of(c)) == ("h1", Reason.HOST_FULL)


async def test_a_full_host_that_many_wait_for_does_not_block_jobs_for_other_hosts() -> None:
    at = desk(h1=1, h2=1)
    crowd = [live(f"p{number}", host="h1") for number in range(5)]
    last = live("z", created=9)
    at.add(*crowd)
    await at.woken()
    at.placements.hold(live("other", status=bound_status(HostReference(name="h2"))))
    at.add(last)
    await at.woken()
    assert place_of(last) is Reason.HOST_FULL
    at.placements.release(live("other", status=bound_status(HostReference(name="h2"))))
    assert await at.woken() == ["z"]
    assert place_of(last) == "h2"


async def test_jobs_of_a_namespace_that_no_host_admits_do_not_block_those_of_others() -> None:
    at = desk({"h1": TRUSTED}, h1=1)
    at.placements.namespaces = {"team-a": {"trust": "yes"}, "team-b": {}}
    strangers = [live(f"s{number}", namespace="team-b") for number in range(5)]
    first, second = live("x", created=8), live("y", created=9)
    at.add(*strangers, first, second)
    await at.woken()
    assert (place_of(first), place_of(second)) == ("h1", Reason.HOST_FULL)
    assert {place_of(each) for each in strangers} == {Reason.NAMESPACE_NOT_ALLOWED}
    at.placements.release(first)
    assert await at.woken() == ["y"]


async def test_a_changed_host_has_every_waiting_job_judged_again() -> None:
    at = desk(h1=0)
    jobs = [live(f"j{number}", created=number) for number in range(4)]
    at.add(*jobs)
    await at.woken()
    at.machines.slots["h1"] = 2
    at.machines.silent.add("h1")
    at.placements.hosts_changed()
    assert await at.woken() == ["j0", "j1", "j2", "j3"]
    assert {place_of(each) for each in jobs} == {Reason.HOST_NOT_READY}
    at.machines.silent.clear()
    at.placements.hosts_changed()
    assert await at.woken() == ["j0", "j1", "j2", "j3"]
    assert [place_of(each) for each in jobs] == ["h1", "h1", Reason.HOST_FULL, Reason.HOST_FULL]


async def test_a_namespace_that_gets_its_label_is_admitted() -> None:
    at, a = desk({"h1": TRUSTED}, h1=1), live("a")
    at.add(a)
    await at.woken()
    assert place_of(a) is Reason.NAMESPACE_NOT_ALLOWED
    at.placements.namespaces["team-a"] = {"trust": "yes"}
    at.placements.hosts_changed()
    assert await at.woken() == ["a"]


async def test_no_premature_reason_is_told_while_a_host_has_not_been_asked() -> None:
    at, a = desk(h1=1), live("a")
    at.machines.silent.add("h1")
    at.machines.asked = False
    at.add(a)
    assert (await at.woken(), a.placement) == ([], None)
    at.machines.asked = True
    at.placements.hosts_changed()
    assert await at.woken() == ["a"]


async def test_a_job_bound_already_holds_its_slot() -> None:
    at, a = desk(h1=1), live("a")
    at.placements.hold(live("old", status=bound_status(HostReference(name="h1"))))
    at.placements.hold(live("unbound"))
    at.add(a)
    await at.woken()
    assert place_of(a) is Reason.HOST_FULL
    assert dict(at.placements.held) == {H1: {"old"}}


async def test_a_waiting_job_that_was_bound_by_somebody_else_waits_no_longer_and_holds_one_slot() -> None:
    at, a = desk(h1=0, h2=1), live("a", host="h1")
    at.add(a)
    await at.woken()
    a.job = job("a", status=bound_status(HostReference(name="h2")))
    at.placements.hold(a)
    at.machines.slots["h1"] = 1
    at.placements.hosts_changed()
    assert await at.woken() == []
    assert {name: uids for name, uids in at.placements.held.items() if uids} == {HostReference(name="h2"): {"a"}}


async def test_a_job_assigned_here_and_bound_elsewhere_leaves_no_slot_taken() -> None:
    at, a = desk(h1=1), live("a")
    at.add(a)
    await at.woken()
    a.job = job("a", status=bound_status(HostReference(name="h2")))
    at.placements.hold(a)
    at.placements.release(a)
    assert not any(at.placements.held.values())


async def test_a_job_that_names_another_host_now_is_not_bound_to_the_old_one() -> None:
    at, a = desk(h1=1, h2=1), live("a", host="h1")
    at.add(a)
    await at.woken()
    a.job = job("a", version=2, generation=2, host="h2")
    at.placements.release(a)
    assert a.placement is None
    at.add(a)
    assert await at.woken() == ["a"]
    assert (place_of(a), at.placements.held[H1], at.placements.held[HostReference(name="h2")]) == ("h2", set(), {"a"})


async def test_a_job_that_goes_away_while_it_waits_gets_no_slot() -> None:
    at, a, b = desk(h1=1), live("a"), live("b", created=1)
    at.add(a, b)
    at.placements.release(a)
    assert await at.woken() == ["b"]
    assert at.placements.held[H1] == {"b"}


async def test_a_job_that_waits_holds_no_slot_whatever_was_known_of_it_before() -> None:
    at = desk(h1=1)
    bound = live("a", status=bound_status(HostReference(name="h1")))
    at.placements.hold(bound)
    at.add(live("a"))
    assert await at.woken() == ["a"]
    assert at.placements.held[H1] == {"a"}


async def test_asking_twice_for_a_host_is_asking_once() -> None:
    at, a = desk(h1=2), live("a")
    at.add(a, a)
    assert await at.woken() == ["a"]
    assert at.placements.held[H1] == {"a"}


async def test_a_host_with_more_jobs_than_slots_takes_no_more() -> None:
    at, a = desk(h1=1, h2=0), live("a")
    for uid in ("old-1", "old-2"):
        at.placements.hold(live(uid, status=bound_status(HostReference(name="h1"))))
    at.add(a)
    await at.woken()
    assert isinstance(a.placement, Unplaced)
    assert a.placement.phase is Phase.QUEUED


def failed_on(uid: str, *hosts: str, created: float = 0, avoids: bool = True) -> LiveJob:
    """Return a job whose earlier attempts failed on these hosts."""
    status = {
        "phase": "Retrying",
        "attemptCount": len(hosts),
        "attempts": [
            {
                "attempt": number,
                "host": {"name": name},
                "name": f"cj-{uid}-{number}",
                "scheduledTime": "2026-03-01T12:00:00Z",
                "reason": "StartError",
                "failureClass": "Launch",
            }
            for number, name in enumerate(hosts)
        ],
    }
    each = live(uid, created=created, status=status)
    policy = each.job.spec.retry_policy.model_copy(update={"avoid_failed_host": avoids})
    spec = each.job.spec.model_copy(update={"retry_policy": policy})
    each.job = each.job.model_copy(update={"spec": spec})
    return each


async def test_a_job_that_avoids_the_host_it_failed_on_goes_elsewhere() -> None:
    at, a, b = desk(h1=9, h2=1), failed_on("a", "h1"), failed_on("b", "h1", avoids=False)
    at.add(a, b)
    await at.woken()
    assert (place_of(a), place_of(b)) == ("h2", "h1")


async def test_attempts_that_were_only_stopped_do_not_speak_against_their_host() -> None:
    at, a = desk(h1=9, h2=1), failed_on("a", "h1")
    stopped = a.job.status.attempts[0].model_copy(update={"failure_class": None, "reason": Reason.JOB_SUSPENDED})
    a.job = a.job.model_copy(update={"status": a.job.status.model_copy(update={"attempts": (stopped,)})})
    at.add(a)
    await at.woken()
    assert place_of(a) == "h1"


async def test_jobs_that_avoid_a_full_host_do_not_wait_behind_those_that_want_it() -> None:
    at = desk(h1=1, h2=1)
    crowd = [failed_on(f"p{number}", "h2") for number in range(5)]
    other = live("other", status=bound_status(HostReference(name="h2")))
    last = failed_on("z", "h1", created=9)
    at.placements.hold(other)
    at.add(*crowd, last)
    await at.woken()
    assert ([place_of(each) for each in crowd], place_of(last)) == (["h1", *[Reason.HOST_FULL] * 4], Reason.HOST_FULL)
    at.placements.release(other)
    assert await at.woken() == ["z"]
    assert place_of(last) == "h2"


async def test_a_job_that_failed_on_a_second_host_waits_among_those_that_avoid_both() -> None:
    at, a = desk(h1=1, h2=1, h3=0), failed_on("a", "h1")
    at.add(a)
    await at.woken()
    assert place_of(a) == "h2"
    at.placements.release(a)
    a.job = failed_on("a", "h1", "h2").job
    at.add(a)
    await at.woken()
    assert place_of(a) is Reason.HOST_FULL
    at.machines.slots["h3"] = 1
    at.placements.hosts_changed()
    assert await at.woken() == ["a"]
    assert place_of(a) == "h3"


async def test_it_runs_whenever_there_is_a_reason_to() -> None:
    at, a, b = desk(h1=1), live("a"), live("b", created=1)
    task = asyncio.create_task(at.placements.run())
    at.add(a)
    assert await at.queue.get() == "a"
    at.add(b)
    assert await at.queue.get() == "b"
    at.queue.done("b")
    at.placements.release(a)
    assert await at.queue.get() == "b"
    assert place_of(b) == "h1"
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
