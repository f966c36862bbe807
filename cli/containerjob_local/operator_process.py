"""The operator as a detached process, acting as its own service account and nobody else."""

import contextlib
import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

from containerjob_api.names import (
    API_VERSION,
    CONTAINERJOBS,
    CONTAINERJOBTEMPLATES,
    HOST_PLURALS,
    OPERATOR_NAME,
    OPERATOR_NAMESPACE,
)
from containerjob_local import bundled, log_api, processes
from containerjob_local.controlplane import Plane
from containerjob_local.errors import KubectlError
from containerjob_local.processes import StartedProcess
from containerjob_local.readiness import wait_until
from containerjob_local.state import State

NAME = "operator"
IDENTITY = "local"
READY_SECONDS = 60.0
SERVED_SECONDS = 90.0  # several calls of kubectl each time, and a busy machine needs seconds for one
STOP_SECONDS = 45.0  # it gives up its Lease and closes its streams


@dataclass(frozen=True, slots=True)
class OperatorOptions:
    """What the local operator is started with."""

    allow_fake_hosts: bool = False


def apply_api(plane: Plane) -> None:
    """Install the custom resources and the operator's permissions, and wait until the API server serves them."""
    definitions = bundled.crds()
    for definition in definitions:
        plane.kubectl.apply(definition)
    plane.kubectl.apply(bundled.operator_rbac())
    names = [f"--filename={definition}" for definition in definitions]
    plane.kubectl.run("wait", "--for=condition=Established", "--timeout=30s", *names)
    kinds = (CONTAINERJOBS, *HOST_PLURALS.values(), CONTAINERJOBTEMPLATES)
    wait_until(lambda: _serves(plane, *kinds), what="the new API", seconds=SERVED_SECONDS)


def _serves(plane: Plane, *kinds: str) -> bool:
    """Ask for what follows only moments after Established: the kinds in discovery, and lists of their objects."""
    try:
        listed = plane.kubectl.run("get", "--raw", f"/apis/{API_VERSION}")
        for kind in kinds:
            plane.kubectl.run("get", "--raw", f"/apis/{API_VERSION}/{kind}?limit=1")
    except KubectlError:
        return False
    return set(kinds) <= {resource["name"] for resource in json.loads(listed)["resources"]}


def start_operator(plane: Plane, options: OperatorOptions, report: Callable[[str], None]) -> StartedProcess:
    """Start the operator, or leave it alone when it runs with these options already."""
    state, started = plane.state, time.monotonic()
    running = processes.recorded(state.record(NAME))
    known = state.log_api()
    if running is not None and known and processes.command_line(running) == _command(state, options, known.port):
        report(f"✔ operator already running (pid {running.pid})")
        return running
    if running is not None:
        report("• the operator runs with other options: starting it again")
        stop_operator(state)
    plane.service_account_kubeconfig(OPERATOR_NAMESPACE, OPERATOR_NAME, state.operator_kubeconfig)
    log, port = state.log(NAME), log_api.choose_port(state)
    before = _lease_renewal(plane)
    with contextlib.ExitStack() as undo:
        process = processes.start(NAME, _command(state, options, port), log=log, record=state.record(NAME))
        undo.callback(stop_operator, state)  # else the next `up` would take it for one that is ready
        wait_until(
            lambda: _lease_renewal(plane) not in ("", before),
            what="the operator",
            seconds=READY_SECONDS,
            needs=[(process, log)],
        )
        undo.pop_all()
    report(f"✔ operator ready (pid {process.pid}, {time.monotonic() - started:.1f} s)")
    return process


def stop_operator(state: State) -> StartedProcess | None:
    """Stop the operator if it runs; jobs that run go on."""
    return processes.stop_recorded(state.record(NAME), STOP_SECONDS)


def _command(state: State, options: OperatorOptions, port: int) -> list[str]:
    command = [sys.executable, "-m", "containerjob_operator"]
    command += ["--kubeconfig", str(state.operator_kubeconfig), "--identity", IDENTITY]
    command += log_api.operator_options(state, port)
    return [*command, "--allow-fake-hosts"] if options.allow_fake_hosts else command


def _lease_renewal(plane: Plane) -> str:
    """Return when the operator's Lease was last renewed, as the API server writes it; empty before the first time."""
    lease = ["get", "lease", OPERATOR_NAME, "-n", OPERATOR_NAMESPACE, "--ignore-not-found"]
    return plane.kubectl.run(*lease, "-o", "jsonpath={.spec.renewTime}").strip()
