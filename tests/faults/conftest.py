"""A control plane of the faults' own, proxies around each operator, and stages to play on."""

import contextlib
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path

import docker
import kubernetes.config
import pytest
from kubernetes.client import ApiClient, CoreV1Api, CustomObjectsApi
from tests.conftest import TestPlane, running_plane
from tests.fakes.engine_proxy import EngineFaults
from tests.fakes.fault_proxy import ProxyThread
from tests.fakes.fault_script import NotPlayedError
from tests.fakes.kube_proxy import KubeProxy
from tests.faults.beside import NAIVE, OF_THE_DAEMON, OURS, Beside, Fault, NaiveRun
from tests.faults.daemons import Daemon, daemon_in
from tests.faults.stage import START, Stage
from tests.faults.subjects import naive_operator, our_operator

from containerjob_api.names import API_VERSION, DOCKERHOSTS, GROUP, OPERATOR_NAME, OPERATOR_NAMESPACE, VERSION
from containerjob_local.engine import Engine
from containerjob_local.operator_process import apply_api
from containerjob_local.pki import Pki

ADMIN = "naive-operator"
AT_ONCE = 6
"""Naive operators: they take turns, since a start takes a second of CPU."""
LOG_SHOWN = 6000
"""Characters of the operator's log, kept for failures."""
STARTS_WITHIN = 60.0
"""Seconds, with a dozen others starting on the same machine."""
NAIVE_PATIENCE = 30.0
"""Seconds that are waited for what most often never comes."""


@dataclass
class Theatre:
    """What all stages share."""

    plane: TestPlane
    client: ApiClient
    thread: ProxyThread
    folder: Path
    names: Iterator[int] = field(default_factory=count)

    def namespace(self, prefix: str) -> str:
        """Make a namespace."""
        name = f"{prefix}-{next(self.names)}"
        CoreV1Api(self.client).create_namespace({"metadata": {"name": name}})
        return name

    def kube_proxy(self) -> KubeProxy:
        """Make a proxy of the API server."""
        authority = Pki(self.plane.plane.state.pki).pair("ca").certificate
        return KubeProxy(self.thread, self.plane.plane.server, authority)

    def engine_proxy(self, engine: Engine) -> EngineFaults:
        """Make a proxy of an engine."""
        return EngineFaults(self.thread, self.folder / f"{next(self.names)}.sock", engine.endpoint)

    def apply_host(self, name: str, endpoint: str) -> None:
        """Register an engine for everybody."""
        spec = {"endpoint": endpoint, "allowedNamespaces": {"from": "All"}, "maxConcurrentJobs": 64}
        body = {"apiVersion": API_VERSION, "kind": "DockerHost", "metadata": {"name": name}, "spec": spec}
        CustomObjectsApi(self.client).create_cluster_custom_object(GROUP, VERSION, DOCKERHOSTS, body)


@contextlib.contextmanager
def open_theatre(folder: Path) -> Iterator[Theatre]:
    """Bring up a control plane with our API, and an account for operators that bring no permissions of their own."""
    folder.mkdir()
    thread = ProxyThread()
    with running_plane(folder / "plane") as running:
        apply_api(running.plane)
        running.kubectl("create", "serviceaccount", ADMIN)
        running.kubectl(
            "create", "clusterrolebinding", ADMIN, "--clusterrole=cluster-admin", f"--serviceaccount=default:{ADMIN}"
        )
        with kubernetes.config.new_client_from_config(str(running.kubeconfig)) as client:
            yield Theatre(running, client, thread, folder)
    thread.end()


@pytest.fixture(scope="session")
def theatre(short_folder: Path) -> Iterator[Theatre]:
    """Where our operator is played with."""
    with open_theatre(short_folder / "f") as theatre:
        yield theatre


@pytest.fixture(scope="session")
def naive_theatre(short_folder: Path) -> Iterator[Theatre]:
    """Where the naive operator is; ours looks after every namespace, so they cannot share a cluster."""
    with open_theatre(short_folder / "n") as theatre:
        yield theatre


@pytest.fixture(scope="session")
def truth(engine: Engine) -> Iterator[docker.DockerClient]:
    """The engine itself, past every proxy."""
    client = docker.DockerClient(base_url=engine.endpoint)
    yield client
    client.close()


@contextlib.contextmanager
def serving(*proxies: KubeProxy | EngineFaults) -> Iterator[None]:
    """Have proxies serve until the block ends."""
    with contextlib.ExitStack() as closing:
        for proxy in proxies:
            proxy.start()
            closing.callback(proxy.stop)
        yield


@pytest.fixture(scope="session")
def our_stage(theatre: Theatre, engine: Engine, truth: docker.DockerClient) -> Iterator[Stage]:
    """Our operator under its own account, between its proxies, with one host."""
    kube, engine_proxy = theatre.kube_proxy(), theatre.engine_proxy(engine)
    with serving(kube, engine_proxy):
        real = theatre.plane.plane.service_account_kubeconfig(
            OPERATOR_NAMESPACE, OPERATOR_NAME, theatre.folder / "real"
        )
        kubeconfig = kube.kubeconfig(real, theatre.folder / "ours")
        theatre.apply_host("local", engine_proxy.endpoint)
        subject = our_operator(kubeconfig, theatre.folder / "ours.log")
        placement = {"placement": {"hostRef": {"name": "local"}}}
        try:
            yield Stage("", CustomObjectsApi(theatre.client), subject, kube, engine_proxy, truth, placement=placement)
        finally:
            subject.kill()


