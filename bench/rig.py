"""One control plane, one engine and operators on demand: up for a run, gone after it."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench.cluster import BenchError
from bench.meters import Audit, children
from containerjob_api.names import API_VERSION, OPERATOR_NAME, OPERATOR_NAMESPACE
from containerjob_local import processes
from containerjob_local.controlplane import PROGRAMS, Plane
from containerjob_local.engine import DEMO_IMAGE, Engine, ensure_image, find_engine, stop_engine
from containerjob_local.engine.layout import read_layout
from containerjob_local.environment import Component, Options, down, up
from containerjob_local.operator_process import apply_api

HOST: Final = "bench"
NAMESPACE: Final = "bench"
LOADED_SECONDS: Final = 60.0
STOP_SECONDS: Final = 30.0
# The image does not have the package `kubernetes`, which kopf imports wherever it finds it.
_AS_IN_THE_IMAGE: Final = (
    "import sys; sys.modules['kubernetes'] = None; from containerjob_operator.main import main; main()"
)


def report(line: str) -> None:
    """Show what goes on, beside the figures and not among them."""
    print(line, file=sys.stderr, flush=True)


@dataclass(frozen=True, slots=True)
class RunningOperator:
    """An operator's process."""

    pid: int
    log: Path
    loaded_seconds: float
    """From the start of the process until it led and had loaded everything."""


@dataclass(frozen=True, slots=True)
class Rig:
    """What is up."""

    folder: Path
    plane: Plane
    engine: Engine
    image: str
    kubeconfig: Path

    @property
    def audit(self) -> Audit:
        """What operators asked of the API server."""
        return Audit(self.plane.state.log("audit"), f"system:serviceaccount:{OPERATOR_NAMESPACE}:{OPERATOR_NAME}")

    def plane_pids(self) -> list[int]:
        """Return the processes of the control plane."""
        found = [processes.recorded(self.plane.state.record(name)) for name in PROGRAMS]
        return [process.pid for process in found if process is not None]

    def engine_pids(self) -> list[int]:
        """Return dockerd and its containerd; none where the engine is not ours to look into."""
        layout = read_layout(self.folder / "engine")
        daemon = processes.recorded(layout.process) if layout is not None else None
        return [] if daemon is None else [daemon.pid, *children(daemon.pid)]

    def allow(self, at_once: int, host: str = HOST, endpoint: str = "", kept_seconds: int = 0) -> None:
        """Let a host, by default on the engine, have this many jobs at a time; ended containers stay so long."""
        spec = {
            "endpoint": endpoint or self.engine.endpoint,
            "allowedNamespaces": {"from": "All"},
            "maxConcurrentJobs": at_once,
            "containerRetentionSeconds": kept_seconds,
        }
        self.plane.kubectl.apply(
            {"apiVersion": API_VERSION, "kind": "DockerHost", "metadata": {"name": host}, "spec": spec}
        )

    def wait_for_host(self, host: str = HOST) -> None:
        """Return once an operator has found the engine ready."""
        self.plane.kubectl.run("wait", "--for=condition=Ready", f"dockerhost/{host}", "--timeout=30s")

    @contextmanager
    def operator(self, *options: str) -> Iterator[RunningOperator]:
        """Run an operator under its own service account, as it runs in its image."""
        log = self.folder / f"operator-{time.monotonic_ns()}.log"
        command = [sys.executable, "-c", _AS_IN_THE_IMAGE, f"--kubeconfig={self.kubeconfig}", "--identity=bench"]
        with log.open("wb") as output:
            began = time.monotonic()
            process = subprocess.Popen([*command, *options], stdout=output, stderr=output)
        try:
            _wait_until_loaded(process, log)
            yield RunningOperator(process.pid, log, time.monotonic() - began)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(STOP_SECONDS)


def _wait_until_loaded(process: "subprocess.Popen[bytes]", log: Path) -> None:
    end = time.monotonic() + LOADED_SECONDS
    while not _says(log, "loaded"):
        if process.poll() is not None or time.monotonic() > end:
            raise BenchError(f"the operator did not start: {processes.last_line(log)}")
        time.sleep(0.01)


def _says(log: Path, event: str) -> bool:
    whole = (line for line in log.read_text().splitlines(keepends=True) if line.endswith("}\n"))
    return any(json.loads(line).get("event") == event for line in whole if line.startswith("{"))


@contextmanager
def rig() -> Iterator[Rig]:
    """Bring up a control plane and an engine in a folder of their own; remove all of it afterwards."""
    # A short path: unix sockets allow 107 bytes.
    folder = Path(tempfile.mkdtemp(prefix="cjb-"))
    with ExitStack() as undo:
        undo.callback(shutil.rmtree, folder)
        undo.callback(down, folder / "plane", report)
        plane = up(Options(folder / "plane", components=frozenset({Component.PLANE})), report).plane
        apply_api(plane)
        plane.kubectl.run("create", "namespace", NAMESPACE)
        (folder / "engine").mkdir()
        undo.callback(stop_engine, folder / "engine")
        engine = find_engine(folder / "engine", report, own=os.geteuid() == 0, network=False)
        ensure_image(engine.endpoint, DEMO_IMAGE, report)
        kubeconfig = plane.service_account_kubeconfig(
            OPERATOR_NAMESPACE, OPERATOR_NAME, folder / "operator.kubeconfig"
        )
        yield Rig(folder, plane, engine, DEMO_IMAGE, kubeconfig)
