"""An operator under test as a process: started, killed, frozen, started again where it ends, as a kubelet does."""

import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from tests.fakes.engine_proxy import EngineFaults

NAIVE = Path(__file__).with_name("naive_operator.py")
RESTART_PAUSE = 0.5


@dataclass
class Subject:
    """One operator's process and how to start it."""

    command: list[str]
    log: Path
    environment: dict[str, str] = field(default_factory=dict)
    wanted: bool = False
    restarts: int = 0
    _process: "subprocess.Popen[bytes] | None" = None
    _started_at: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def start(self) -> None:
        """Start it, and have it kept up from now on."""
        self.wanted = True
        self._started_at = time.monotonic()
        with self.log.open("ab") as log:
            environment = os.environ | self.environment
            self._process = subprocess.Popen(self.command, stdout=log, stderr=log, env=environment)

    def send(self, what: signal.Signals) -> None:
        """Send a signal."""
        assert self._process is not None
        self._process.send_signal(what)

    def kill(self, what: signal.Signals = signal.SIGKILL, *, grace: float = 20.0) -> None:
        """End it, in the end by force; it stays down until the next start."""
        self.wanted = False
        if self._process is None:
            return
        self._process.send_signal(what)
        try:
            self._process.wait(grace)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def restart(self) -> None:
        """Kill it and start it again."""
        self.kill()
        self.start()

    def keep_up(self) -> None:
        """Start it again where it ended by itself."""
        with self._lock:
            ended = self._process is not None and self._process.poll() is not None
            if self.wanted and ended and time.monotonic() > self._started_at + RESTART_PAUSE:
                self.restarts += 1
                self.start()


def our_operator(kubeconfig: Path, log: Path, identity: str = "faults") -> Subject:
    """Return ours, quick in what it does periodically."""
    command = [sys.executable, "-m", "containerjob_operator", f"--kubeconfig={kubeconfig}", f"--identity={identity}"]
    quick = ("--resync-interval=1", "--termination-grace-seconds=1", "--lease-seconds=6", "--shutdown-timeout=5")
    return Subject([*command, *quick], log)


def naive_operator(kubeconfig: Path, engine: EngineFaults, namespace: str, log: Path) -> Subject:
    """Return the one that most people would write first."""
    command = [sys.executable, "-m", "kopf", "run", f"--namespace={namespace}", str(NAIVE)]
    return Subject(command, log, {"KUBECONFIG": str(kubeconfig), "DOCKER_HOST": engine.endpoint})