@pytest.fixture
def stage(our_stage: Stage, theatre: Theatre) -> Iterator[Stage]:
    """Our operator, up and undisturbed, and a fresh namespace."""
    yield from _one_fault(our_stage, theatre)


@pytest.fixture(scope="session")
def beside(our_stage: Stage, theatre: Theatre, engine: Engine) -> Iterator[Beside]:
    """Faults of one job or one engine each, all played; every one has a host of its own."""

    @contextlib.contextmanager
    def open_stage(fault: Fault) -> Iterator[Stage]:
        with contextlib.ExitStack() as parts:
            number = next(theatre.names)
            daemon = parts.enter_context(daemon_in(theatre.folder / f"d{number}")) if fault in OF_THE_DAEMON else None
            there = engine if daemon is None else daemon.engine
            proxy = theatre.engine_proxy(there)
            parts.enter_context(serving(proxy))
            client = parts.enter_context(contextlib.closing(docker.DockerClient(base_url=there.endpoint)))
            theatre.apply_host(f"host-{number}", proxy.endpoint)
            parts.callback(theatre.plane.kubectl, "delete", "dhost", f"host-{number}", "--wait=false")
            placement = {"placement": {"hostRef": {"name": f"host-{number}"}}}
            stage = replace(our_stage, engine=proxy, docker=client, daemon=daemon, placement=placement)
            yield replace(stage, namespace=theatre.namespace("beside"), names=count())

    if not our_stage.subject.wanted:
        our_stage.subject.start()
    with ThreadPoolExecutor(len(OURS)) as pool:
        playing = Beside(open_stage, pool)
        playing.begin(OURS)
        playing.wait()
        yield playing


@pytest.fixture(scope="session")
def naive_run(naive_theatre: Theatre, engine: Engine, truth: docker.DockerClient) -> Iterator[NaiveRun]:
    """The naive operator's faults, under way from now on; each has a process of its own."""

    @contextlib.contextmanager
    def open_stage(fault: Fault) -> Iterator[Stage]:
        if fault not in OF_THE_DAEMON:
            with naive_stage(naive_theatre, engine, truth) as stage:
                yield stage
            return
        with (
            daemon_in(naive_theatre.folder / f"d{next(naive_theatre.names)}") as daemon,
            contextlib.closing(docker.DockerClient(base_url=daemon.engine.endpoint)) as client,
            naive_stage(naive_theatre, daemon.engine, client, daemon) as stage,
        ):
            yield stage

    with ThreadPoolExecutor(AT_ONCE) as pool:
        playing = NaiveRun(open_stage, pool)
        playing.begin(NAIVE)
        yield playing
        playing.wait()


@pytest.fixture(scope="session", autouse=True)
def _in_the_background(request: pytest.FixtureRequest) -> None:
    """Have the naive operator's faults, which are mostly waited for, go on while ours are played."""
    wanted = {
        name for item in request.session.items if isinstance(item, pytest.Function) for name in item.fixturenames
    }
    for fixture in ("naive_theatre", "beside", "naive_run"):
        if fixture in wanted:
            request.getfixturevalue(fixture)


def _one_fault(stage: Stage, theatre: Theatre) -> Iterator[Stage]:
    """Begin with an operator that is up and a fresh namespace; lift all faults afterwards."""
    stage.namespace = theatre.namespace("ours")
    stage.started_before = stage.engine.succeeded(START)
    if not stage.subject.wanted:
        stage.subject.start()
    yield stage
    print(stage.subject.log.read_text()[-LOG_SHOWN:], file=sys.stderr)
    stage.kube.heal()
    stage.engine.heal()
    theatre.plane.kubectl("delete", "cjob", "--all", "-n", stage.namespace, "--wait=false")


@contextlib.contextmanager
def naive_stage(
    theatre: Theatre, engine: Engine, truth: docker.DockerClient, daemon: Daemon | None = None
) -> Iterator[Stage]:
    """The naive operator, for one namespace, between proxies of its own."""
    kube, engine_proxy = theatre.kube_proxy(), theatre.engine_proxy(engine)
    with serving(kube, engine_proxy):
        namespace = theatre.namespace("naive")
        folder = theatre.folder
        real = theatre.plane.plane.service_account_kubeconfig("default", ADMIN, folder / f"{namespace}.real")
        kubeconfig = kube.kubeconfig(real, folder / f"{namespace}.kubeconfig")
        subject = naive_operator(kubeconfig, engine_proxy, namespace, folder / f"{namespace}.log")
        subject.start()
        try:
            stage = Stage(
                namespace,
                CustomObjectsApi(theatre.client),
                subject,
                kube,
                engine_proxy,
                truth,
                daemon,
                patience=NAIVE_PATIENCE,
            )
            # Nothing that fails later may be the fault of an operator that does not work at all.
            try:
                stage.job("exit 0").ends("Succeeded", 0, seconds=STARTS_WITHIN)
            except AssertionError as late:
                raise NotPlayedError(f"the naive operator does not even work: {late}") from late
            stage.started_before = stage.engine.succeeded(START)
            yield stage
        finally:
            subject.kill()
