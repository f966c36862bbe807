"""What the node is called, where it keeps its things, and where its programs see them."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from containerjob_local.state import State

NODE_NAME = "local"
# In the order of their start: each needs the ones before it.
PROGRAMS = ("containerd", "kubelet", "kube-proxy", "kube-scheduler")
SOCKET = Path("/run/containerd/containerd.sock")


@dataclass(frozen=True, slots=True)
class Layout:
    """The folders, the interface and the control group of one node."""

    state: State

    @property
    def folder(self) -> Path:
        return self.state.node

    @property
    def namespaces(self) -> Path:
        """Name the record of the process that holds the node's namespaces."""
        return self.state.record("node")

    @property
    def points(self) -> Path:
        """Name the file that lists the mount points that were made for the node."""
        return self.folder / "mount-points.json"

    @property
    def images(self) -> Path:
        """Name containerd's store."""
        return self.folder / "containerd"

    @property
    def cni(self) -> Path:
        """Name the folder of the network's configuration."""
        return self.folder / "cni"

    @property
    def link(self) -> str:
        """Name the machine's end of the link, the same at each start, within an interface's 15 characters."""
        return f"cjnode-{self._digest[:8]}"

    @property
    def cgroup(self) -> str:
        """Name the control group of all pods: the kubelet kills whatever it does not know in its own."""
        return f"containerjob-node-{self._digest[:8]}"

    @property
    def mounts(self) -> dict[Path, Path | None]:
        """Map what the node's programs insist on to folders of ours; None stands for memory, emptied by a stop."""
        return {
            Path("/run/containerd"): None,
            Path("/var/lib/cni"): self.folder / "addresses",
            Path("/var/lib/kubelet"): self.folder / "kubelet",
            Path("/var/log/containers"): self.folder / "log-links",
            Path("/var/log/pods"): self.folder / "logs",
        }

    @property
    def _digest(self) -> str:
        return hashlib.sha256(bytes(self.folder)).hexdigest()
