"""The table of states: in this phase, when this holds, do that. The first row that holds decides."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from containerjob_api.phases import TERMINAL, Phase
from containerjob_operator.decide import situations as when
from containerjob_operator.decide import steps as then
from containerjob_operator.decide.actions import Action
from containerjob_operator.decide.facts import Facts

PENDING, QUEUED, RETRYING, SUSPENDED = Phase.PENDING, Phase.QUEUED, Phase.RETRYING, Phase.SUSPENDED
SCHEDULED, RUNNING, CANCELLING = Phase.SCHEDULED, Phase.RUNNING, Phase.CANCELLING
SUCCEEDED, FAILED, CANCELLED, TIMED_OUT = Phase.SUCCEEDED, Phase.FAILED, Phase.CANCELLED, Phase.TIMED_OUT
WAITING: Final = (PENDING, QUEUED, RETRYING, SUSPENDED)
"""Without an attempt under way."""
BOUND: Final = (SCHEDULED, RUNNING, CANCELLING)
"""With an attempt under way, on a host that is written down."""
OVER: Final = tuple(phase for phase in Phase if phase in TERMINAL)
AFTER_AN_END: Final = (SUCCEEDED, FAILED, CANCELLED, TIMED_OUT, RETRYING, SUSPENDED)
"""Where a job can be once its attempt has ended."""
AFTER_A_FAILURE: Final = AFTER_AN_END[1:]
AFTER_A_LOSS: Final = (FAILED, TIMED_OUT, RETRYING, SUSPENDED)
"""Where a job can be once its container is lost: a cancel that came before is written down by then."""
AFTER_A_LOST_HOST: Final = (FAILED, RETRYING, SUSPENDED)
"""Where a job can be once its host is lost; not Cancelled or TimedOut, since its container may still run."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row; `to` are the phases that its write can lead to, beside staying where it is."""

    phases: tuple[Phase, ...]
    holds: Callable[[Facts], bool]
    step: Callable[[Facts], Action]
    to: tuple[Phase, ...] = ()
    conditions: str = ""
    """The conditions that the row's write changes, as the documentation names them."""

    @property
    def writes(self) -> bool:
        """Whether the row stores a status."""
        return bool(self.to or self.conditions)


STEADY: Final = "Ready=False, Reconciling=True"
UNMADE: Final = "Failed=True, Finished=True, Ready=False, Reconciling=False, Stalled=True"
FINAL: Final = f"on success Complete=True, Finished=True, Ready=True, Reconciling=False, Stalled=False; else {UNMADE}"
AGAIN: Final = f"when tried again HostAssigned=False, {STEADY}"
LOST: Final = f"at the end {UNMADE}; {AGAIN}; when suspended Suspended=True as well"
ENDED: Final = f"{FINAL}; {AGAIN}; when suspended Suspended=True as well"

