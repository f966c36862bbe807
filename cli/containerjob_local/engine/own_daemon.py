"""A Docker daemon of our own: the system's dockerd with every folder inside the state folder."""

import json
import os
import re
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from containerjob_local import processes
from containerjob_local.engine import bridge, leftovers, packages
from containerjob_local.engine.answers import Engine, ask
from containerjob_local.engine.containers import remove_all_containers
from containerjob_local.engine.errors import EngineError, NoAnswerError
from containerjob_local.engine.layout import Layout, engine_folder, make_layout, read_layout
from containerjob_local.files import private_folder, write_private

PACKAGE = "docker.io"
_UNITS = ("docker.service", "docker.socket", "containerd.service")
_READY_SECONDS = 60.0
# A daemon stops its containers first; they were removed by then, so this is for its own files.
_STOP_SECONDS = 30.0
_NO_NETWORK = ("--iptables=false", "--ip6tables=false", "--ip-forward=false", "--ip-masq=false")
_FAILURE = "failed to start daemon: "
_NETWORK_TROUBLE = ("network controller", "iptables", "bridge")

Report = Callable[[str], None]


class _DaemonEndedError(EngineError):
    """The daemon ended while we waited for it; `words` are its reason."""

    def __init__(self, log: Path) -> None:
        self.words = _last_words(log)
        super().__init__(f"dockerd ended: {self.words} (log: {log})")


def running_engine(state_dir: Path) -> Engine | None:
    """Return the daemon that an earlier call started, if it still runs and answers."""
    layout = read_layout(state_dir)
    if layout is None or processes.recorded(layout.process) is None:
        return None
    try:
        return ask(layout.endpoint, started_by_us=True)
    except NoAnswerError:
        return None


def start_engine(state_dir: Path, report: Report, *, network: bool) -> Engine:
    """Start dockerd, installed first where it is missing, and wait until it answers; else raise EngineError."""
    earlier = read_layout(state_dir)
    # An engine without a network makes no docker0: one that comes up meanwhile is another's.
    layout = earlier or make_layout(state_dir, bridge_was_there=bridge.exists() or not network)
    program = _program(layout.folder / "packages.log", report)
    if network and bridge.exists(bridge.own_name(layout.folder)):
        report("containers get no network, as before the daemon crashed")
        network = False
    elif network and earlier is None and bridge.in_use():
        report("another engine uses the bridge docker0: containers get no network")
        network = False
    report(f"starting {program} with its data in {layout.folder}")
    try:
        return _start(program, layout, network=network)
    except _DaemonEndedError as error:
        if not network or not any(word in error.words for word in _NETWORK_TROUBLE):
            raise
        report(f"{error}; starting again without a network for containers")
    return _start(program, layout, network=False)


def stop_engine(state_dir: Path) -> None:
    """Stop the daemon that `start_engine` started here and remove all it has; any other is left alone."""
    layout = read_layout(state_dir)
    if layout is not None:
        _end(layout)
        leftovers.unmount_beneath(layout.sockets)
        leftovers.remove_folder(layout.sockets)
        if not layout.bridge_was_there:
            bridge.remove()
    folder = engine_folder(state_dir)
    leftovers.end_at_once(lambda: leftovers.of_engine(folder))
    leftovers.unmount_beneath(folder)
    bridge.remove_own(folder)
    leftovers.remove_folder(folder)


def _program(log: Path, report: Report) -> str:
    """Find dockerd, or install it; raise EngineError with the package's name when that fails."""
    program = packages.find_program("dockerd")
    if program is None:
        report(f"installing the system package {PACKAGE} (log: {log})")
        packages.install(PACKAGE, _UNITS, log)
        program = packages.find_program("dockerd")
    if program is None:
        raise EngineError(f"package {PACKAGE} brought no dockerd (log: {log})")
    return program


