"""What the node's four programs are told: their configuration files and command lines."""

from pathlib import Path
from typing import Any

from containerjob_local.addresses import Addresses
from containerjob_local.node.images import PAUSE_IMAGE
from containerjob_local.node.layout import NODE_NAME, SOCKET, Layout
from containerjob_local.node.system import CNI_PLUGINS
from containerjob_local.pki import Pki

_KUBELET_FOLDER = "/var/lib/kubelet"
_CRI = 'plugins."io.containerd.grpc.v1.cri"'


def containerd(layout: Layout) -> str:
    """Write containerd's configuration, in the version that 1.6 and 2 both read."""
    return f"""\
version = 2
root = "{layout.images}"
state = "{SOCKET.parent}"

[grpc]
address = "{SOCKET}"

[{_CRI}]
sandbox_image = "{PAUSE_IMAGE}"
# Where root may not lower it, no container could be started.
restrict_oom_score_adj = true

[{_CRI}.cni]
bin_dir = "{CNI_PLUGINS}"
conf_dir = "{layout.cni}"
"""


def network(addresses: Addresses) -> dict[str, Any]:
    """Describe the pods' network.

    Each pod has a link and a route of its own: what passes a bridge would evade the rules for services unless the
    kernel has a module for it.
    """
    subnet = {"type": "host-local", "subnet": addresses.pods, "routes": [{"dst": "0.0.0.0/0"}]}
    return {
        "cniVersion": "0.4.0",
        "name": "containerjob-local",
        "plugins": [
            {"type": "ptp", "ipMasq": False, "ipam": subnet},
            {"type": "portmap", "capabilities": {"portMappings": True}},
        ],
    }


def kubelet(layout: Layout, addresses: Addresses, pki: Pki) -> dict[str, Any]:
    """Describe a kubelet that asks the API server who may ask it, and that shares its machine with others."""
    serving = pki.pair("kubelet-server")
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "address": addresses.node,
        "authentication": {
            "anonymous": {"enabled": False},
            "webhook": {"enabled": True},
            "x509": {"clientCAFile": str(pki.pair("ca").certificate)},
        },
        "authorization": {"mode": "Webhook"},
        "cgroupDriver": "cgroupfs",
        "cgroupRoot": f"/{layout.cgroup}",
        "containerRuntimeEndpoint": f"unix://{SOCKET}",
        "enforceNodeAllocatable": [],
        # A machine that others fill must not empty the node, nor make it forget images that no registry has.
        "evictionHard": dict.fromkeys(
            ("memory.available", "nodefs.available", "nodefs.inodesFree", "imagefs.available"), "0%"
        ),
        "failCgroupV1": False,
        "failSwapOn": False,
        "imageGCHighThresholdPercent": 100,
        "oomScoreAdj": 0,
        "tlsCertFile": str(serving.certificate),
        "tlsPrivateKeyFile": str(serving.key),
        "volumePluginDir": f"{_KUBELET_FOLDER}/volume-plugins",
    }


def kube_proxy(addresses: Addresses, kubeconfig: Path) -> dict[str, Any]:
    """Describe a kube-proxy that leaves the machine's connection tracking as it is."""
    return {
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
        "kind": "KubeProxyConfiguration",
        "bindAddress": addresses.node,
        "clientConnection": {"kubeconfig": str(kubeconfig)},
        "clusterCIDR": addresses.pods,
        "conntrack": {"maxPerCore": 0, "min": 0, "tcpEstablishedTimeout": "0s", "tcpCloseWaitTimeout": "0s"},
        "hostnameOverride": NODE_NAME,
        "iptables": {"localhostNodePorts": False},
        "mode": "iptables",
        "oomScoreAdj": 0,
    }


def commands(programs: dict[str, Path], layout: Layout, addresses: Addresses) -> dict[str, list[str]]:
    """Build the command lines, by program."""
    folder = layout.folder
    scheduler = folder / "kube-scheduler.kubeconfig"
    return {
        "containerd": [str(programs["containerd"]), f"--config={folder / 'containerd.toml'}"],
        "kubelet": [
            str(programs["kubelet"]),
            f"--config={folder / 'kubelet.json'}",
            f"--kubeconfig={folder / 'kubelet.kubeconfig'}",
            f"--root-dir={_KUBELET_FOLDER}",
            f"--cert-dir={_KUBELET_FOLDER}/pki",
            f"--hostname-override={NODE_NAME}",
            f"--node-ip={addresses.node}",
        ],
        "kube-proxy": [str(programs["kube-proxy"]), f"--config={folder / 'kube-proxy.json'}"],
        "kube-scheduler": [
            str(programs["kube-scheduler"]),
            f"--kubeconfig={scheduler}",
            f"--authentication-kubeconfig={scheduler}",
            f"--authorization-kubeconfig={scheduler}",
            "--leader-elect=false",
            "--secure-port=0",
        ],
    }
