"""Where an engine of our own keeps its things: all in the state folder, but for sockets whose path gets too long."""

import json
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from containerjob_local.engine.unix_http import SCHEME, SOCKET_PATH_LIMIT
from containerjob_local.files import private_folder, write_private

# The longest of the socket paths that dockerd and its containerd make below the folder of sockets.
_LONGEST_SOCKET = "exec/containerd/containerd-debug.sock.ttrpc"
_RECORD = "layout.json"
_VOLATILE = Path("/run")


@dataclass(frozen=True, slots=True)
class Layout:
    """The folders of one engine: `folder` for what lasts, `sockets` for what lives while it runs."""

    folder: Path
    sockets: Path
    bridge_was_there: bool

    @property
    def endpoint(self) -> str:
        return f"{SCHEME}{self.sockets / 'docker.sock'}"

    @property
    def process(self) -> Path:
        """Name the record of the daemon's process."""
        return self.folder / "dockerd.json"

    @property
    def log(self) -> Path:
        return self.folder / "dockerd.log"


def engine_folder(state_dir: Path) -> Path:
    """Name the folder that holds everything of our engine, links resolved, as the list of mounts will have it."""
    return state_dir.resolve() / "engine"


def read_layout(state_dir: Path) -> Layout | None:
    """Return what an earlier start wrote down, or None when nothing whole is there."""
    folder = engine_folder(state_dir)
    try:
        record = json.loads((folder / _RECORD).read_text())
        return Layout(folder, Path(record["sockets"]), bool(record["bridgeWasThere"]))
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None


def make_layout(state_dir: Path, *, bridge_was_there: bool) -> Layout:
    """Make the folders and write down where they are, before anything runs in them."""
    folder = private_folder(engine_folder(state_dir))
    sockets = folder
    if len(os.fsencode(folder / _LONGEST_SOCKET)) > SOCKET_PATH_LIMIT:
        sockets = Path(tempfile.mkdtemp(prefix="containerjob-", dir=_VOLATILE))
    layout = Layout(folder, sockets, bridge_was_there)
    record = {"sockets": str(sockets), "bridgeWasThere": bridge_was_there}
    write_private(folder / _RECORD, json.dumps(record))
    return layout