def _command(program: str, layout: Layout, *, network: bool) -> list[str]:
    """Compose a command line that shares nothing with a system's own daemon: no file, socket or identity."""
    folder, sockets = layout.folder, layout.sockets
    own_identity = {"deprecated-key-path": str(folder / "key.json")}
    # Before 23 an engine's id is a key below /etc, hence the same for every daemon of the machine.
    options = own_identity if _major_version(program) < 23 else {}
    write_private(folder / "daemon.json", json.dumps(options))
    command = [
        program,
        f"--config-file={folder / 'daemon.json'}",
        f"--data-root={folder / 'data'}",
        f"--exec-root={sockets / 'exec'}",
        f"--pidfile={sockets / 'dockerd.pid'}",
        f"--host={layout.endpoint}",
        "--exec-opt=native.cgroupdriver=cgroupfs",
    ]
    return command if network else [*command, f"--bridge={_bridge_to_nowhere(layout)}", *_NO_NETWORK]


def _bridge_to_nowhere(layout: Layout) -> str:
    """Name what an engine without a network hangs its containers on.

    Told `none`, a daemon removes docker0, whoever uses it; where there is one, ours gets a bridge of its own instead,
    which costs a pair of interfaces for each container.
    """
    name = bridge.own_name(layout.folder)
    if not bridge.exists() and not bridge.exists(name):
        return "none"
    bridge.make(name)
    return name


def _major_version(program: str) -> int:
    done = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)
    version = re.search(r"version (\d+)\.", done.stdout)
    if version is None:
        raise EngineError(f"{program} --version does not name a version: {(done.stdout + done.stderr).strip()!r}")
    return int(version[1])


def _start(program: str, layout: Layout, *, network: bool) -> Engine:
    """Start the daemon unless it runs already; one that crashed is started over its data and containers."""
    process = processes.recorded(layout.process)
    if process is None:
        _clear_the_way(layout)
        process = processes.start(
            "dockerd",
            _command(program, layout, network=network),
            log=layout.log,
            record=layout.process,
            environment=os.environ | {"PATH": packages.search_path()},
        )
    engine = _answering(layout, process)
    own_bridge = bridge.own_name(layout.folder)
    if not network and bridge.exists(own_bridge):
        bridge.isolate(own_bridge)
    return engine


def _answering(layout: Layout, process: processes.StartedProcess) -> Engine:
    """Wait until the daemon answers; raise EngineError when it ends or stays silent instead."""
    deadline = time.monotonic() + _READY_SECONDS
    while True:
        try:
            return ask(layout.endpoint, started_by_us=True)
        except NoAnswerError as error:
            if not processes.is_alive(process):
                raise _DaemonEndedError(layout.log) from error
            if time.monotonic() > deadline:
                raise EngineError(f"dockerd does not answer: {error} (log: {layout.log})") from error
        time.sleep(0.1)


def _clear_the_way(layout: Layout) -> None:
    """Remove what would keep a daemon from starting: pids of the one before, which others may have by now."""
    private_folder(layout.sockets)  # a reboot empties /run
    leftovers.end_at_once(lambda: leftovers.of_engine(layout.sockets, "containerd"))
    for pid_file in ("dockerd.pid", "exec/containerd/containerd.pid"):
        (layout.sockets / pid_file).unlink(missing_ok=True)


def _last_words(log: Path) -> str:
    """Return why the daemon ended, on one line: it quotes iptables, which speaks in several."""
    _, found, reason = log.read_text(errors="replace").rpartition(_FAILURE)
    return " ".join(reason.split())[:300] if found else processes.last_line(log)


def _end(layout: Layout) -> None:
    """End the daemon and all it started; where it cannot remove its containers, we kill them."""
    process = processes.recorded(layout.process)
    if process is not None:
        try:
            remove_all_containers(layout.endpoint)
        except EngineError:
            leftovers.end_at_once(lambda: leftovers.of_engine(layout.sockets))
        processes.stop(process, _STOP_SECONDS)
    leftovers.end_at_once(lambda: leftovers.of_engine(layout.sockets))
