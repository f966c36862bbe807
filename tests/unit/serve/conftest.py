"""An operator's whole life over an API server in memory; kopf alone is stood in for: it brings its own client."""

import asyncio
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from kopf._core.intents.causes import Activity
from tests.fakes.fake_kube import FakeKube
from tests.fakes.operator_rig import until
from tests.fakes.troubles import Planned

from containerjob_api.names import OPERATOR_NAME, OPERATOR_NAMESPACE
from containerjob_operator.kube.client import Kube
from containerjob_operator.kube.resources import CRD, LEASE
from containerjob_operator.serve import serve
from containerjob_operator.settings import Settings

ROOT = Path(__file__).parents[3]
SETTINGS = Settings(identity="me", allow_fake_hosts=True, lease_seconds=2, shutdown_timeout=5)


class Kopf:
    """Waits until told to stop, then lets our work end, as kopf does."""

    def __init__(self) -> None:
        self.started = asyncio.Event()
        self.end = asyncio.Event()
        self.options: dict[str, Any] = {}
        self.taken: list[signal.Signals] = []

    async def spawn_tasks(self, *, registry: Any, stop_flag: asyncio.Event, **options: Any) -> list[Any]:
        """Stand in for kopf.spawn_tasks."""
        self.options = options
        for number in (signal.SIGTERM, signal.SIGINT):  # as kopf does
            asyncio.get_running_loop().add_signal_handler(number, self.taken.append, number)
        return [registry, stop_flag]

    async def run_tasks(self, tasks: list[Any], ignored: set[Any]) -> None:
        """Stand in for kopf.run_tasks."""
        registry, stop_flag = tasks
        assert asyncio.current_task() in ignored
        handlers = {handler.activity: handler.fn for handler in registry._activities._handlers}
        self.started.set()
        waits = [asyncio.ensure_future(flag.wait()) for flag in (stop_flag, self.end)]
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            wait.cancel()
        await handlers[Activity.CLEANUP]()


class Life:
    """One operator, as a task."""

    def __init__(self, kube: FakeKube, kopf: Kopf) -> None:
        self.kube = kube
        self.kopf = kopf
        self._task: asyncio.Task[None] | None = None

    def begin(self, settings: Settings = SETTINGS, **options: Any) -> None:
        """Start it."""
        self._task = asyncio.create_task(serve(settings.model_copy(update=options)))

    @property
    def over(self) -> bool:
        """Say whether it has ended."""
        return self._task is not None and self._task.done()

    async def works(self) -> None:
        """Wait until it leads and kopf runs."""
        await until(self.kopf.started.is_set, "it works")

    async def ends(self) -> None:
        """Wait for its end; raises what it raised."""
        assert self._task is not None
        await asyncio.wait_for(self._task, 20)

    @property
    def lease(self) -> dict[str, Any]:
        """The Lease, as it is stored; empty where there is none."""
        body = self.kube.fake.objects.get(("Lease", OPERATOR_NAMESPACE, OPERATOR_NAME), {})
        spec: dict[str, Any] = body.get("spec", {})
        return spec

    def occupy(self, holder: str = "other") -> None:
        """Let somebody else hold the Lease for a while."""
        held = {"holderIdentity": holder, "leaseDurationSeconds": 2, "renewTime": "2026-01-01T00:00:00.000000Z"}
        metadata = {"name": OPERATOR_NAME, "namespace": OPERATOR_NAMESPACE}
        self.kube.fake.put(LEASE, {"metadata": metadata, "spec": held})

    async def close(self) -> None:
        """End it, whatever it does."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)


@pytest.fixture
def kube(monkeypatch: pytest.MonkeyPatch) -> FakeKube:
    made = FakeKube()
    made.fake.trouble = Planned()
    for path in sorted((ROOT / "crds").glob("*.yaml")):
        made.fake.put(CRD, yaml.safe_load(path.read_text()))
    monkeypatch.setattr(Kube, "connect", lambda _kubeconfig: made)
    return made


@pytest.fixture
async def kopf(monkeypatch: pytest.MonkeyPatch) -> Kopf:
    made = Kopf()
    monkeypatch.setattr("kopf.spawn_tasks", made.spawn_tasks)
    monkeypatch.setattr("kopf.run_tasks", made.run_tasks)
    return made


@pytest.fixture
async def life(kube: FakeKube, kopf: Kopf) -> AsyncIterator[Life]:
    made = Life(kube, kopf)
    yield made
    await made.close()
