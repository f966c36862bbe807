"""The operator's client against a real API server, always with the operator's own permissions."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from uuid import uuid4

import kubernetes.client
import kubernetes.config
import pytest
from tests.conftest import TestPlane
from tests.kube.oracle import Oracle

from containerjob_api.names import OPERATOR_NAME, OPERATOR_NAMESPACE
from containerjob_operator.kube.client import Kube


@pytest.fixture(scope="session")
def oracle(installed: TestPlane) -> Iterator[Oracle]:
    """The official client, as the administrator."""
    with kubernetes.config.new_client_from_config(str(installed.kubeconfig)) as client:
        yield Oracle(client)


@pytest.fixture(scope="session")
def operator_kubeconfig(installed: TestPlane, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A kubeconfig of the operator's ServiceAccount."""
    path = tmp_path_factory.mktemp("operator") / "kubeconfig"
    return installed.plane.service_account_kubeconfig(OPERATOR_NAMESPACE, OPERATOR_NAME, path)


@pytest.fixture
async def kube(operator_kubeconfig: Path) -> AsyncIterator[Kube]:
    """What the operator has."""
    async with Kube.connect(operator_kubeconfig) as kube:
        yield kube


@pytest.fixture
def namespace(oracle: Oracle) -> Iterator[str]:
    """A namespace of the test's own, whose jobs go with it."""
    name = f"t-{uuid4().hex[:10]}"
    oracle.create_namespace(name, {"made-for": "a-test"})
    yield name
    oracle.delete_jobs(name)
