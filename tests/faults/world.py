"""A world in virtual time: an API server, engines and operators that come and go, and the truth about them."""

import asyncio
from collections import Counter
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from tests.fakes.fake_kube import FakeKube
from tests.fakes.operator_rig import OperatorRig
from tests.fakes.troubles import Do, Trouble
from tests.fakes.virtual_time import VirtualLoop

from containerjob_api.phases import TERMINAL
from containerjob_operator.errors import HostUnavailable, KubeUnavailable
from containerjob_operator.executors.fake.engine import _ENGINES, Container, FakeEngine
from containerjob_operator.executors.fake.programs import Program

Answer = TypeVar("Answer")
BEGIN = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
RESYNC_SECONDS = 30.0
GRACE_SECONDS = 2.0


class Weather(Trouble):
    """Loses some of the next answers, and all of the API server's while it is away."""

    def __init__(self) -> None:
        self.kube_away = False
        self.losses: list[tuple[bool, bool]] = []
        """For each of the next effects: whether it takes place, and whether its answer gets through."""

    async def around(self, what: str, do: Do[Answer]) -> Answer:
        """Carry out, or lose."""
        error = KubeUnavailable if " " in what else HostUnavailable
        if self.kube_away and error is KubeUnavailable:
            raise error("no answer")
        happens, answered = self.losses.pop(0) if self.losses else (True, True)
        if not happens:
            raise error("never arrived")
        answer = await do()
        if not answered:
            raise error("the answer was lost")
        return answer


class RecordingEngine(FakeEngine):
    """Remembers every container there ever was, and how often each was executed."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.executions: Counter[str] = Counter()
        self.history: dict[str, list[Container]] = {}

    def create(self, name: str, image: str, labels: Any, program: Program) -> Container:
        """Add a container, and remember it."""
        made = super().create(name, image, labels, program)
        self.history.setdefault(name, []).append(made)
        return made

    def start(self, container: Container) -> None:
        """Start, and count."""
        before = self.starts
        super().start(container)
        self.executions[container.name] += self.starts - before


@dataclass
class FaultyWorld:
    """Everything, with the truth about it."""

    loop: VirtualLoop = field(default_factory=VirtualLoop)
    kube: FakeKube = field(default_factory=FakeKube)
    weather: Weather = field(default_factory=Weather)
    engines: list[RecordingEngine] = field(default_factory=list)
    numbers: int = 0
    running: AsyncExitStack | None = None
    rig: OperatorRig | None = None
    step_back: timedelta = timedelta(0)

    def now(self) -> datetime:
        """Return the time of day here."""
        return BEGIN + timedelta(seconds=self.loop.time()) - self.step_back

    def do(self, what: Any) -> Any:
        """Run something to its end."""
        return self.loop.run_until_complete(what)

    def build(self, engines: dict[str, RecordingEngine], **host: Any) -> None:
        """Set up the hosts and start the operator."""
        self.kube.fake.clock = self.now
        self.kube.fake.trouble = self.weather
        for name, engine in engines.items():
            engine.clock = lambda: self.now().timestamp()
            self.engines.append(engine)
            self.kube.create_host(name, f"fake://{engine.name}", **host)
        self.start()

    def start(self, *, lagging: bool = False) -> None:
        """Start an operator."""
        self.kube.fake.lagging = lagging
        self.do(self._start())

    async def _start(self) -> None:
        self.rig = OperatorRig(
            self.kube, trouble=self.weather, clock=self.now, termination_grace_seconds=GRACE_SECONDS
        )
        self.running = AsyncExitStack()
        await self.running.enter_async_context(self.rig.working(tend_every=RESYNC_SECONDS))

    def crash(self) -> None:
        """End the operator wherever it is."""
        if self.running is not None:
            self.do(self.running.aclose())
        self.running = self.rig = None
        self.kube.fake.lagging = False

    def pass_time(self, seconds: float) -> None:
        """Let time pass."""
        self.do(asyncio.sleep(seconds))

    def submit(self, **spec: Any) -> str:
        """Create a job and return its name."""
        self.numbers += 1
        name = f"job-{self.numbers}"
        self.kube.create_job(name, **spec)
        return name

    def jobs(self) -> dict[str, dict[str, Any]]:
        """Return all stored jobs by name."""
        return {name: body for (kind, _, name), body in self.kube.fake.objects.items() if kind == "ContainerJob"}

    def unfinished(self) -> list[str]:
        """Return the names of all stored jobs that are not over."""
        return [name for name, body in self.jobs().items() if body["status"]["phase"] not in TERMINAL]

    def containers(self, *, running: bool = False) -> list[tuple[RecordingEngine, Container]]:
        """Return what is on the engines."""
        found = [(engine, container) for engine in self.engines for container in engine.containers.values()]
        return [(e, c) for e, c in found if not running or c.state(e.clock()) == "running"]

    def made(self, name: str) -> list[Container]:
        """Return every container there ever was of this name."""
        return [container for engine in self.engines for container in engine.history.get(name, ())]

    def heal(self) -> None:
        """End every trouble, and let everything that can go on come to its end."""
        self.weather.kube_away = False
        self.weather.losses.clear()
        for engine in self.engines:
            engine.come_back()
            engine.drop_events(dropping=False)
        if self.rig is None:
            self.start()

    def close(self) -> None:
        """Let go of everything."""
        try:
            self.crash()
        finally:
            tasks = asyncio.all_tasks(self.loop)
            for task in tasks:
                task.cancel()
            self.do(asyncio.gather(*tasks, return_exceptions=True) if tasks else asyncio.sleep(0))
            self.do(self.loop.shutdown_asyncgens())
            self.loop.close()


def recording_engine(name: str) -> RecordingEngine:
    """Return an engine under this name that the operator's executors find too."""
    engine = RecordingEngine(name)
    _ENGINES[name] = engine
    return engine
