"""What a contract test works on: an engine of some kind, an executor for it, and runs to give it."""

import asyncio
import os
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import TypeVar

from containerjob_api.names import (
    LABEL_ATTEMPT,
    LABEL_CLUSTER_UID,
    LABEL_JOB_UID,
    LABEL_NAME,
    LABEL_NAMESPACE,
    container_name,
)
from containerjob_operator.decide.observations import Observation, RunState
from containerjob_operator.decide.runs import RunSpec
from containerjob_operator.executors.base import Executor

T = TypeVar("T")
DEADLINE_SECONDS = 240.0 if os.environ.get("CLOUD_RUN_PROJECT") else 60.0
"""A task of the real Cloud Run may take minutes before it starts."""


def run_of(cluster_uid: str, job_uid: str, image: str, *command: str) -> RunSpec:
    """One attempt that runs a command."""
    labels = {
        LABEL_CLUSTER_UID: cluster_uid,
        LABEL_JOB_UID: job_uid,
        LABEL_NAMESPACE: "default",
        LABEL_NAME: "job",
        LABEL_ATTEMPT: "0",
    }
    return RunSpec(
        name=container_name(job_uid, 0),
        image=image,
        command=command,
        args=(),
        working_dir="",
        env=(),
        labels=tuple(labels.items()),
    )


@dataclass(frozen=True)
class EngineFacts:
    """What an engine can tell; where it cannot, its executor says so by None or nothing, and never guesses."""

    api_version: str = "1."
    """How its API's version begins."""
    has_machine: bool = True
    """CPUs and memory of its own; else it gives every container a size."""
    tells_image: bool = True
    """The digest of the image."""
    tells_usage: bool = True
    keeps_files: bool = True
    """What an ended container has left in its file system can be read."""
    many_lines: int = 60_000
    """Which its log can give back in little time."""


@dataclass
class Subject:
    """An engine under test; every test has a cluster uid of its own."""

    image: str
    cluster_uid: str
    executor: Executor
    unreachable: Executor
    """An executor whose engine does not answer."""
    create_foreign: Callable[[str], Awaitable[None]]
    """Create a container of this name that nobody's label is on."""
    another: Callable[[str], Executor]
    """Another executor for the same engine, for a cluster of this uid."""
    engine_facts: EngineFacts = EngineFacts()
    names: list[str] = field(default_factory=list)

    def run(self, *command: str, **changes: object) -> RunSpec:
        """A run of a job that was never seen before."""
        run = run_of(self.cluster_uid, f"{self.cluster_uid}-{len(self.names)}", self.image, *command)
        run = replace(run, **changes)  # type: ignore[arg-type]
        self.names.append(run.name)
        return run

    async def launched(self, *command: str, **changes: object) -> RunSpec:
        """Create and start a run."""
        run = self.run(*command, **changes)
        await self.executor.create(run)
        await self.executor.start(run.name)
        return run

    async def reaches(self, name: str, state: RunState) -> Observation:
        """Wait until the container is in this state."""
        return await until(lambda: self.executor.inspect(name), lambda seen: seen.state is state)

    async def begins(self, name: str) -> Observation:
        """Wait until the container has a time of its start."""
        return await until(lambda: self.executor.inspect(name), lambda seen: seen.started_at is not None)

    async def prints(self, name: str, text: str) -> None:
        """Wait until this is what the container has printed."""
        await until(lambda: self.executor.tail(name), lambda tail: tail.stdout == text)

    async def finished(self, *command: str, **changes: object) -> tuple[RunSpec, Observation]:
        """Run to the end."""
        run = await self.launched(*command, **changes)
        return run, await self.reaches(run.name, RunState.EXITED)


async def until(look: Callable[[], Awaitable[T]], enough: Callable[[T], bool]) -> T:
    """Look again and again until it is enough, or fail."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not enough(seen := await look()):
        assert time.monotonic() < deadline, f"still {seen}"
        await asyncio.sleep(0.02)
    return seen
