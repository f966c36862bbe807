"""The fake engine: containers whose state follows from the time, and faults on demand."""

import asyncio
import contextlib
import itertools
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from containerjob_api.names import LABEL_CLUSTER_UID, LABEL_JOB_UID
from containerjob_operator.decide.observations import Observation, RunEvent, RunState
from containerjob_operator.errors import HostUnavailable
from containerjob_operator.executors.fake.programs import Output, Program

QUEUE_LIMIT: Final = 1024
"""Events kept for a reader that does not read; more are dropped, as engines do."""
KILLED: Final = 137
CLOCK_SECONDS: Final = 0.001
"""By which the loop's clock, which ends a container, may be before the wall's, which says what it has printed."""
_IDS: Final = itertools.count(1)


@dataclass(slots=True)
class Container:
    """One container; times are seconds since the epoch."""

    id: str
    name: str
    image: str
    labels: Mapping[str, str]
    program: Program
    created_at: float
    started_at: float | None = None
    ends_at: float = 0.0
    exit_code: int | None = None
    error: str = ""
    oom_killed: bool = False
    disrupted: bool = False
    timer: asyncio.TimerHandle | None = None
    watchers: list[asyncio.Event] = field(default_factory=list)
    """Set when the container ends or goes, or the engine's streams break."""

    def state(self, now: float) -> RunState:
        """Return the state at this time."""
        if self.started_at is None:
            return RunState.CREATED
        return RunState.RUNNING if now < self.ends_at else RunState.EXITED

    def observe(self, now: float) -> Observation:
        """Describe the container as `inspect` does."""
        state = self.state(now)
        return Observation(
            state=state,
            container_id=self.id,
            image_id=f"sha256:{self.image}",
            exit_code=None if state is RunState.RUNNING else self.exit_code,
            oom_killed=self.oom_killed,
            error=self.error,
            started_at=_moment(self.started_at),
            finished_at=_moment(self.ends_at) if state is RunState.EXITED else None,
            disrupted=self.disrupted,
        )

    def outputs(self, now: float) -> list[Output]:
        """Return what it has written so far."""
        if self.started_at is None:
            return []
        elapsed = min(now, self.ends_at) - self.started_at + CLOCK_SECONDS
        return [output for output in self.program.outputs if output.at <= elapsed]

    def next_at(self, now: float) -> float:
        """Return when it writes next, or ends."""
        started_at = self.started_at or 0.0
        coming = (started_at + output.at for output in self.program.outputs)
        return min((at for at in coming if at > now), default=self.ends_at)

    @contextlib.contextmanager
    def watching(self) -> Iterator[asyncio.Event]:
        """Give an event that is set when the container changes."""
        changed = asyncio.Event()
        self.watchers.append(changed)
        try:
            yield changed
        finally:
            self.watchers.remove(changed)

    def wake(self) -> None:
        """Have every watcher look again."""
        for changed in self.watchers:
            changed.set()


class Subscription:
    """One reader of events, and whose containers it hears of."""

    def __init__(self, cluster_uid: str) -> None:
        self.cluster_uid: Final = cluster_uid
        self.queue: Final[asyncio.Queue[RunEvent | None]] = asyncio.Queue(QUEUE_LIMIT)

    def put(self, event: RunEvent) -> None:
        """Deliver, or drop where the reader is too slow."""
        if not self.queue.full():
            self.queue.put_nowait(event)

    def end(self) -> None:
        """Break the stream; what was not read yet is lost."""
        while not self.queue.empty():
            self.queue.get_nowait()
        self.queue.put_nowait(None)


