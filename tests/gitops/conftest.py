"""The operator on a plane of its own for each file of tests, with a real engine as its host."""

import itertools
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest
from tests.conftest import TestPlane, running_plane
from tests.e2e.conftest import OPTIONS, Jobs, Operator, fresh_namespace, ready_host

from containerjob_api.names import OPERATOR_NAME, OPERATOR_NAMESPACE
from containerjob_local.engine import Engine
from containerjob_local.operator_process import apply_api


@pytest.fixture(scope="module")
def cluster(short_folder: Path, request: pytest.FixtureRequest) -> Iterator[TestPlane]:
    """A control plane with our CRDs and the operator's permissions, and nothing else on it."""
    with running_plane(short_folder / request.module.__name__.rpartition("_")[2]) as running:
        apply_api(running.plane)
        yield running


@pytest.fixture(scope="module")
def oracle(engine: Engine) -> Iterator[docker.DockerClient]:
    """The engine through Docker's own client library."""
    client = docker.DockerClient(base_url=engine.endpoint)
    yield client
    client.close()


@pytest.fixture(scope="module")
def host(cluster: TestPlane, engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A ready DockerHost, looked after by the operator."""
    folder = tmp_path_factory.mktemp("operator")
    kubeconfig = cluster.plane.service_account_kubeconfig(OPERATOR_NAMESPACE, OPERATOR_NAME, folder / "kubeconfig")
    operator = Operator(kubeconfig, folder / "operator.log", options=OPTIONS)
    operator.start()
    try:
        yield ready_host(cluster, engine)
    finally:
        assert operator.end() == 0


@pytest.fixture(scope="module")
def _namespaces() -> Iterator[int]:
    return itertools.count()


@pytest.fixture
def jobs(cluster: TestPlane, host: str, oracle: docker.DockerClient, _namespaces: Iterator[int]) -> Iterator[Jobs]:
    """A fresh namespace on a cluster with a ready host."""
    with fresh_namespace(cluster, f"gitops-{next(_namespaces)}", oracle) as made:
        yield made
