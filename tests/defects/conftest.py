"""What went wrong in django-container-manager, which came before this project: every defect is a test by its number.

Not applicable yet, since what they are about does not exist here yet:

- D5 (memory and CPU read after the exit, hence 0; a peak above 2 GiB overflows): usage is not recorded yet.
- D6 (TLS switched on without CA, certificate and key; no SSH): hosts are unix sockets so far.
- D3 and D15, their Cloud Run halves (unordered logs, CANCELLED not detected, a timeout cut to an hour): there is no
  CloudRunHost yet. What they have in common with Docker is tested here: a memory lost with the process, and a command
  split at spaces.
- D7, its half about volumes, networks, registry credentials, users and privileges: the schema has no such fields yet,
  and a field that is accepted is honoured.
- D18, its half about images that are never pulled again: there is no imagePullPolicy yet.
"""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any

import docker
import pytest
from tests.fakes.fake_kube import FakeKube
from tests.fakes.operator_rig import OperatorRig, new_engine
from tests.fakes.troubles import NO_TROUBLE, Planned, Trouble

from containerjob_api.hostparts import AnyHost
from containerjob_api.names import LABEL_JOB_UID
from containerjob_local.engine import Engine
from containerjob_operator.executors.base import Executor
from containerjob_operator.executors.fake.engine import FakeEngine

ONCE = {"backoffLimit": 0}
"""What is not about retries is tried once."""


@dataclass
class Stage:
    """Jobs, an API server in memory that has them, and operators on demand."""

    kube: FakeKube

    def operator(self, trouble: Trouble = NO_TROUBLE, **settings: Any) -> OperatorRig:
        """Make an operator process; another one takes over from it."""
        self.kube.fake.trouble = trouble
        return OperatorRig(self.kube, trouble=trouble, **settings)

    def end(self, name: str = "hello") -> tuple[str, int | None]:
        """Return phase and exit code."""
        status = self.kube.status(name)
        return str(status.get("phase", "")), status.get("exitCode")

    def finished(self, name: str = "hello") -> bool:
        """Say whether the job's end is written down."""
        return bool(self.kube.status(name).get("finished"))

    def attempt(self, name: str = "hello") -> dict[str, Any]:
        """Return the newest attempt's record."""
        return dict(self.kube.status(name)["attempts"][-1])


@dataclass
class FakeStage(Stage):
    """A stage with one fake host, h1."""

    engine: FakeEngine
    endpoint: str


class EngineRig(OperatorRig):
    """An operator whose event streams are the real executor's own, so that they end with it."""

    def _make_executor(self, host: AnyHost) -> Executor:
        super()._make_executor(host)
        self.executor.events = self.executor.real.events  # type: ignore[method-assign]
        return self.executor


@dataclass
class RealStage(Stage):
    """A stage whose one host is a real engine."""

    oracle: docker.DockerClient

    def operator(self, trouble: Trouble = NO_TROUBLE, **settings: Any) -> OperatorRig:
        """Make an operator process; another one takes over from it."""
        self.kube.fake.trouble = trouble
        return EngineRig(self.kube, trouble=trouble, **settings)

    def containers(self, name: str = "hello") -> list[Any]:
        """Ask the engine itself for a job's containers."""
        uid = self.kube.job(name)["metadata"]["uid"]
        return list(self.oracle.containers.list(all=True, filters={"label": f"{LABEL_JOB_UID}={uid}"}))


@pytest.fixture
def trouble() -> Planned:
    """Faults to come."""
    return Planned()


@pytest.fixture
def stage() -> FakeStage:
    """No engine, no waiting."""
    engine, endpoint = new_engine()
    kube = FakeKube()
    kube.create_host("h1", endpoint)
    return FakeStage(kube, engine, endpoint)


@pytest.fixture(scope="session")
def oracle(engine: Engine) -> Iterator[docker.DockerClient]:
    """Docker's own client: what it says of a container is true, whatever our code says."""
    client = docker.DockerClient(base_url=engine.endpoint)
    yield client
    client.close()


@pytest.fixture
async def real(engine: Engine, oracle: docker.DockerClient) -> AsyncIterator[RealStage]:
    """A real engine; the containers of the test's jobs are removed."""
    kube = FakeKube()
    kube.create_host("h1", engine.endpoint)
    stage = RealStage(kube, oracle)
    yield stage
    names = [name for kind, _, name in kube.fake.objects if kind == "ContainerJob"]
    for container in (found for name in names for found in stage.containers(name)):
        container.remove(force=True)
