"""A whole local environment, up or down: plane, engine, API, node and operator, in this order."""

import contextlib
import os
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path

from containerjob_api.names import API_VERSION, LABEL_CLUSTER_UID
from containerjob_local import cloud_run, node, processes
from containerjob_local.binaries import find_binaries
from containerjob_local.binaries.cache import is_program
from containerjob_local.binaries.releases import PLANES
from containerjob_local.controlplane import PROGRAMS, Plane, running_plane, start_plane, stop_plane
from containerjob_local.engine import Engine, NoAnswerError, find_engine, remove_containers, stop_engine
from containerjob_local.engine.answers import ask
from containerjob_local.errors import LocalError, NodeError, PortInUseError
from containerjob_local.log_api import register_log_api
from containerjob_local.operator_process import NAME as OPERATOR
from containerjob_local.operator_process import OperatorOptions, apply_api, start_operator, stop_operator
from containerjob_local.path_folder import link_programs
from containerjob_local.processes import StartedProcess
from containerjob_local.state import EngineRecord, State, default_folder, locked

HOST_NAME = "local"

Report = Callable[[str], None]


class Component(StrEnum):
    """What an environment is made of; ENGINE is registered as a host where API is there too."""

    PLANE = "plane"
    ENGINE = "engine"
    API = "api"
    OPERATOR = "operator"


@dataclass(frozen=True, slots=True)
class Options:
    """What a person or a test wants to have up."""

    state_dir: Path = field(default_factory=lambda: default_folder(os.environ))
    port: int | None = None
    components: frozenset[Component] = frozenset(Component)
    operator: OperatorOptions = field(default_factory=OperatorOptions)
    node: bool = False
    """Whether pods are to run here; an environment that was brought up with a node keeps it."""
    kubernetes: str | None = None
    """The version of the plane; an environment that was brought up with another one refuses it."""
    cloud_run: bool = False
    """Whether Cloud Run is emulated on the engine; an environment that was brought up with it keeps it."""


@dataclass(frozen=True, slots=True)
class Environment:
    """What is up."""

    state: State
    plane: Plane
    engine: Engine | None
    operator: StartedProcess | None
    emulator: StartedProcess | None = None
    """Of Cloud Run."""


@dataclass(frozen=True, slots=True)
class Part:
    """One part of an environment, as `local status` shows it."""

    name: str
    running: bool
    detail: str


def up(options: Options, report: Report) -> Environment:
    """Bring up what is not up yet, and say of the rest that it is; raise LocalError with the remedy."""
    state = State(options.state_dir.absolute())
    wanted = options.components
    with locked(state.folder):
        state.create()
        options = _with_cloud_run(state, options)
        plane = _plane_and_node(state, options, report)
        engine = find_engine(state.folder, report) if Component.ENGINE in wanted else None
        if engine is not None:
            state.remember_engine(EngineRecord(engine.endpoint))
            report(f"✔ engine: {engine.kind} {engine.version} at {engine.endpoint}")
        if Component.API in wanted:
            apply_api(plane)
            _register(plane, engine, report)
        emulator = _cloud_run(plane, engine, options, report)
        operator = None
        if Component.OPERATOR in wanted:
            operator = start_operator(plane, options.operator, report)
            register_log_api(plane, report)
    return Environment(state, plane, engine, operator, emulator)


def down(state_dir: Path, report: Report) -> None:
    """Stop everything, remove the containers of this environment's jobs, then the folder; twice is fine."""
    state = State(state_dir.absolute())
    if state.exists():
        with locked(state.folder):
            if state.exists():
                _take_down(state, report)
                return
            state.folder.rmdir()  # another `down` was faster, and locking made the folder again
    report(f"• nothing to take down: no local environment in {state.folder}")


def _take_down(state: State, report: Report) -> None:
    """Stop the operator before its containers go, and the API server last, so that nobody acts on half of it."""
    if stop_operator(state) is not None:
        report("✔ operator stopped")
    if state.node.exists() and node.stop_node(state):
        report("✔ node stopped with its pods")
    if cloud_run.stop_emulator(state) is not None:
        report("✔ Cloud Run emulator stopped with its tasks")
    _remove_containers(state, report)
    stop_engine(state.folder)
    stopped = stop_plane(state)
    if stopped:
        report(f"✔ control plane stopped ({', '.join(stopped)})")
    state.remove()
    report(f"✔ {state.folder} removed")


def status(state_dir: Path) -> list[Part]:
    """Tell of each part whether it runs."""
    state = State(state_dir.absolute())
    engine = state.engine()
    plane, record = running_plane(state), state.plane()
    parts = [_plane_part(state, plane)]
    if record is not None and record.block:
        parts.append(_node_part(state, plane))
    if engine is not None:
        parts.append(_engine_part(engine.endpoint))
    emulator = state.cloud_run()
    if emulator is not None:
        parts.append(Part("cloud run", *cloud_run.describe(state, emulator)))
    return [*parts, _operator_part(state)]


