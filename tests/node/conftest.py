"""The chart on a real node: the built image as pods, which run jobs on an engine beside them.

Node and engine are the session's own, unless variables name a cluster that is there (lent_cluster.py).
"""

import contextlib
import itertools
import os
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest
from tests.chart.conftest import CHART, Helm
from tests.conftest import IMAGE as JOBS_IMAGE
from tests.conftest import TestPlane, report
from tests.e2e.conftest import Jobs, fresh_namespace, ready_host
from tests.node.cluster import AUDIT_POLICY as POLICY
from tests.node.cluster import Cluster, chart_name, package, values_for
from tests.node.lent_cluster import ENGINE, IMAGE, KUBECONFIG, Loan
from tools.image.making import Order, make

from containerjob_local import flags
from containerjob_local.binaries.cache import cache_folder
from containerjob_local.binaries.ladder import find_programs
from containerjob_local.binaries.releases import HELM, HELM3
from containerjob_local.engine import Engine, ensure_image
from containerjob_local.engine.answers import ask
from containerjob_local.environment import Component, Environment, Options, down, up
from containerjob_local.node import import_archive

ROOT = Path(__file__).parents[2]
OF_THE_AUDIT_LOG = "test_the_accounts_used_what_they_are_granted_and_asked_for_nothing_else"
"""Only a control plane of our own lets us read which requests were made."""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Let whichever test comes first wait for programs and an image that are made from nothing."""
    if os.environ.get(KUBECONFIG):
        config.hook.pytest_deselected(items=[item for item in items if item.name == OF_THE_AUDIT_LOG])
        items[:] = [item for item in items if item.name != OF_THE_AUDIT_LOG]
    for item in items:
        if item.path.is_relative_to(ROOT / "tests" / "node"):
            item.add_marker(pytest.mark.real)
            item.add_marker(pytest.mark.timeout(1800))


@pytest.fixture(scope="session")
def helm4(tmp_path_factory: pytest.TempPathFactory) -> Helm:
    """The newer Helm."""
    return Helm(find_programs(HELM, os.environ, report)["helm"], tmp_path_factory.mktemp("helm4"))


@pytest.fixture(scope="session")
def helm3(tmp_path_factory: pytest.TempPathFactory) -> Helm:
    """The one that many still have."""
    return Helm(find_programs(HELM3, os.environ, report)["helm3"], tmp_path_factory.mktemp("helm3"))


@pytest.fixture(scope="session")
def engine(request: pytest.FixtureRequest) -> Engine:
    """The engine that jobs run on: one of the session's own, unless another one is lent."""
    endpoint = os.environ.get(ENGINE)
    if not endpoint:
        own: Engine = request.getfixturevalue("engine")
        return own
    ensure_image(endpoint, JOBS_IMAGE, report)
    return ask(endpoint)


@pytest.fixture(scope="session")
def cluster(
    engine: Engine, helm4: Helm, short_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Cluster]:
    """A cluster whose node has the operator's image, and nothing else of ours."""
    values, folder = values_for(engine), tmp_path_factory.mktemp("cluster")
    kubeconfig = os.environ.get(KUBECONFIG)
    if not kubeconfig:
        with own_node(short_folder / "node", engine) as environment:
            yield Cluster(environment, folder, values)
        return
    loan = Loan(Path(kubeconfig), os.environ.get(IMAGE) or Order(ROOT).image, engine)
    with loan.taken(folder / "lent", helm4) as environment:
        yield Cluster(environment, folder, values | loan.values())


@contextlib.contextmanager
def own_node(folder: Path, engine: Engine) -> Iterator[Environment]:
    """Bring up a plane with a node, whose audit log tells what accounts ask for, and load the image."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(flags, "AUDIT_POLICY", POLICY)
        environment = up(Options(folder, components=frozenset({Component.PLANE}), node=True), report)
    try:
        built = make(Order(ROOT), engine.endpoint, cache_folder(os.environ) / "image", report)
        import_archive(folder, built.archive)
        yield environment
    finally:
        down(folder, report)


@pytest.fixture(scope="session")
def packaged(helm4: Helm, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The chart, as a release has it."""
    return package(helm4, CHART, tmp_path_factory.mktemp("packaged"))


@pytest.fixture(scope="module")
def installed(cluster: Cluster, helm4: Helm, packaged: Path) -> TestPlane:
    """The cluster with the operator in it, installed by Helm 4 unless it is there still."""
    if cluster.released(helm4) != chart_name():
        cluster.bring(helm4, "install", packaged)
    return cluster.plane


@pytest.fixture(scope="session")
def oracle(engine: Engine) -> Iterator[docker.DockerClient]:
    """The engine through Docker's own client library."""
    client = docker.DockerClient(base_url=engine.endpoint, timeout=120)
    yield client
    client.close()


@pytest.fixture(scope="module")
def host(installed: TestPlane, engine: Engine) -> str:
    """A DockerHost for the session's engine, with room for everybody."""
    return ready_host(installed, engine)


@pytest.fixture(scope="session")
def _namespaces() -> Iterator[int]:
    return itertools.count()


@pytest.fixture
def jobs(installed: TestPlane, host: str, oracle: docker.DockerClient, _namespaces: Iterator[int]) -> Iterator[Jobs]:
    """A fresh namespace on a cluster with a ready host."""
    with fresh_namespace(installed, f"team-{next(_namespaces)}", oracle) as made:
        yield made
