"""What `seed` makes: sample objects as JSON beside this file, each marked by a label whose value is its own name.

A copy under another name carries a label that is not its name: nobody's copy is deleted as a sample.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib import resources
from typing import Any, Final

LABEL: Final = "containerjobs.io/sample"
NAMESPACE_LABEL: Final = "kubernetes.io/metadata.name"
HOST_NAME: Final = "local-docker"
ENDPOINT: Final = "unix:///var/run/docker.sock"

Body = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the samples shall look like."""

    namespace: str
    host_name: str | None = HOST_NAME
    """None leaves the host out."""
    endpoint: str = ENDPOINT
    demo: bool = False
    """True has the jobs run."""


@dataclass(slots=True)
class Plan:
    """What to write, and what is said of everything that was looked at."""

    apply: list[Body] = field(default_factory=list)
    kept: list[tuple[Body, str]] = field(default_factory=list)
    """Objects that are left alone, each with the reason; empty where it is as it should be."""
    taken: list[Body] = field(default_factory=list)
    """Objects of somebody else under a sample's name."""


def manifests(wanted: Wanted) -> Iterator[Body]:
    """Give the samples in the order in which they are made."""
    folder = resources.files(__package__)
    for file in sorted(
        (entry for entry in folder.iterdir() if entry.name.endswith(".json")), key=lambda entry: entry.name
    ):
        body: Body = json.loads(file.read_text(encoding="utf-8"))
        if body["kind"] == "DockerHost":
            if wanted.host_name is None:
                continue
            body["metadata"]["name"] = wanted.host_name
            body["spec"] |= {"endpoint": wanted.endpoint, "allowedNamespaces": admitting([wanted.namespace])}
        else:
            body["metadata"]["namespace"] = wanted.namespace
        if body["kind"] == "ContainerJob":
            body["spec"]["suspend"] = not wanted.demo
        body["metadata"]["labels"] = {LABEL: body["metadata"]["name"]}
        yield body


def plan(wanted: Wanted, present: Iterable[Body], hosts: Iterable[Body]) -> Plan:
    """Compare the samples with what there is; an object of somebody else is never written to."""
    there = {identity(body): body for body in present}
    all_hosts = list(hosts)
    made = Plan()
    for manifest in manifests(wanted):
        if manifest["kind"] == "DockerHost":
            _plan_host(made, manifest, all_hosts, wanted.namespace)
            continue
        old = there.get(identity(manifest))
        if old is None:
            made.apply.append(manifest)
        elif not ours(old):
            made.taken.append(old)
        elif manifest["kind"] == "ContainerJob" and _started(old, wanted):
            finished = old.get("status", {}).get("finished", False)
            made.kept.append((old, "finished: delete it to run it again" if finished and wanted.demo else ""))
        else:
            made.apply.append(_guarded(manifest, old))
    return made


def _plan_host(made: Plan, manifest: Body, hosts: list[Body], namespace: str) -> None:
    named = next((host for host in hosts if identity(host) == identity(manifest)), None)
    if named is not None and not ours(named):
        made.kept.append((named, "not from seed"))
        return
    if named is None:
        endpoint = manifest["spec"]["endpoint"]
        same = next((host for host in hosts if host["spec"]["endpoint"] == endpoint), None)
        if same is None:
            made.apply.append(manifest)
        else:
            made.kept.append((same, f"it has the endpoint {endpoint} already"))
        return
    before = admitted(named)
    manifest["spec"]["allowedNamespaces"] = admitting([*before, namespace])
    made.apply.append(_guarded(manifest, named, locked=namespace not in before))


def _started(job: Body, wanted: Wanted) -> bool:
    """Whether the job is beyond seeding: it has run, or somebody lets it run while we would suspend it."""
    status = job.get("status", {})
    if status.get("finished") or status.get("attempts"):
        return True
    return not wanted.demo and not job["spec"].get("suspend", False)


def _guarded(manifest: Body, old: Body, *, locked: bool = False) -> Body:
    """Aim at this very object; at this very version where the manifest depends on what was read."""
    keys = ("uid", "resourceVersion") if locked else ("uid",)
    return {**manifest, "metadata": manifest["metadata"] | {key: old["metadata"][key] for key in keys}}


def ours(body: Body) -> bool:
    """Whether `seed` made the object."""
    metadata = body["metadata"]
    return bool((metadata.get("labels") or {}).get(LABEL) == metadata["name"])


def identity(body: Body) -> str:
    """Name an object as kubectl does: containerjob.containerjobs.io/x."""
    group = body["apiVersion"].rpartition("/")[0]
    return f"{body['kind'].lower()}{f'.{group}' if group else ''}/{body['metadata']['name']}"


def admitting(namespaces: Iterable[str]) -> Body:
    """Return allowedNamespaces for exactly these."""
    chosen = sorted(set(namespaces))
    requirement = {"key": NAMESPACE_LABEL, "operator": "In", "values": chosen}
    return {"from": "Selector", "selector": {"matchExpressions": [requirement]}}


def admitted(host: Body) -> list[str]:
    """Return the namespaces that a host admits by name."""
    selector = host["spec"].get("allowedNamespaces", {}).get("selector", {})
    by_name = [each for each in selector.get("matchExpressions", ()) if each["key"] == NAMESPACE_LABEL]
    return [name for each in by_name if each["operator"] == "In" for name in each["values"]]


def verb(old: Body | None, new: Body) -> str:
    """Say what became of an object, as kubectl apply does."""
    if old is None:
        return "created"
    return "unchanged" if _content(old) == _content(new) else "configured"


def _content(body: Body) -> Mapping[str, Any]:
    """Return what a person wrote: no status, no bookkeeping."""
    metadata = body["metadata"]
    rest = {key: value for key, value in body.items() if key not in {"metadata", "status"}}
    return rest | {"labels": metadata.get("labels"), "annotations": metadata.get("annotations")}
