"""Facts for every row of the table of states, in every phase it has, for every phase it leads to."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from tests.unit.decide.builders import (
    CREATED,
    FULL,
    HOST,
    LIMITLESS,
    NO_HOST,
    PASSING,
    after,
    changed,
    exited,
    facts,
    failed_start,
    in_phase,
    new_job,
    refusal,
    relaunching,
    runs,
    stored,
    unreachable,
)

from containerjob_api.hosts import Disconnect
from containerjob_api.jobs import ContainerJob
from containerjob_api.phases import TERMINAL, Phase, Reason
from containerjob_api.retries import OnHostLost
from containerjob_operator.decide import situations as when
from containerjob_operator.decide import statuses
from containerjob_operator.decide import steps as then
from containerjob_operator.decide.actions import Action
from containerjob_operator.decide.facts import Facts
from containerjob_operator.decide.observations import ABSENT

PENDING, QUEUED, RETRYING, SUSPENDED = Phase.PENDING, Phase.QUEUED, Phase.RETRYING, Phase.SUSPENDED
SCHEDULED, RUNNING, CANCELLING = Phase.SCHEDULED, Phase.RUNNING, Phase.CANCELLING
SUCCEEDED, FAILED, CANCELLED, TIMED_OUT = Phase.SUCCEEDED, Phase.FAILED, Phase.CANCELLED, Phase.TIMED_OUT
LOSING = Disconnect(lost_after_seconds=60, on_host_lost=OnHostLost.RETRY)
LATER = "2026-03-01T18:00:00Z"


@dataclass(frozen=True)
class Case:
    """Facts, the row that has to decide about them, and the phase that follows."""

    holds: Callable[[Facts], bool]
    step: Callable[[Facts], Action]
    facts: Facts
    to: Phase

    def __str__(self) -> str:
        phase = self.facts.job.status.phase or PENDING
        return f"{phase}, {self.holds.__name__}: {self.step.__name__}, then {self.to}"


def cases() -> Iterator[Case]:
    """Yield every case."""
    yield from _gone()
    for phase in TERMINAL:
        yield Case(when.anything, then.rest, facts(in_phase(phase), 30, seen=runs()), phase)
    yield from _waiting()
    yield from _unplaced()
    yield from _suspended()
    for phase in (SCHEDULED, RUNNING, CANCELLING):
        yield from _out_of_sight(phase)
        yield from _ended(phase)
        yield from _stopped(phase)
    yield from _launching()


def _gone() -> Iterator[Case]:
    for phase in Phase:
        yield Case(when.gone_without_a_container, then.forget, facts(in_phase(phase), 30, gone=True), phase)
    for phase in (SCHEDULED, RUNNING, CANCELLING):
        job = in_phase(phase)
        absent = facts(job, 30, gone=True, seen=ABSENT)
        running = facts(job, 30, gone=True, seen=runs())
        signalled = replace(running, stop_signalled_at=after(20))
        yield Case(when.gone_without_a_container, then.forget, absent, phase)
        yield Case(when.gone_and_running, then.signal_stop, running, phase)
        yield Case(when.gone_in_its_grace, then.wait_for_the_grace, signalled, phase)
        yield Case(when.gone, then.remove, replace(signalled, now=after(50)), phase)
        yield Case(when.gone, then.remove, replace(running, seen=exited(0)), phase)
        yield Case(when.gone, then.remove, replace(running, seen=CREATED), phase)


def _waiting() -> Iterator[Case]:
    """Yield what happens without an attempt under way, whatever the schedule would say."""
    for phase in (PENDING, QUEUED, RETRYING):
        job = in_phase(phase, created=0)
        early = changed(job, notBefore=LATER)
        told = stored(early, statuses.too_early(early, after(30)))
        late = changed(job, startingDeadlineSeconds=30)
        told_phase = RETRYING if phase is RETRYING else PENDING
        yield Case(when.cancel_wanted, then.end_as_cancelled, _at(changed(job, cancel=True)), CANCELLED)
        yield Case(when.time_is_up, then.end_as_timed_out, _at(changed(job, activeDeadlineSeconds=9)), TIMED_OUT)
        yield Case(when.suspend_wanted, then.suspend, _at(changed(job, suspend=True)), SUSPENDED)
        yield Case(when.never_started_in_time, then.end_as_never_started, _at(late), FAILED)
        yield Case(when.too_early_untold, then.tell_too_early, _at(early), told_phase)
        yield Case(when.too_early, then.wait_for_its_time, _at(told), told_phase)
        yield Case(when.host_chosen, then.bind, _at(job), SCHEDULED)
        yield Case(when.anything, then.ask_the_schedule, facts(job, 30), phase)
    queued = in_phase(QUEUED, more={"notBefore": LATER})
    yield Case(when.too_early, then.wait_for_its_time, _at(_in_words_of(queued, Reason.NOT_BEFORE)), QUEUED)
    yield Case(when.backing_off, then.wait_for_the_pause, facts(relaunching(), 9, placement=HOST), RETRYING)


def _unplaced() -> Iterator[Case]:
    other = replace(NO_HOST, message="no DockerHost admits this namespace")
    fuller = replace(FULL, message="each of 2 hosts is full")
    for phase, why in ((PENDING, NO_HOST), (QUEUED, FULL)):
        job = in_phase(phase)
        yield Case(when.unplaced_and_told, then.wait_for_the_end, facts(job, 30, placement=why), phase)
        yield Case(when.unplaced, then.tell_why, facts(job, 30, placement=other), PENDING)
        yield Case(when.unplaced, then.tell_why, facts(job, 30, placement=fuller), QUEUED)
    job = relaunching()
    told = stored(job, statuses.unplaced(job, NO_HOST, after(20)))
    yield Case(when.unplaced_and_told, then.wait_for_the_end, facts(told, 30, placement=NO_HOST), RETRYING)
    yield Case(when.unplaced, then.tell_why, facts(job, 30, placement=NO_HOST), RETRYING)
    yield Case(when.full_for_a_moment, then.wait_for_a_slot, facts(job, 17, placement=FULL), RETRYING)
    fresh = new_job(created=0)
    yield Case(when.full_for_a_moment, then.wait_for_a_slot, facts(fresh, 4, placement=FULL), PENDING)


def _suspended() -> Iterator[Case]:
    job = in_phase(SUSPENDED)
    yield Case(when.cancel_wanted, then.end_as_cancelled, _at(changed(job, cancel=True)), CANCELLED)
    yield Case(when.suspend_untold, then.suspend, _at(changed(job, activeDeadlineSeconds=9)), SUSPENDED)
    yield Case(when.suspend_wanted, then.rest, _at(job), SUSPENDED)
    yield Case(when.anything, then.resume, _at(changed(job, suspend=False)), PENDING)


def _out_of_sight(phase: Phase) -> Iterator[Case]:
    job = in_phase(phase)
    lost = unreachable(in_phase(phase, more=LIMITLESS))
    senseless = stored(job, job.status.model_copy(update={"attempts": ()}))
    yield Case(when.without_an_attempt, then.rest, facts(senseless, 30), phase)
    yield Case(when.out_of_sight_untold, then.tell_unreachable, facts(job, 30), phase)
    yield Case(when.out_of_sight, then.look_again, facts(unreachable(job), 30), phase)
    yield Case(when.in_sight_untold, then.tell_reachable, facts(unreachable(job), 30, seen=runs()), phase)
    final = unreachable(job)
    yield Case(when.host_lost, then.give_up_the_host, facts(final, 99, disconnect=LOSING), FAILED)
    if phase is CANCELLING:
        yield Case(when.host_lost, then.give_up_the_host, facts(lost, 99, disconnect=LOSING), FAILED)
        return
    wishes = {"cancel": True, "suspend": True, "activeDeadlineSeconds": 9}
    for name, value in wishes.items():
        wished, follows = facts(changed(job, **{name: value}), 30), CANCELLING if name == "cancel" else phase
        yield Case(when.wish_unwritten_out_of_sight, then.write_the_stop, wished, follows)
        yield Case(when.wish_unwritten, then.write_the_stop, replace(wished, seen=runs()), follows)
    yield Case(when.host_lost, then.give_up_the_host, facts(lost, 99, disconnect=LOSING), RETRYING)
    for reason, follows in ((Reason.DEADLINE_EXCEEDED, FAILED), (Reason.JOB_SUSPENDED, SUSPENDED)):
        stopped = facts(_stop(lost, reason), 99, disconnect=LOSING)
        yield Case(when.host_lost, then.give_up_the_host, stopped, follows)


def _ended(phase: Phase) -> Iterator[Case]:
    """Yield the ends of containers: before and after somebody wished for another end, with and without a retry."""
    job, again = in_phase(phase), in_phase(phase, more=LIMITLESS)
    won, broke = exited(0), exited(1)
    early = {SUCCEEDED: (job, won), FAILED: (job, broke)}
    unstarted = {FAILED: (job, failed_start("no such image layer"))}
    if phase is CANCELLING:
        early[CANCELLED] = (again, broke)
        unstarted[CANCELLED] = (again, failed_start("error mounting /data"))
        yield Case(when.vanished, then.end_by_absence, facts(job, 30, seen=ABSENT), CANCELLED)
    else:
        wishes: dict[Phase, dict[str, Any]] = {
            RETRYING: {},
            CANCELLED: {"cancel": True},
            SUSPENDED: {"suspend": True},
            TIMED_OUT: {"activeDeadlineSeconds": 9},
        }
        for follows, wish in wishes.items():
            early[follows] = (changed(again, **wish), broke)
            unstarted[follows] = (changed(again, **wish), failed_start("error mounting /data"))
        yield from _vanished(again, job)
    for follows, (ended, seen) in early.items():
        yield Case(when.exited, then.end_by_exit, facts(ended, 30, seen=seen), follows)
    for follows, (ended, seen) in unstarted.items():
        yield Case(when.start_failed, then.end_by_failed_start, facts(ended, 30, seen=seen), follows)


def _vanished(again: ContainerJob, final: ContainerJob) -> Iterator[Case]:
    here = {"seen": ABSENT, "launched_at": after(1)}
    yield Case(when.vanished, then.end_by_absence, facts(again, 30, **here), RETRYING)
    yield Case(when.vanished, then.end_by_absence, facts(final, 30, **here), FAILED)
    for reason, follows in ((Reason.DEADLINE_EXCEEDED, TIMED_OUT), (Reason.JOB_SUSPENDED, SUSPENDED)):
        yield Case(when.vanished, then.end_by_absence, facts(_stop(again, reason), 30, **here), follows)


def _stopped(phase: Phase) -> Iterator[Case]:
    job = in_phase(phase)
    if phase is not CANCELLING:
        job = _stop(job, Reason.DEADLINE_EXCEEDED)
    signalled = facts(job, 30, seen=runs(), stop_signalled_at=after(20))
    yield Case(when.never_to_start, then.remove, facts(job, 30, seen=CREATED), phase)
    if phase is RUNNING:
        yield Case(when.never_to_start, then.remove, facts(in_phase(phase), 30, seen=CREATED), phase)
    yield Case(when.to_be_signalled, then.signal_stop, facts(job, 30, seen=runs()), phase)
    yield Case(when.in_its_grace, then.wait_for_the_grace, signalled, phase)
    yield Case(when.to_be_killed, then.kill, replace(signalled, now=after(50)), phase)


def _launching() -> Iterator[Case]:
    job, again = in_phase(SCHEDULED), in_phase(SCHEDULED, more=LIMITLESS)
    busy = refusal(40)
    told = stored(job, statuses.waiting_to_launch(job, busy.reason, busy.message, after(20)))
    for seen, launch in ((ABSENT, then.create), (CREATED, then.start)):
        holds: Callable[[Facts], bool] = when.absent if seen is ABSENT else when.created
        waiting = facts(told, 30, seen=seen, refusal=busy)
        untold = facts(job, 30, seen=seen, refusal=busy)
        yield Case(when.launch_unanswered_untold, then.tell_unanswered, untold, SCHEDULED)
        yield Case(when.launch_unanswered, then.wait_to_launch, waiting, SCHEDULED)
        yield Case(holds, launch, facts(job, 30, seen=seen), SCHEDULED)
        yield Case(holds, launch, replace(waiting, now=after(40)), SCHEDULED)
    yield Case(when.refused, then.end_by_refusal, facts(again, 30, seen=ABSENT, refusal=PASSING), RETRYING)
    yield Case(when.refused, then.end_by_refusal, facts(again, 30, seen=ABSENT, refusal=refusal(None)), FAILED)
    yield Case(when.just_started, then.wait_to_settle, _running_since(job, 29.9), SCHEDULED)
    yield Case(when.running_untold, then.tell_running, _running_since(job, 20), RUNNING)
    yield Case(when.anything, then.wait_for_the_end, facts(in_phase(RUNNING), 30, seen=runs()), RUNNING)
    # Cancelling without a stop is what nobody writes; it still has to be decided.
    unwritten = stored(job, job.status.model_copy(update={"phase": CANCELLING}))
    yield Case(when.anything, then.wait_for_the_end, facts(unwritten, 30, seen=runs()), CANCELLING)


def _running_since(job: ContainerJob, started: float) -> Facts:
    return facts(job, 30, seen=runs(started), launched_at=after(started))


def _at(job: ContainerJob) -> Facts:
    """Return facts after every pause, in which a host is there to be had."""
    return facts(job, 30, placement=HOST)


def _stop(job: ContainerJob, reason: Reason) -> ContainerJob:
    wish = {"suspend": True} if reason is Reason.JOB_SUSPENDED else {"activeDeadlineSeconds": 3}
    job = changed(job, **wish)
    return stored(job, statuses.stopping(job, reason, after(4)))


def _in_words_of(job: ContainerJob, reason: Reason) -> ContainerJob:
    """Return the job with the message of another moment, its phase left alone."""
    told = statuses.too_early(job, after(20)) if reason is Reason.NOT_BEFORE else job.status
    return stored(job, told.model_copy(update={"phase": job.status.phase}))
