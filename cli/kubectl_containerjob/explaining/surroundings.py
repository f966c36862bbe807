"""Reads what explains a job beside the job itself: hosts, who else waits or runs, and labels of namespaces."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Final, TypeVar

from containerjob_api.names import host_text
from kubectl_containerjob import hosts as kinds
from kubectl_containerjob.explaining.waiting import Other, Surroundings
from kubectl_containerjob.kubectl import JOBS, Kubectl
from kubectl_containerjob.problems import Refused
from kubectl_containerjob.records import Host

T = TypeVar("T")
UNFINISHED: Final = "status.finished!=true"
_PLACES: Final = (
    "{.metadata.namespace}",
    "{.metadata.name}",
    "{.metadata.creationTimestamp}",
    "{.status.phase}",
    "{.status.host.name}",
    "{.spec.placement.hostRef.name}",
    "{.status.host.kind}",
    "{.spec.placement.hostRef.kind}",
)
ROWS: Final = "{range .items[*]}" + '{"\\t"}'.join(_PLACES) + '{"\\n"}{end}'
"""None of these values can hold a tab or a line break."""
HIDDEN: Final = "You may not list DockerHosts, so which there are and why each is not taken is not told here."


def gather(kubectl: Kubectl, namespaces: Iterable[str]) -> Surroundings:
    """Read what is needed to explain jobs of these namespaces; what is forbidden is left out, and said."""
    with ThreadPoolExecutor() as pool:
        hosts_read = pool.submit(readable, lambda: hosts(kubectl))
        others_read = pool.submit(readable, lambda: others(kubectl))
        found, rows = hosts_read.result(), others_read.result()
    labels = namespace_labels(kubectl, found or (), namespaces)
    return Surroundings(found, rows, labels, "" if found is not None else HIDDEN)


def readable(read: Callable[[], T]) -> T | None:
    """Return what is read; None where this user may not read it."""
    try:
        return read()
    except Refused as refused:
        if refused.reason != "Forbidden":
            raise
        return None


def hosts(kubectl: Kubectl) -> tuple[Host, ...]:
    """List every host."""
    return tuple(map(Host, kinds.items(kubectl)))


def others(kubectl: Kubectl) -> tuple[Other, ...]:
    """List every unfinished job, in a few words."""
    text = kubectl.run(
        "get", JOBS, "--all-namespaces", f"--field-selector={UNFINISHED}", f"-o=jsonpath={ROWS}", namespaced=False
    )
    return tuple(_other(*line.split("\t")) for line in text.splitlines())


def namespace_labels(kubectl: Kubectl, known: Iterable[Host], namespaces: Iterable[str]) -> dict[str, dict[str, str]]:
    """Read the labels of namespaces where a host asks for some; none where that is forbidden."""
    if not any((host.spec.get("allowedNamespaces") or {}).get("from") == "Selector" for host in known):
        return {}
    return readable(lambda: _labels(kubectl, sorted(set(namespaces)))) or {}


def _labels(kubectl: Kubectl, names: list[str]) -> dict[str, dict[str, str]]:
    body = kubectl.json("get", "namespaces", *names, namespaced=False)
    found = body["items"] if body["kind"] == "List" else [body]
    return {item["metadata"]["name"]: dict(item["metadata"].get("labels") or {}) for item in found}


def _other(*cells: str) -> Other:
    namespace, name, created, phase, host, pinned, host_kind, pinned_kind = cells
    on, to = host and host_text(host_kind, host), pinned and host_text(pinned_kind, pinned)
    return Other(namespace, name, datetime.fromisoformat(created), phase or "Pending", on, to)
