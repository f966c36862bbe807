"""Faults that are played beside each other, each on a stage of its own; most of their time is waiting."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

from tests.faults import engines, launches, people, records, watches
from tests.faults.stage import Stage

Fault = Callable[[Stage], None]
OpenStage = Callable[[Fault], AbstractContextManager[Stage]]

OURS: tuple[Fault, ...] = (
    engines.fault_28_engine_restarted,
    engines.fault_29_engine_away_while_containers_go_on,
    launches.fault_03_create_without_an_answer,
    launches.fault_07_start_without_an_answer,
    launches.fault_08_nothing_is_over_before_it_began,
    records.fault_09_a_storm_of_other_writers,
    records.fault_10_write_without_an_answer,
    watches.fault_17_created_and_deleted_at_once,
    people.fault_20_deleted_and_made_again,
    engines.fault_26_events_cut_while_many_end,
    engines.fault_27_events_that_never_come,
    people.fault_31_containers_touched_by_hand,
)
"""They leave the operator alone, and disturb only their own job or engine."""
NAIVE: tuple[Fault, ...] = (
    launches.fault_03_create_without_an_answer,
    launches.fault_04_killed_after_the_start,
    records.fault_05_killed_before_the_outcome_is_stored,
    launches.fault_07_start_without_an_answer,
    records.fault_10_write_without_an_answer,
    records.fault_12_the_server_is_a_black_hole,
    watches.fault_16_stale_view_after_a_restart,
    people.fault_21_deleted_while_the_operator_is_down,
    people.fault_22_finalizers_stripped_by_force,
    launches.fault_24_stopped_with_many_creates_in_flight,
    engines.fault_26_events_cut_while_many_end,
    engines.fault_28_engine_restarted,
    engines.fault_29_engine_away_while_containers_go_on,
    people.fault_31_containers_touched_by_hand,
)
OF_THE_DAEMON = {engines.fault_28_engine_restarted, engines.fault_29_engine_away_while_containers_go_on}
TOGETHER = 600.0
"""Seconds for all of them."""


@dataclass
class Playing:
    """Faults under way, and how each ended."""

    open_stage: OpenStage
    pool: ThreadPoolExecutor
    ends: dict[Fault, "Future[None]"] = field(default_factory=dict)

    def begin(self, faults: tuple[Fault, ...]) -> None:
        """Play these."""
        self.ends = {fault: self.pool.submit(self._play, fault) for fault in faults}

    def wait(self) -> None:
        """Wait for all of them, however they end."""
        for end in self.ends.values():
            end.exception(TOGETHER)

    def _play(self, fault: Fault) -> None:
        with self.open_stage(fault) as stage:
            fault(stage)


class Beside(Playing):
    """Our operator's."""

    def tell(self, fault: Fault) -> None:
        """Raise what one of them raised; asked again, play that one by itself."""
        if fault in self.ends:
            self.ends.pop(fault).result(0)
        else:
            self._play(fault)


class NaiveRun(Playing):
    """The naive operator's."""

    def violations(self) -> dict[str, str | None]:
        """Say of each fault what it violated; anything but a violation is an error of the test."""
        return {fault.__name__: _violation(end) for fault, end in self.ends.items()}


def _violation(end: "Future[None]") -> str | None:
    problem = end.exception(TOGETHER)
    if problem is not None and not isinstance(problem, AssertionError):
        raise problem
    return None if problem is None else str(problem)
