"""A Docker daemon of a test's own that crashes, stops and comes back over the same containers."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.conftest import IMAGE, report

from containerjob_local import processes
from containerjob_local.engine import Engine, ensure_image, find_engine, stop_engine
from containerjob_local.engine.layout import Layout, read_layout
from containerjob_local.engine.packages import search_path
from containerjob_local.processes import StartedProcess

LIVE_RESTORE = "--live-restore"


@dataclass
class Daemon:
    """The daemon of one state folder."""

    folder: Path
    engine: Engine
    _command: list[str] = field(default_factory=list)

    def crash(self) -> None:
        """Kill it; without live-restore its containers do not survive its return."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """Stop it in good order; with live-restore its containers go on."""
        self._end(signal.SIGTERM)

    def come_back(self, *, live_restore: bool) -> None:
        """Start it again over what there is."""
        if not live_restore:
            self.engine = find_engine(self.folder, report, own=True, network=False)
            return
        options = [] if LIVE_RESTORE in self._command else [LIVE_RESTORE]
        environment = os.environ | {"PATH": search_path()}
        processes.start(
            "dockerd",
            [*self._command, *options],
            log=self._layout.log,
            record=self._layout.process,
            environment=environment,
        )
        self.engine = find_engine(self.folder, report, own=True, network=False)

    @property
    def _layout(self) -> Layout:
        layout = read_layout(self.folder)
        assert layout is not None
        return layout

    def _process(self) -> StartedProcess:
        process = processes.recorded(self._layout.process)
        assert process is not None
        return process

    def _end(self, how: signal.Signals) -> None:
        process = self._process()
        self._command = processes.command_line(process)
        os.kill(process.pid, how)
        end = time.monotonic() + 20
        while processes.is_alive(process):
            assert time.monotonic() < end, "dockerd does not end"
            time.sleep(0.05)


@contextmanager
def daemon_in(folder: Path) -> Iterator[Daemon]:
    """Start a daemon, with the image, and remove everything it had in the end."""
    folder.mkdir()
    engine = find_engine(folder, report, own=True, network=False)
    try:
        ensure_image(engine.endpoint, IMAGE, report)
        yield Daemon(folder, engine)
    finally:
        stop_engine(folder)