class FakeEngine:
    """A name and its containers; two executors with the same endpoint see the same ones."""

    def __init__(self, name: str) -> None:
        self.name: Final = name
        self.clock: Callable[[], float] = time.time
        """Seconds since the epoch."""
        self.containers: Final[dict[str, Container]] = {}
        self.subscriptions: Final[set[Subscription]] = set()
        self.starts = 0
        """Executions that ever began here."""
        self.breaks = 0
        """How often its streams broke."""
        self._reachable = True
        self._telling = True

    def go_away(self) -> None:
        """Stop answering, as behind a dead network: what runs goes on running."""
        self._reachable = False
        self._break_streams()

    def come_back(self) -> None:
        """Answer again."""
        self._reachable = True

    def restart(self, *, live_restore: bool = False) -> None:
        """Restart the engine, or its machine: streams break, and what ran has ended unless the engine restores it."""
        self._break_streams()
        if live_restore:
            return
        now = self.clock()
        for container in self.containers.values():
            if container.state(now) is RunState.RUNNING:
                # A real one writes 255 there; that is no exit code of the container's.
                container.exit_code, container.disrupted, container.ends_at = None, True, now
                _stop_timer(container)

    def run_out_of_memory(self, container: Container, *, first_process: bool = True) -> None:
        """Have the kernel kill for memory: the container's first process, which ends it, or one of its children."""
        if container.state(self.clock()) is not RunState.RUNNING:
            return
        self._tell("oom", container)
        if first_process:
            container.oom_killed = True
            self.end(container, KILLED)

    def drop_events(self, *, dropping: bool = True) -> None:
        """Lose every event from now on, streams staying up."""
        self._telling = not dropping

    def check(self) -> None:
        """Raise HostUnavailable while the engine is away."""
        if not self._reachable:
            raise HostUnavailable(f"fake://{self.name} does not answer")

    def create(self, name: str, image: str, labels: Mapping[str, str], program: Program) -> Container:
        """Add a container; the caller has made sure that the name is free."""
        number = next(_IDS)
        container = Container(f"{number:064x}", name, image, labels, program, created_at=self.clock())
        self.containers[name] = container
        return container

    def start(self, container: Container) -> None:
        """Run what is in state created."""
        if container.program.start_failure is not None:
            container.exit_code, container.error = container.program.start_failure
            return
        self.starts += 1
        container.started_at = self.clock()
        container.exit_code = container.program.exit_code
        self._end_at(container, container.started_at + container.program.seconds)
        self._tell("start", container)

    def end(self, container: Container, exit_code: int) -> None:
        """End what runs, now."""
        if container.state(self.clock()) is RunState.RUNNING:
            container.exit_code = exit_code
            self._end_at(container, self.clock())

    def remove(self, name: str) -> None:
        """Drop the container, running or not."""
        container = self.containers.pop(name, None)
        if container is None:
            return
        _stop_timer(container)
        container.wake()
        if container.state(self.clock()) is RunState.RUNNING:
            self._died(container)
        self._tell("destroy", container)

    def _end_at(self, container: Container, moment: float) -> None:
        container.ends_at = moment
        _stop_timer(container)
        # One entry in the loop's own heap instead of a task for each container.
        delay = max(0.0, moment - self.clock())
        container.timer = asyncio.get_running_loop().call_later(delay, self._died, container)

    def _died(self, container: Container) -> None:
        # The loop's clock and the wall's differ: once told, it has ended.
        container.ends_at = min(container.ends_at, self.clock())
        container.timer = None
        container.wake()
        self._tell("die", container)

    def _break_streams(self) -> None:
        self.breaks += 1
        for container in self.containers.values():
            container.wake()
        for subscription in self.subscriptions:
            subscription.end()

    def _tell(self, kind: str, container: Container) -> None:
        if not self._telling or not self._reachable:
            return
        event = RunEvent(kind, container.labels.get(LABEL_JOB_UID, ""), container.name)
        for subscription in self.subscriptions:
            if subscription.cluster_uid == container.labels.get(LABEL_CLUSTER_UID):
                subscription.put(event)


_ENGINES: Final[dict[str, FakeEngine]] = {}


def engine_named(name: str) -> FakeEngine:
    """Return the one engine of this name in this process."""
    if name not in _ENGINES:
        _ENGINES[name] = FakeEngine(name)
    return _ENGINES[name]


def _stop_timer(container: Container) -> None:
    if container.timer is not None:
        container.timer.cancel()
        container.timer = None


def _moment(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
