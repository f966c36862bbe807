"""What one look at a location tells of our Jobs there, and what has changed between two looks. Plain values."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from containerjob_operator.decide.observations import Observation, OwnedContainer, RunEvent, RunState


@dataclass(frozen=True, slots=True)
class Sight:
    """One Job of this cluster, and its one execution."""

    job: Any
    """The Job itself, as Google's client gave it."""
    job_uid: str
    """Of the ContainerJob."""
    row: OwnedContainer | None
    observation: Observation
    executed: bool = False
    """The execution is there, whatever became of it."""
    active: bool = False
    """The execution is there and not over."""
    cancelling: bool = False
    """Somebody has asked for its end."""
    asked: bool = False
    """The execution was asked for."""
    untold: bool = False
    """Something is missing that later lists will have, such as the execution of a Job that was asked for one."""

    @property
    def over(self) -> bool:
        """It has ended, or never will begin."""
        return self.observation.state is RunState.EXITED or self.observation.start_failed

    def become(self, observation: Observation, *, active: bool = False) -> "Sight":
        """Return it with another judgement."""
        row = None if self.row is None else replace(self.row, state=observation.state)
        return replace(self, observation=observation, row=row, active=active)


Sights = Mapping[str, Sight]
"""By container name, which is the Job's."""


def differences(before: Sights, after: Sights) -> Iterator[RunEvent]:
    """Yield what an engine would have told meanwhile."""
    for name, sight in after.items():
        was = before[name].observation.state if name in before else RunState.CREATED
        now = sight.observation.state
        if was is RunState.CREATED and now in {RunState.RUNNING, RunState.EXITED}:
            yield RunEvent("start", sight.job_uid, name)
        if sight.over and not (name in before and before[name].over):
            yield RunEvent("die", sight.job_uid, name)
    for name in before.keys() - after.keys():
        yield RunEvent("destroy", before[name].job_uid, name)
