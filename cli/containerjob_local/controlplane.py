"""etcd, kube-apiserver and kube-controller-manager on loopback: a cluster without nodes."""

import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from containerjob_local import flags, processes
from containerjob_local.binaries import Binaries
from containerjob_local.files import write_private
from containerjob_local.kubeconfig import write_certificate_kubeconfig, write_token_kubeconfig
from containerjob_local.kubectl import Kubectl
from containerjob_local.path_folder import link_programs
from containerjob_local.pki import Pki, ensure_client, ensure_pki
from containerjob_local.ports import LOOPBACK, free_ports, is_free, wanted_port
from containerjob_local.processes import StartedProcess
from containerjob_local.readiness import PlaneProbe, wait_until
from containerjob_local.state import PlaneRecord, State

# In starting order; each needs the ones before it.
PROGRAMS = ("etcd", "kube-apiserver", "kube-controller-manager")
READY_SECONDS = 60.0
# Nothing is lost by a kill: the API server keeps nothing, and without etcd it would wait for it in vain.
STOP_SECONDS = 5.0
TOKEN_HOURS = 8760  # longer than a local plane lives
# As whom the API server asks a kubelet for logs and the like.
KUBELET_CLIENT = "kube-apiserver-kubelet-client"


@dataclass(frozen=True, slots=True)
class Plane:
    """A control plane that runs."""

    state: State
    server: str
    version: str
    cluster_uid: str
    kubectl: Kubectl

    def service_account_kubeconfig(self, namespace: str, name: str, path: Path | None = None) -> Path:
        """Write a kubeconfig that acts as a service account, and return its path."""
        token = self.kubectl.run("create", "token", name, "-n", namespace, f"--duration={TOKEN_HOURS}h").strip()
        destination = path or self.state.folder / f"{namespace}-{name}.kubeconfig"
        pki = Pki(self.state.pki)
        write_token_kubeconfig(destination, server=self.server, pki=pki, token=token, user=name, namespace=namespace)
        return destination


def running_plane(state: State) -> Plane | None:
    """Return the plane of this state folder if all of its processes run."""
    record = state.plane()
    if record is None or not record.cluster_uid:
        return None
    if any(processes.recorded(state.record(name)) is None for name in PROGRAMS):
        return None
    return _plane(state, record)


def start_plane(
    state: State, binaries: Binaries, port: int | None, report: Callable[[str], None], block: str = ""
) -> Plane:
    """Start a plane and wait until it is ready; of a crashed one the processes are stopped and the data kept.

    `block` holds the addresses of the node it is to have; empty without one.
    """
    started = time.monotonic()
    if stop_plane(state):
        report("• a part of the control plane had crashed: starting it again with its data")
    record = replace(choose_ports(state.plane(), port), block=block)
    state.remember_plane(record)
    link_programs(state.programs, binaries.kubectl)
    pki = _ensure_pki(state, record)
    _write_configuration(state, pki, record)
    with contextlib.ExitStack() as undo:
        undo.callback(stop_plane, state)  # a start that fails leaves its logs, but no processes
        children = _start_programs(state, binaries, pki, record)
        probe = PlaneProbe(record.port, pki, record.address)
        wait_until(probe.is_ready, what="the control plane", seconds=READY_SECONDS, needs=children)
        record = replace(record, cluster_uid=probe.cluster_uid(), version=probe.version())
        state.remember_plane(record)
        undo.pop_all()
    plane = _plane(state, record)
    seconds = time.monotonic() - started
    report(f"✔ control plane ready at {plane.server} (Kubernetes {plane.version}, {seconds:.1f} s)")
    return plane


def stop_plane(state: State) -> list[str]:
    """Stop what runs of a plane, clients before servers, and return the names of what was stopped."""
    stopped = [processes.stop_recorded(state.record(name), STOP_SECONDS) for name in reversed(PROGRAMS)]
    return [process.name for process in stopped if process is not None]


def _plane(state: State, record: PlaneRecord) -> Plane:
    return Plane(
        state=state,
        server=_server(record),
        version=record.version,
        cluster_uid=record.cluster_uid,
        kubectl=Kubectl(state.programs / "kubectl", state.admin_kubeconfig),
    )


def _server(record: PlaneRecord) -> str:
    return f"https://{record.address}:{record.port}"


def choose_ports(before: PlaneRecord | None, port: int | None) -> PlaneRecord:
    """Keep the ports of an earlier start, where kubeconfigs expect the plane, if they are free; else take others."""
    fresh, fresh_etcd = free_ports(2)
    if port is not None:
        fresh = wanted_port(port)
    elif before is not None and is_free(before.port):
        fresh = before.port
    if before is not None and before.etcd_port != fresh and is_free(before.etcd_port):
        fresh_etcd = before.etcd_port
    return PlaneRecord(port=fresh, etcd_port=fresh_etcd)


def _ensure_pki(state: State, record: PlaneRecord) -> Pki:
    addresses = record.addresses
    if addresses is None:
        return ensure_pki(state.pki)
    pki = ensure_pki(state.pki, (LOOPBACK, addresses.host, addresses.api_service))
    ensure_client(pki, "kubelet-client", KUBELET_CLIENT)
    return pki


def _write_configuration(state: State, pki: Pki, record: PlaneRecord) -> None:
    server = _server(record)
    write_certificate_kubeconfig(state.admin_kubeconfig, server=server, pki=pki, user="admin")
    write_certificate_kubeconfig(
        state.controller_manager_kubeconfig, server=server, pki=pki, user="kube-controller-manager"
    )
    write_private(state.audit_policy, flags.AUDIT_POLICY)
    state.etcd_data.mkdir(mode=0o700, exist_ok=True)


def _start_programs(
    state: State, binaries: Binaries, pki: Pki, record: PlaneRecord
) -> list[tuple[StartedProcess, Path]]:
    """Start all three at once: each waits for the one it needs."""
    commands = {
        "etcd": flags.etcd(binaries.etcd, state, pki, record),
        "kube-apiserver": flags.kube_apiserver(binaries.kube_apiserver, state, pki, record),
        "kube-controller-manager": flags.kube_controller_manager(
            binaries.kube_controller_manager,
            state.controller_manager_kubeconfig,
            pki,
            flags.ALL_CONTROLLERS if record.block else flags.CONTROLLERS,
        ),
    }
    children = []
    for name in PROGRAMS:
        log = state.log(name)
        process = processes.start(name, commands[name], log=log, record=state.record(name))
        children.append((process, log))
    return children
