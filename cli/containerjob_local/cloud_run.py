"""An emulator of Google Cloud Run beside the engine: its process, its port, and the host that it is."""

import importlib.util
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from containerjob_api.names import API_VERSION
from containerjob_local import bundled, processes
from containerjob_local.controlplane import Plane
from containerjob_local.engine import remove_containers
from containerjob_local.errors import LocalError
from containerjob_local.ports import LOOPBACK, free_ports, is_free
from containerjob_local.processes import StartedProcess
from containerjob_local.readiness import wait_until
from containerjob_local.state import CloudRunRecord, State

NAME = "cloud-run"
HOST_NAME = "cloud-run"
PROJECT = "demo-project"
LOCATION = "europe-west1"
OWNER_LABEL = "cloudrun-emulator"
"""On every container of an emulator; its value is the cluster whose emulator it is."""
READY_SECONDS = 60.0  # Google's libraries alone take seconds on a busy machine
STOP_SECONDS = 45.0  # it removes its containers
REMEDY = "install containerjob[local,cloudrun]"
_LIBRARIES = ("aiodocker", "grpc", "google.cloud.run_v2", "google.cloud.logging_v2")

Report = Callable[[str], None]


def require_libraries() -> None:
    """Raise LocalError with the remedy where Google's libraries, or the engine's client, are not installed."""
    missing = [name for name in _LIBRARIES if not _is_installed(name)]
    if missing:
        raise LocalError(f"the emulator of Cloud Run needs {missing[0]}, which is missing: {REMEDY}")


def start_emulator(plane: Plane, endpoint: str, report: Report) -> StartedProcess:
    """Start the emulator on an engine, or leave it alone when it runs there already.

    What runs on Cloud Run is known to the emulator's process alone: one that was killed comes back empty.
    """
    state = plane.state
    running, known = processes.recorded(state.record(NAME)), state.cloud_run()
    if running is not None and known and processes.command_line(running) == _command(plane, endpoint, known.port):
        report(f"✔ Cloud Run emulator already running at {_address(known.port)} (pid {running.pid})")
        return running
    if running is not None:
        report("• the Cloud Run emulator runs with other options: starting it again")
        stop_emulator(state)
    remove_tasks(plane.cluster_uid, endpoint)
    record, log = CloudRunRecord(choose_port(known)), state.log(NAME)
    state.remember_cloud_run(record)
    before = _size(log)
    command = _command(plane, endpoint, record.port)
    process = processes.start(NAME, command, log=log, record=state.record(NAME), environment=environment())
    try:
        wait_until(
            lambda: _address(record.port) in _written(log, before),
            what="the Cloud Run emulator",
            seconds=READY_SECONDS,
            needs=[(process, log)],
        )
    except BaseException:
        stop_emulator(state)  # else the next `up` would take it for one that is ready
        raise
    report(f"✔ Cloud Run emulator: {PROJECT}/{LOCATION} at {_address(record.port)} (pid {process.pid})")
    return process


def register(plane: Plane, report: Report) -> None:
    """Make the emulated region a host that jobs of every namespace may name."""
    record = plane.state.cloud_run()
    if record is None:
        raise LocalError("the Cloud Run emulator has no address: take the environment down and up again")
    spec = {"project": PROJECT, "location": LOCATION, "endpoint": _address(record.port)}
    plane.kubectl.apply(
        {
            "apiVersion": API_VERSION,
            "kind": "CloudRunHost",
            "metadata": {"name": HOST_NAME},
            "spec": {**spec, "allowedNamespaces": {"from": "All"}},
        }
    )
    report(f"✔ Cloud Run emulator registered as cloudrunhost/{HOST_NAME}")


def stop_emulator(state: State) -> StartedProcess | None:
    """Stop the emulator if it runs; it removes the containers of its tasks."""
    return processes.stop_recorded(state.record(NAME), STOP_SECONDS)


def remove_tasks(cluster_uid: str, endpoint: str) -> int:
    """Remove the containers that a killed emulator left behind, and return how many they were."""
    return remove_containers(endpoint, f"{OWNER_LABEL}={cluster_uid}")


def describe(state: State, record: CloudRunRecord) -> tuple[bool, str]:
    """Tell whether the emulator runs, and where, in words for `local status`."""
    process = processes.recorded(state.record(NAME))
    if process is None:
        return False, "not running"
    return True, f"emulator of {PROJECT}/{LOCATION} at {_address(record.port)} (pid {process.pid})"


def _command(plane: Plane, endpoint: str, port: int) -> list[str]:
    # Without -P a folder of that name, where the command happens to be typed, would be run.
    command = [sys.executable, "-P", "-m", bundled.emulator().name]
    return [*command, "--engine", endpoint, "--port", str(port), "--owner", plane.cluster_uid]


def environment() -> Mapping[str, str]:
    """Let Python find the emulator, which is a package of tests in a checkout."""
    others = os.environ.get("PYTHONPATH")
    folders = [str(bundled.emulator().parent), *([others] if others else [])]
    return dict(os.environ) | {"PYTHONPATH": os.pathsep.join(folders)}


def choose_port(known: CloudRunRecord | None) -> int:
    """Keep the port of an earlier start, which the host names, if it is free; else another."""
    return known.port if known is not None and is_free(known.port) else free_ports(1)[0]


def _address(port: int) -> str:
    return f"{LOOPBACK}:{port}"


def _is_installed(module: str) -> bool:
    """Look for a module without loading it; its parents are loaded."""
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:
        return False


def _size(log: Path) -> int:
    return log.stat().st_size if log.exists() else 0


def _written(log: Path, before: int) -> str:
    """Return what was written to a log since it had this size."""
    return log.read_bytes()[before:].decode(errors="replace")