TABLE: Final = (
    # The object is gone: nothing can be written any more.
    Row(tuple(Phase), when.gone_without_a_container, then.forget),
    Row(BOUND, when.gone_and_running, then.signal_stop),
    Row(BOUND, when.gone_in_its_grace, then.wait_for_the_grace),
    Row(BOUND, when.gone, then.remove),
    # A status that makes no sense stops nobody else.
    Row(BOUND, when.without_an_attempt, then.rest),
    # Finished: the API server refuses every other phase.
    Row(OVER, when.anything, then.rest),
    # No attempt is under way.
    Row(WAITING, when.cancel_wanted, then.end_as_cancelled, (CANCELLED,), UNMADE),
    Row((PENDING, QUEUED, RETRYING), when.time_is_up, then.end_as_timed_out, (TIMED_OUT,), UNMADE),
    Row((SUSPENDED,), when.suspend_untold, then.suspend, (SUSPENDED,), f"Suspended=True, {STEADY}"),
    Row((SUSPENDED,), when.suspend_wanted, then.rest),
    Row((SUSPENDED,), when.anything, then.resume, (PENDING,), f"Suspended=False, {STEADY}"),
    Row((PENDING, QUEUED, RETRYING), when.suspend_wanted, then.suspend, (SUSPENDED,), f"Suspended=True, {STEADY}"),
    Row((PENDING, QUEUED, RETRYING), when.never_started_in_time, then.end_as_never_started, (FAILED,), UNMADE),
    Row((PENDING, QUEUED), when.too_early_untold, then.tell_too_early, (PENDING,), STEADY),
    Row((RETRYING,), when.too_early_untold, then.tell_too_early, (RETRYING,), STEADY),
    Row((PENDING, QUEUED, RETRYING), when.too_early, then.wait_for_its_time),
    Row((RETRYING,), when.backing_off, then.wait_for_the_pause),
    Row(
        (PENDING, QUEUED, RETRYING),
        when.host_chosen,
        then.bind,
        (SCHEDULED,),
        f"HostAssigned=True, HostReachable=True where it was False, {STEADY}",
    ),
    Row((PENDING, QUEUED, RETRYING), when.unplaced_and_told, then.wait_for_the_end),
    Row((PENDING, RETRYING), when.full_for_a_moment, then.wait_for_a_slot),
    Row((PENDING, QUEUED), when.unplaced, then.tell_why, (PENDING, QUEUED), f"HostAssigned=False, {STEADY}"),
    Row((RETRYING,), when.unplaced, then.tell_why, (RETRYING,), f"HostAssigned=False, {STEADY}"),
    Row((PENDING, QUEUED, RETRYING), when.anything, then.ask_the_schedule),
    # An attempt is under way, and its host does not answer: unknown is not failed.
    Row((SCHEDULED, RUNNING), when.wish_unwritten_out_of_sight, then.write_the_stop, (CANCELLING,), STEADY),
    Row((SCHEDULED, RUNNING), when.host_lost, then.give_up_the_host, AFTER_A_LOST_HOST, LOST),
    Row((CANCELLING,), when.host_lost, then.give_up_the_host, (FAILED,), UNMADE),
    Row(BOUND, when.out_of_sight_untold, then.tell_unreachable, (), "HostReachable=False"),
    Row(BOUND, when.out_of_sight, then.look_again),
    # An attempt is under way, and its host has told what the container does.
    Row(BOUND, when.in_sight_untold, then.tell_reachable, (), "HostReachable=True"),
    Row((SCHEDULED, RUNNING), when.exited, then.end_by_exit, AFTER_AN_END, ENDED),
    Row((CANCELLING,), when.exited, then.end_by_exit, (SUCCEEDED, FAILED, CANCELLED), FINAL),
    Row((SCHEDULED, RUNNING), when.start_failed, then.end_by_failed_start, AFTER_A_FAILURE, LOST),
    Row((CANCELLING,), when.start_failed, then.end_by_failed_start, (FAILED, CANCELLED), UNMADE),
    Row((SCHEDULED, RUNNING), when.wish_unwritten, then.write_the_stop, (CANCELLING,), STEADY),
    Row((SCHEDULED, RUNNING), when.vanished, then.end_by_absence, AFTER_A_LOSS, LOST),
    Row((CANCELLING,), when.vanished, then.end_by_absence, (CANCELLED,), UNMADE),
    Row(BOUND, when.never_to_start, then.remove),
    Row((SCHEDULED,), when.refused, then.end_by_refusal, (FAILED, RETRYING), f"at the end {UNMADE}; {AGAIN}"),
    Row((SCHEDULED,), when.launch_unanswered_untold, then.tell_unanswered, (), STEADY),
    Row((SCHEDULED,), when.launch_unanswered, then.wait_to_launch),
    Row((SCHEDULED,), when.absent, then.create),
    Row((SCHEDULED,), when.created, then.start),
    Row(BOUND, when.to_be_signalled, then.signal_stop),
    Row(BOUND, when.in_its_grace, then.wait_for_the_grace),
    Row(BOUND, when.to_be_killed, then.kill),
    Row((SCHEDULED,), when.just_started, then.wait_to_settle),
    Row((SCHEDULED,), when.running_untold, then.tell_running, (RUNNING,), STEADY),
    Row((RUNNING, CANCELLING), when.anything, then.wait_for_the_end),
)


def row_for(facts: Facts) -> Row:
    """Return the first row of the job's phase that holds; there always is one."""
    phase = facts.job.status.phase or PENDING
    return next(row for row in TABLE if phase in row.phases and row.holds(facts))
