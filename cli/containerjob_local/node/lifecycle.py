"""The node from its namespaces to Ready, and back to nothing."""

import contextlib
import json
import os
import socket
import time
from collections.abc import Callable
from pathlib import Path

from containerjob_local import addresses as blocks
from containerjob_local import processes
from containerjob_local.addresses import Addresses
from containerjob_local.binaries.ladder import find_all
from containerjob_local.binaries.releases import NODES, kubernetes_version
from containerjob_local.controlplane import KUBELET_CLIENT, Plane
from containerjob_local.errors import KubectlError, NodeError
from containerjob_local.files import private_folder, write_private
from containerjob_local.kubeconfig import write_certificate_kubeconfig
from containerjob_local.node import cgroups, configuration, images, link, mount_points, namespaces
from containerjob_local.node.layout import NODE_NAME, PROGRAMS, SOCKET, Layout
from containerjob_local.node.namespaces import Namespaces
from containerjob_local.node.system import System, find_system
from containerjob_local.pki import Pki, ensure_client, ensure_serving
from containerjob_local.processes import StartedProcess
from containerjob_local.readiness import wait_until
from containerjob_local.state import State

_CONTAINERD_SECONDS = 30.0
_READY_SECONDS = 90.0
_CONNECT_SECONDS = 0.5
# By program: its user and group, as the API server's own rules know them.
_USERS = {
    "kubelet": (f"system:node:{NODE_NAME}", "system:nodes"),
    "kube-proxy": ("system:kube-proxy", None),
    "kube-scheduler": ("system:kube-scheduler", None),
}

Report = Callable[[str], None]


def is_running(state: State) -> bool:
    """Tell whether all of the node's programs run."""
    return not stopped_programs(state)


def stopped_programs(state: State) -> list[str]:
    """Name the programs of the node that do not run."""
    names = (namespaces.NAME, *PROGRAMS)
    return [name for name in names if processes.recorded(state.record(name)) is None]


def make_room(state: State, version: str | None, report: Report) -> str:
    """Make the node's namespaces and its link to the machine, where the API server is to listen; return its block.

    They come before the plane. A node of which a part has crashed is taken down first: it comes up again as after
    a reboot, with its images. `version` is of Kubernetes; its programs are found first, since that may take long.
    """
    layout, record = Layout(state), state.plane()
    block = record.block if record is not None else ""
    if block and is_running(state):
        return block
    system = find_system(state.log("packages"), report)
    find_all(NODES[kubernetes_version(os.environ, version)], report)
    stop_node(state)
    block = block or blocks.choose_block(layout.folder, link.destinations(system.ip))
    with contextlib.ExitStack() as undo:
        undo.callback(stop_node, state)
        private_folder(layout.folder)
        cgroups.make(layout.cgroup, cgroups.hierarchies())
        mount_points.make(layout.mounts, layout.points)
        made = namespaces.make(layout, system)
        link.make(layout.link, Addresses(block), system.ip, made)
        undo.pop_all()
    return block


def start_node(plane: Plane, version: str | None, report: Report) -> None:
    """Start the node's programs within its namespaces and wait until pods can run; nothing is left of a failure."""
    state, started = plane.state, time.monotonic()
    layout, record = Layout(state), state.plane()
    addresses = record.addresses if record is not None else None
    system = find_system(state.log("packages"), report)
    inside = namespaces.find(layout, system)
    if addresses is None or inside is None:
        raise NodeError("the plane was started without room for a node: take it down and up again with --node")
    if is_running(state):
        report(f"✔ node already running ({_version(plane)})")
        return
    programs = find_all(NODES[kubernetes_version(os.environ, version)], report) | {"containerd": system.containerd}
    _write_configuration(plane, layout, addresses)
    plane.kubectl.apply(_logs_and_exec())
    before = _ready_since(plane)
    with contextlib.ExitStack() as undo:
        undo.callback(stop_node, state)
        needs = _start_programs(inside, layout, system, configuration.commands(programs, layout, addresses))
        wait_until(
            lambda: _ready_since(plane) not in ("", before), what="the node", seconds=_READY_SECONDS, needs=needs
        )
        wait_until(lambda: _connects(addresses.api_service), what="kube-proxy", seconds=_READY_SECONDS, needs=needs)
        undo.pop_all()
    report(f"✔ node ready ({_version(plane)}, pods at {addresses.pods}, {time.monotonic() - started:.1f} s)")


