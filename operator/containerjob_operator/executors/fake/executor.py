"""The executor's verbs on a fake engine."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from datetime import UTC, datetime
from typing import Final

from containerjob_api.hosts import EngineInfo
from containerjob_api.jobstatus import LogTail
from containerjob_api.phases import Reason
from containerjob_operator.decide.observations import ABSENT, Observation, OwnedContainer, RunEvent, RunState
from containerjob_operator.decide.runs import RunSpec
from containerjob_operator.errors import HostUnavailable, LaunchDelayed, LaunchRejected, OutputGone
from containerjob_operator.executors import marks
from containerjob_operator.executors.fake import outputs
from containerjob_operator.executors.fake.engine import KILLED, Container, Subscription, engine_named
from containerjob_operator.executors.fake.options import DELAYS, FakeOptions
from containerjob_operator.executors.fake.programs import program
from containerjob_operator.executors.outputs import Gap, Output, OutputQuery, Usage
from containerjob_operator.executors.tails import Window, log_tail, message_text

MEMORY_BYTES: Final = 2**30
"""The engine's."""


class FakeExecutor:
    """One fake engine, for the containers of one cluster."""

    def __init__(self, name: str, options: FakeOptions, *, cluster_uid: str) -> None:
        self.engine_state: Final = engine_named(name)
        self._options: Final = options
        self._cluster_uid: Final = cluster_uid

    async def create(self, run: RunSpec) -> None:
        """Create or adopt; images under `missing/` do not exist, those under `unreachable/` cannot be fetched."""
        self.engine_state.check()
        known = self.engine_state.containers.get(run.name)
        labels = dict(run.labels)
        if known is not None:
            if not marks.same_attempt(known.labels, labels):
                words = f"container {run.name} (image {known.image}) is on the host already, not of this job"
                raise LaunchRejected(Reason.NAME_CONFLICT, words)
            return
        self._refuse(run.image)
        self.engine_state.create(run.name, run.image, labels, program(run, self._options))

    def _refuse(self, image: str) -> None:
        if image.startswith("missing/"):
            raise LaunchRejected(Reason.IMAGE_NOT_FOUND, f"manifest for {image} not found: manifest unknown")
        if image.startswith("unreachable/"):
            raise LaunchDelayed(Reason.IMAGE_PULL_BACK_OFF, f"the registry of {image} does not answer")
        failure = self._options.fail_create
        if failure is not None:
            error = LaunchDelayed if failure in DELAYS else LaunchRejected
            raise error(failure, f"spec.endpoint says failCreate={failure}")

    async def start(self, name: str) -> None:
        """Start what is in state created and was not refused before."""
        await asyncio.sleep(self._options.start_delay_seconds)
        container = self._find(name)
        if container is None:
            return
        seen = container.observe(self.engine_state.clock())
        if seen.state is RunState.CREATED and not seen.start_failed:
            self.engine_state.start(container)

    async def inspect(self, name: str) -> Observation:
        """Look at one container."""
        container = self._find(name)
        return ABSENT if container is None else container.observe(self.engine_state.clock())

    async def signal_stop(self, name: str) -> None:
        """Send SIGTERM, which most commands ignore as a container's first process."""
        container = self._find(name)
        if container is not None and container.program.on_term is not None:
            self.engine_state.end(container, container.program.on_term)

    async def kill(self, name: str) -> None:
        """Send SIGKILL."""
        container = self._find(name)
        if container is not None:
            self.engine_state.end(container, KILLED)

    async def remove(self, name: str) -> None:
        """Remove by force."""
        self.engine_state.check()
        self.engine_state.remove(name)

    async def tail(self, name: str) -> LogTail:
        """Return the end of what has been printed so far."""
        container = self._find(name)
        stdout, stderr = Window(), Window()
        for output in [] if container is None else container.outputs(self.engine_state.clock()):
            if not output.path:
                (stderr if output.stderr else stdout).feed(output.data)
        return log_tail(stdout, stderr)

    async def output(self, name: str, query: OutputQuery) -> AsyncIterator[Output | Gap]:
        """Read or follow what it prints."""
        container = self._find(name)
        if container is None:
            raise OutputGone(f"container {name} is not on the host")
        async with aclosing(outputs.read(self.engine_state, container, query)) as reading:
            async for item in reading:
                yield item

    async def usage(self, name: str) -> Usage | None:
        """Say what a small program would use."""
        container = self._find(name)
        running = container is not None and container.state(self.engine_state.clock()) is RunState.RUNNING
        return Usage(1.0, 2**20, MEMORY_BYTES, 1) if running else None

    async def termination_message(self, name: str, path: str) -> str | None:
        """Return what was last written to the file."""
        container = self._find(name)
        written = [] if container is None else container.outputs(self.engine_state.clock())
        found = [output.data for output in written if output.path == path]
        return message_text(found[-1]) if found else None

    async def list_owned(self) -> tuple[OwnedContainer, ...]:
        """List by the cluster's label."""
        self.engine_state.check()
        now = self.engine_state.clock()
        rows = (
            _row(container, now) for container in self.engine_state.containers.values() if self._is_ours(container)
        )
        return tuple(row for row in rows if row is not None)

    async def events(self) -> AsyncIterator[RunEvent]:
        """Follow events until the engine goes away."""
        self.engine_state.check()
        subscription = Subscription(self._cluster_uid)
        self.engine_state.subscriptions.add(subscription)
        try:
            yield RunEvent("subscribed")
            while (event := await subscription.queue.get()) is not None:
                yield event
        finally:
            self.engine_state.subscriptions.discard(subscription)
        raise HostUnavailable(f"fake://{self.engine_state.name}: the event stream broke")

    async def engine(self) -> EngineInfo:
        """Say that this is no real engine."""
        self.engine_state.check()
        return EngineInfo(
            id=f"fake-{self.engine_state.name}",
            name=self.engine_state.name,
            version="fake",
            api_version="1.41",
            os="fake",
            architecture="fake",
            cpus=self._options.cpus,
            memory_bytes=MEMORY_BYTES,
        )

    async def aclose(self) -> None:
        """Close nothing: the containers are the process's."""

    def _find(self, name: str) -> Container | None:
        self.engine_state.check()
        found = self.engine_state.containers.get(name)
        return found if found is not None and self._is_ours(found) else None

    def _is_ours(self, container: Container) -> bool:
        return marks.of_cluster(container.labels, self._cluster_uid)


def _row(container: Container, now: float) -> OwnedContainer | None:
    state = container.state(now)
    ended = state is RunState.EXITED
    return marks.owned(
        container.labels,
        name=container.name,
        state=state,
        created_at=datetime.fromtimestamp(container.created_at, UTC),
        finished_at=datetime.fromtimestamp(container.ends_at, UTC) if ended else None,
    )
