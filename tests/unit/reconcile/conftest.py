"""One host with a fake engine, an API server in memory, and an operator that is driven by hand."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
from tests.fakes.fake_kube import FakeKube
from tests.fakes.operator_rig import OperatorRig, new_engine
from tests.fakes.troubles import Planned

from containerjob_operator.executors.fake.engine import FakeEngine


@dataclass
class Desk:
    """Everything a test of the reconcile layer touches."""

    kube: FakeKube
    engine: FakeEngine
    endpoint: str
    trouble: Planned
    rig: OperatorRig

    async def restart(self, **settings: Any) -> OperatorRig:
        """Replace the operator by a new process with these settings."""
        await self.rig.close()
        self.rig = OperatorRig(self.kube, trouble=self.trouble, **settings)
        return self.rig

    def phase(self, name: str = "hello") -> str:
        return str(self.kube.status(name).get("phase", ""))

    def reason(self, name: str = "hello") -> str:
        return str(self.kube.condition("Ready", name).get("reason", ""))

    def container(self, name: str = "hello") -> str:
        """Return the name of the job's first container."""
        return f"cj-{self.kube.job(name)['metadata']['uid']}-0"


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    """A desk whose operator has not started yet."""
    engine, endpoint = new_engine()
    kube, trouble = FakeKube(), Planned()
    kube.fake.trouble = trouble
    kube.create_host("h1", endpoint)
    made = Desk(kube, engine, endpoint, trouble, OperatorRig(kube, trouble=trouble))
    yield made
    await made.rig.close()