def stop_node(state: State) -> bool:
    """Kill the node with its pods and remove all it made, whatever a crash left of it; tell whether it ran."""
    layout = Layout(state)
    ran = bool(_running(state))
    namespaces.end(layout.folder)
    for name in (namespaces.NAME, *PROGRAMS):
        processes.stop_recorded(state.record(name))
    cgroups.remove(layout.cgroup, cgroups.hierarchies())
    link.remove(layout.link)
    mount_points.remove(layout.points)
    return ran


def describe(plane: Plane) -> tuple[bool, str]:
    """Tell whether pods can run, and what a person wants to know of the node."""
    stopped = stopped_programs(plane.state)
    if stopped:
        return False, f"not running: {', '.join(stopped)}"
    try:
        ready, version = bool(_ready_since(plane)), _version(plane)
    except KubectlError as error:
        return False, str(error)
    return (
        ready,
        f"{NODE_NAME} ({version})" if ready else f"{NODE_NAME} is not Ready: kubectl describe node {NODE_NAME}",
    )


def _running(state: State) -> list[StartedProcess]:
    found = (processes.recorded(state.record(name)) for name in (namespaces.NAME, *PROGRAMS))
    return [process for process in found if process is not None]


def _write_configuration(plane: Plane, layout: Layout, addresses: Addresses) -> None:
    pki, folder = Pki(plane.state.pki), layout.folder
    ensure_serving(pki, "kubelet-server", NODE_NAME, addresses.node)
    for name, (user, group) in _USERS.items():
        ensure_client(pki, name, user, group)
        write_certificate_kubeconfig(folder / f"{name}.kubeconfig", server=plane.server, pki=pki, user=name)
    proxy = configuration.kube_proxy(addresses, folder / "kube-proxy.kubeconfig")
    write_private(folder / "containerd.toml", configuration.containerd(layout))
    write_private(folder / "kubelet.json", json.dumps(configuration.kubelet(layout, addresses, pki), indent=2))
    write_private(folder / "kube-proxy.json", json.dumps(proxy, indent=2))
    write_private(layout.cni / "pods.conflist", json.dumps(configuration.network(addresses), indent=2))


def _start_programs(
    inside: Namespaces, layout: Layout, system: System, commands: dict[str, list[str]]
) -> list[tuple[StartedProcess, Path]]:
    """Start containerd and see to the image it needs, then the rest at once."""
    children = []
    for name in PROGRAMS:
        log = layout.state.log(name)
        process = processes.start(
            name,
            inside.command(*commands[name]),
            log=log,
            record=layout.state.record(name),
            environment=namespaces.marked_environment(layout.folder),
        )
        children.append((process, log))
        if name == "containerd":
            wait_until(
                lambda: _answers(inside, system), what=name, seconds=_CONTAINERD_SECONDS, needs=[(process, log)]
            )
            images.import_pause(inside, system)
    return children


def _answers(inside: Namespaces, system: System) -> bool:
    try:
        inside.run(str(system.ctr), f"--address={SOCKET}", "--connect-timeout=1s", "version")
    except NodeError:
        return False
    return True


def _logs_and_exec() -> dict[str, object]:
    """Let the API server ask the kubelet for logs and the like, on behalf of those it lets ask for them."""
    return {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": KUBELET_CLIENT},
        "roleRef": {
            "apiGroup": "rbac.authorization.k8s.io",
            "kind": "ClusterRole",
            "name": "system:kubelet-api-admin",
        },
        "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": KUBELET_CLIENT}],
    }


def _ready_since(plane: Plane) -> str:
    """Return when the node last said that it is ready; empty when it says otherwise, or nothing yet."""
    condition = '.status.conditions[?(@.type=="Ready")]'
    wanted = f"jsonpath={{{condition}.status}} {{{condition}.lastHeartbeatTime}}"
    status, _, time_said = plane.kubectl.run("get", "node", NODE_NAME, "--ignore-not-found", "-o", wanted).partition(
        " "
    )
    return time_said.strip() if status == "True" else ""


def _version(plane: Plane) -> str:
    info = "{.status.nodeInfo.kubeletVersion}, {.status.nodeInfo.containerRuntimeVersion}"
    return "kubelet " + plane.kubectl.run("get", "node", NODE_NAME, "--ignore-not-found", "-o", f"jsonpath={info}")


def _connects(address: str) -> bool:
    """Tell whether the API server answers at its service IP, for which kube-proxy has to have made its rules."""
    try:
        with socket.create_connection((address, 443), timeout=_CONNECT_SECONDS):
            return True
    except OSError:
        return False
