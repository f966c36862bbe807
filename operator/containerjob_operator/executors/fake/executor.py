"""The executor's verbs on a fake engine."""

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Final

from containerjob_api.hosts import EngineInfo
from containerjob_api.jobstatus import LogTail
from containerjob_api.names import (
    LABEL_ATTEMPT,
    LABEL_CLUSTER_UID,
    LABEL_JOB_UID,
    LABEL_NAME,
    LABEL_NAMESPACE,
)
from containerjob_api.phases import Reason
from containerjob_operator.decide.observations import ABSENT, Observation, OwnedContainer, RunEvent, RunState
from containerjob_operator.decide.runs import RunSpec
from containerjob_operator.errors import HostUnavailable, LaunchDelayed, LaunchRejected
from containerjob_operator.executors.fake.engine import Container, Subscription, engine_named
from containerjob_operator.executors.fake.options import DELAYS, FakeOptions
from containerjob_operator.executors.fake.programs import program
from containerjob_operator.executors.tails import Window, log_tail

_OWNER_LABELS: Final = (LABEL_CLUSTER_UID, LABEL_JOB_UID, LABEL_ATTEMPT)
_KILLED: Final = 137


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
            if any(known.labels.get(key) != labels[key] for key in _OWNER_LABELS):
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
        seen = container.observe(time.time())
        if seen.state is RunState.CREATED and not seen.start_failed:
            self.engine_state.start(container)

    async def inspect(self, name: str) -> Observation:
        """Look at one container."""
        container = self._find(name)
        return ABSENT if container is None else container.observe(time.time())

    async def signal_stop(self, name: str) -> None:
        """Send SIGTERM, which most commands ignore as a container's first process."""
        container = self._find(name)
        if container is not None and container.program.on_term is not None:
            self.engine_state.end(container, container.program.on_term)

    async def kill(self, name: str) -> None:
        """Send SIGKILL."""
        container = self._find(name)
        if container is not None:
            self.engine_state.end(container, _KILLED)

    async def remove(self, name: str) -> None:
        """Remove by force."""
        self.engine_state.check()
        self.engine_state.remove(name)

    async def tail(self, name: str) -> LogTail:
        """Return the end of what has been printed so far."""
        container = self._find(name)
        stdout, stderr = Window(), Window()
        if container is not None and container.started_at is not None:
            elapsed = min(time.time(), container.ends_at) - container.started_at
            for output in container.program.outputs:
                if output.at <= elapsed:
                    (stderr if output.stderr else stdout).feed(output.data)
        return log_tail(stdout, stderr)

    async def list_owned(self) -> tuple[OwnedContainer, ...]:
        """List by the cluster's label."""
        self.engine_state.check()
        now = time.time()
        return tuple(
            _row(container, now)
            for container in self.engine_state.containers.values()
            if container.labels.get(LABEL_CLUSTER_UID) == self._cluster_uid
        )

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
            memory_bytes=2**30,
        )

    async def aclose(self) -> None:
        """Close nothing: the containers are the process's."""

    def _find(self, name: str) -> Container | None:
        self.engine_state.check()
        return self.engine_state.containers.get(name)


def _row(container: Container, now: float) -> OwnedContainer:
    state = container.state(now)
    ended = state is RunState.EXITED
    return OwnedContainer(
        name=container.name,
        job_uid=container.labels.get(LABEL_JOB_UID, ""),
        namespace=container.labels.get(LABEL_NAMESPACE, ""),
        job_name=container.labels.get(LABEL_NAME, ""),
        state=state,
        created_at=datetime.fromtimestamp(container.created_at, UTC),
        finished_at=datetime.fromtimestamp(container.ends_at, UTC) if ended else None,
    )
