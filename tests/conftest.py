"""Real parts for every test that needs them: a control plane and a container engine of the session's own."""

import contextlib
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.size import FULL

from containerjob_local.controlplane import Plane
from containerjob_local.engine import Engine, ensure_image, find_engine, stop_engine
from containerjob_local.environment import Component, Options, down, up
from containerjob_local.operator_process import apply_api

IMAGE = "busybox:1.37"
TOO_SLOW = [
    r"in vain|not within|does not end",
    r"NotPlayedError|ReadinessError|TimeoutError|TimeoutExpired|Timeout \(>",
    r"timed out",
]
"""How waits end that were too short for what else the machine had to do; a wrong answer reads otherwise."""

for number in (signal.SIGINT, signal.SIGHUP):
    if signal.getsignal(number) is signal.SIG_IGN:
        # Of a job in the background, or under nohup; it is inherited, and no child could be ended by it.
        signal.signal(number, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Play a test of real parts once more when it ran out of time, and have the summary name it as RERUN.

    Only that: a wrong answer fails at once. At full size nothing is played again, nor is what has no real parts.
    """
    for item in items:
        if not FULL and not item.path.is_relative_to(Path(__file__).parent / "unit"):
            item.add_marker(pytest.mark.flaky(reruns=1, only_rerun=TOO_SLOW))


def report(line: str) -> None:
    """Show what the set-up does; pytest keeps it for failures."""
    print(line, file=sys.stderr)


@dataclass(frozen=True, slots=True)
class TestPlane:
    """A control plane as tests drive it: through kubectl, as people do."""

    __test__ = False
    plane: Plane
    kubeconfig: Path

    def kubectl(
        self,
        *args: str,
        input: str | None = None,  # noqa: A002
        check: bool = True,
        kubeconfig: Path | None = None,
    ) -> subprocess.CompletedProcess[str]:
        """Run kubectl as the administrator, or as whom `kubeconfig` says."""
        command = [str(self.plane.kubectl.program), f"--kubeconfig={kubeconfig or self.kubeconfig}", *args]
        return subprocess.run(command, input=input, check=check, capture_output=True, text=True, timeout=180)


@pytest.fixture(scope="session")
def short_folder() -> Iterator[Path]:
    """A folder with a short path: unix sockets allow 107 bytes."""
    import tempfile

    folder = Path(tempfile.mkdtemp(prefix="cjt-"))
    yield folder
    shutil.rmtree(folder)


@contextlib.contextmanager
def running_plane(state: Path) -> Iterator[TestPlane]:
    """Bring up a bare control plane, and take it down again."""
    environment = up(Options(state_dir=state, components=frozenset({Component.PLANE})), report)
    try:
        yield TestPlane(environment.plane, environment.state.admin_kubeconfig)
    finally:
        down(state, report)


@pytest.fixture(scope="session")
def plane(short_folder: Path) -> Iterator[TestPlane]:
    """A control plane on which no operator ever runs: tests may write whatever they like."""
    with running_plane(short_folder / "plane") as running:
        yield running


@pytest.fixture(scope="session")
def installed(plane: TestPlane) -> TestPlane:
    """The plane with our CRDs and the operator's permissions."""
    apply_api(plane.plane)
    return plane


@pytest.fixture(scope="session")
def engine(short_folder: Path) -> Iterator[Engine]:
    """A Docker engine of the session's own, with the demo image; containers get no network."""
    folder = short_folder / "engine"
    folder.mkdir()
    found = find_engine(folder, report, own=True, network=False)
    ensure_image(found.endpoint, IMAGE, report)
    yield found
    stop_engine(folder)
