"""Images of the node: imported from archives, since a machine without a registry has to do."""

import hashlib
import io
import json
import os
import re
import tarfile
import tempfile
from collections.abc import Sequence
from pathlib import Path

from containerjob_local.binaries.cache import cache_folder
from containerjob_local.binaries.releases import machine
from containerjob_local.engine.demo_image import image_tar, static_busybox
from containerjob_local.errors import NodeError
from containerjob_local.files import write_private
from containerjob_local.node import namespaces
from containerjob_local.node.layout import SOCKET, Layout
from containerjob_local.node.namespaces import Namespaces
from containerjob_local.node.system import System, find_system
from containerjob_local.state import State

# The image of the process that holds a pod's namespaces; it does nothing, for as long as it can.
PAUSE_IMAGE = "containerjob/pause:1"
_PAUSE = ("/bin/busybox", "sleep", "2147483647")
_IMPORT_SECONDS = 600.0  # images of a gigabyte, on a busy machine
_IMPORTED = re.compile(r"^unpacking (\S+) ", re.MULTILINE)


def import_archive(state_dir: Path, archive: Path) -> list[str]:
    """Import an archive as `docker save` writes it into the node of an environment; return the images' names."""
    layout = Layout(State(state_dir.absolute()))
    if not layout.folder.exists():
        raise NodeError(f"no node is up in {state_dir}: kubectl containerjob local up --node")
    system = find_system(layout.state.log("packages"), print)
    found = namespaces.find(layout, system)
    if found is None:
        raise NodeError(f"no node is up in {state_dir}: kubectl containerjob local up --node")
    return import_into(found, system, archive)


def import_into(inside: Namespaces, system: System, archive: Path) -> list[str]:
    """Import an archive into the containerd that runs within the namespaces; return the images' names."""
    if not archive.is_file():
        raise NodeError(f"{archive} is not a file: name an archive as `docker save` writes it")
    ctr = [str(system.ctr), f"--address={SOCKET}", "--namespace=k8s.io", "images", "import", "-"]
    names = _IMPORTED.findall(inside.run(*ctr, stdin=archive, seconds=_IMPORT_SECONDS))
    if not names:
        raise NodeError(f"{archive} holds no image for this machine")
    return names


def import_pause(inside: Namespaces, system: System) -> None:
    """Make the image that every pod begins with from the system's busybox, and import it."""
    with tempfile.TemporaryDirectory(prefix="containerjob-") as folder:
        archive = Path(folder, "pause.tar")
        write_archive(archive, busybox_layer(), PAUSE_IMAGE, _PAUSE)
        import_into(inside, system, archive)


def busybox_layer() -> bytes:
    """Return a root file system of the system's busybox; it is kept, since fetching the package takes long."""
    kept = cache_folder(os.environ) / "images" / "busybox.tar"
    if not kept.exists():
        with tempfile.TemporaryDirectory(prefix="containerjob-") as folder:
            write_private(kept, image_tar(static_busybox(Path(folder))))
    return kept.read_bytes()


def write_archive(archive: Path, layer: bytes, reference: str, command: Sequence[str]) -> None:
    """Write an image of one layer as `docker save` does."""
    config = {
        "architecture": machine(),
        "os": "linux",
        "config": {"Cmd": list(command), "Env": ["PATH=/usr/bin:/bin"]},
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{hashlib.sha256(layer).hexdigest()}"]},
    }
    manifest = [{"Config": "config.json", "RepoTags": [reference], "Layers": ["layer.tar"]}]
    with tarfile.open(archive, "w") as packed:
        for name, content in (
            ("config.json", json.dumps(config).encode()),
            ("layer.tar", layer),
            ("manifest.json", json.dumps(manifest).encode()),
        ):
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            packed.addfile(entry, io.BytesIO(content))
