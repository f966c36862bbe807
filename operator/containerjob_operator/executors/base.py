"""The port to a container engine. Every verb is idempotent; one contract suite runs over all implementations."""

from collections.abc import AsyncIterator
from typing import Protocol

from containerjob_api.hosts import EngineInfo
from containerjob_api.jobstatus import LogTail
from containerjob_operator.decide.observations import Observation, OwnedContainer, RunEvent
from containerjob_operator.decide.runs import RunSpec
from containerjob_operator.executors.outputs import Gap, Output, OutputQuery, Usage


class Executor(Protocol):
    """One engine. Any verb raises HostUnavailable where the engine could not be asked."""

    async def create(self, run: RunSpec) -> None:
        """Create the container, fetching its image when absent; adopt one that is ours by name and labels.

        Raises LaunchRejected (final) or LaunchDelayed (may pass).
        """
        ...

    async def start(self, name: str) -> None:
        """Start the container if, and only if, it is in state created; the caller looks at it afterwards.

        A refusal by the engine is left to be read from the container (`Observation.start_failed`);
        where the engine recorded none, raises LaunchRejected or LaunchDelayed.
        """
        ...

    async def inspect(self, name: str) -> Observation:
        """Describe the container; ABSENT when the engine knows none of this name."""
        ...

    async def signal_stop(self, name: str) -> None:
        """Ask the container to end by its stop signal; returns at once, absent or ended is fine."""
        ...

    async def kill(self, name: str) -> None:
        """End the container by SIGKILL; returns at once, absent or ended is fine."""
        ...

    async def remove(self, name: str) -> None:
        """Remove the container by force, running or not; absent is fine."""
        ...

    async def tail(self, name: str) -> LogTail:
        """Return the last lines of both streams, bounded as LogTail is."""
        ...

    def output(self, name: str, query: OutputQuery) -> AsyncIterator[Output | Gap]:
        """Yield the container's output until its end, or, where it is followed, until the container's.

        An end of a followed output is a hint: inspect the container, and go on with `after` where it still runs.
        Raises OutputGone where the container, or its log, is not there.
        """
        ...

    async def usage(self, name: str) -> Usage | None:
        """Measure what the container uses, which may take two seconds; None where it does not run."""
        ...

    async def termination_message(self, name: str, path: str) -> str | None:
        """Return what the ended container left in this file, at most 4096 bytes of it; None where there is none."""
        ...

    async def list_owned(self) -> tuple[OwnedContainer, ...]:
        """List this cluster's containers on the engine, whatever their state."""
        ...

    def events(self) -> AsyncIterator[RunEvent]:
        """Yield `subscribed`, then hints, until the connection ends (returns) or breaks (HostUnavailable)."""
        ...

    async def engine(self) -> EngineInfo:
        """Say what answers there."""
        ...

    async def aclose(self) -> None:
        """Close connections; running containers are not touched."""
        ...