def _plane_part(state: State, plane: Plane | None) -> Part:
    if plane is not None:
        return Part("control plane", True, f"{plane.server} (Kubernetes {plane.version})")
    stopped = [name for name in PROGRAMS if processes.recorded(state.record(name)) is None]
    return Part("control plane", False, f"not running: {', '.join(stopped)}")


def _node_part(state: State, plane: Plane | None) -> Part:
    if plane is None:
        return Part("node", False, "it cannot work without the control plane")
    running, detail = node.describe(plane)
    return Part("node", running, detail)


def _engine_part(endpoint: str) -> Part:
    try:
        engine = ask(endpoint)
    except NoAnswerError as error:
        return Part("engine", False, f"{endpoint}: {error}")
    return Part("engine", True, f"{engine.kind} {engine.version} at {endpoint}")


def _operator_part(state: State) -> Part:
    operator = processes.recorded(state.record(OPERATOR))
    return Part("operator", operator is not None, f"pid {operator.pid}" if operator else "not running")


def running(state_dir: Path) -> Plane:
    """Return the plane of an environment that is up; raise LocalError when it is not."""
    plane = running_plane(State(state_dir.absolute()))
    if plane is None:
        raise LocalError(f"no local environment is up in {state_dir}: kubectl containerjob local up")
    return plane


def _plane_and_node(state: State, options: Options, report: Report) -> Plane:
    """Bring up the plane and, where it is wanted or was before, the node around it."""
    record = state.plane()
    has_node = record is not None and bool(record.block)
    if options.node and record is not None and not has_node:
        raise NodeError("this environment was brought up without a node: take it down, then up again with --node")
    if not (options.node or has_node):
        return _plane(state, options, report)
    version = _version(state, options)
    with contextlib.ExitStack() as undo:
        block = node.make_room(state, version, report)
        undo.callback(node.stop_node, state)
        plane = _plane(state, options, report, block)
        node.start_node(plane, version, report)
        undo.pop_all()
    return plane


def _version(state: State, options: Options) -> str | None:
    """Return the version of Kubernetes that is asked for or that the environment has; None where there is neither."""
    record = state.plane()
    known = record.version if record is not None and record.version in PLANES else None
    if options.kubernetes and known and options.kubernetes != known:
        raise LocalError(f"this environment has Kubernetes {known}: take it down before using another version")
    return options.kubernetes or known


def _plane(state: State, options: Options, report: Report, block: str = "") -> Plane:
    plane, port, version = running_plane(state), options.port, _version(state, options)
    if plane is None:
        stop_operator(state)  # it would go on with a server that may come back elsewhere
        return start_plane(state, find_binaries(report, version), port, report, block)
    if port is not None and not plane.server.endswith(f":{port}"):
        raise PortInUseError(f"the control plane runs at {plane.server}: take it down before using another --port")
    if not is_program(plane.kubectl.program):  # the cache was emptied meanwhile
        link_programs(state.programs, find_binaries(report, version).kubectl)
    report(f"✔ control plane already running at {plane.server} (Kubernetes {plane.version})")
    return plane


def _with_cloud_run(state: State, options: Options) -> Options:
    """Complete the options of an environment that has, or is to have, Cloud Run."""
    if not (options.cloud_run or state.cloud_run() is not None):
        return options
    cloud_run.require_libraries()  # said at once, and not after minutes of building the plane
    return replace(options, cloud_run=True, operator=replace(options.operator, allow_fake_hosts=True))


def _cloud_run(plane: Plane, engine: Engine | None, options: Options, report: Report) -> StartedProcess | None:
    """Bring up the emulator where there is an engine for its tasks, as a host where the API is there too."""
    if engine is None or not options.cloud_run:
        return None
    emulator = cloud_run.start_emulator(plane, engine.endpoint, report)
    if Component.API in options.components:
        cloud_run.register(plane, report)
    if Component.OPERATOR not in options.components:
        report("• the operator that you run takes it as a host with --allow-fake-hosts only")
    return emulator


def _register(plane: Plane, engine: Engine | None, report: Report) -> None:
    """Make the engine a host that jobs of every namespace may use: this cluster is its owner's alone."""
    if engine is None:
        return
    plane.kubectl.apply(
        {
            "apiVersion": API_VERSION,
            "kind": "DockerHost",
            "metadata": {"name": HOST_NAME},
            "spec": {"endpoint": engine.endpoint, "allowedNamespaces": {"from": "All"}},
        }
    )
    report(f"✔ engine registered as dockerhost/{HOST_NAME}")


def _remove_containers(state: State, report: Report) -> None:
    """Remove our jobs' containers; an engine that is gone has none, and must not keep `down` from ending."""
    engine, plane = state.engine(), state.plane()
    if engine is None or plane is None or not plane.cluster_uid:
        return
    try:
        count = remove_containers(engine.endpoint, f"{LABEL_CLUSTER_UID}={plane.cluster_uid}")
        count += cloud_run.remove_tasks(plane.cluster_uid, engine.endpoint)
    except LocalError as error:
        report(f"! containers of this environment may be left at {engine.endpoint}: {error}")
        return
    if count:
        report(f"✔ {count} container{'s' if count > 1 else ''} removed")
