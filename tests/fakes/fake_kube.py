"""An API server in memory, under the operator's real client: versions, uids, merge patches, watch events, faults."""

import asyncio
import builtins
import copy
from collections.abc import Callable
from itertools import count
from typing import Any, Final
from uuid import uuid4

from lightkube.operators import BinaryOperator
from tests.fakes.record import broken_rules
from tests.fakes.troubles import NO_TROUBLE, Trouble

from containerjob_api.names import read_host
from containerjob_api.phases import MOVES, Phase
from containerjob_operator.errors import KubeRefused, ObjectGone, WriteConflict
from containerjob_operator.kube.api import Api, Picked, Resource
from containerjob_operator.kube.client import Kube
from containerjob_operator.kube.resources import CLOUDRUNHOST, CONTAINERJOB, DOCKERHOST, NAMESPACE, Body
from containerjob_operator.reconcile.clock import Clock, wall_clock

Key = tuple[str, str, str]
"""Kind, namespace, name."""
Watcher = Callable[[str, Body], None]
"""Gets the type of a watch event and the object."""
LAG_SECONDS: Final = 0.2
SELECTABLE: Final = {"ContainerJob": ("status.finished", "status.expireTime")}


class FakeApi(Api):
    """Objects by kind and name; the status subresource and the rules of a job's life as our CRDs have them."""

    def __init__(self) -> None:
        self.objects: dict[Key, Body] = {}
        self.trouble: Trouble = NO_TROUBLE
        self.writes: list[tuple[str, Body]] = []
        """Every patch that took effect, by `kind name`."""
        self.deletions: list[str] = []
        """Every deletion by the operator, by `kind name`."""
        self.watchers: list[Watcher] = []
        self.clock: Clock = wall_clock
        self.lagging = False
        """Lists then show each object as it was before the last write to it, also where that was its deletion."""
        self._before: dict[Key, Body] = {}
        self._versions = count(100)

    async def aclose(self) -> None:
        """Close nothing."""

    async def get(self, kind: Resource, name: str, namespace: str | None = None) -> Body:
        """Read one object."""
        return await self.trouble.around(f"get {kind.__name__}", lambda: self._get(kind, name, namespace))

    async def create(self, kind: Resource, body: Body) -> Body:
        """Create one object."""
        return await self.trouble.around(f"create {kind.__name__}", lambda: self._create(kind, body))

    async def patch(
        self, kind: Resource, name: str, patch: Body, namespace: str | None = None, *, status: bool = False
    ) -> Body:
        """Apply a merge patch to the object or to its status."""
        what = f"patch {kind.__name__}"
        return await self.trouble.around(what, lambda: self._patch(kind, name, patch, namespace, status=status))

    async def delete_exactly(self, kind: Resource, name: str, namespace: str | None, uid: str, version: str) -> bool:
        """Delete as the operator does: only what it has read."""
        return await self.trouble.around(
            f"delete {kind.__name__}", lambda: self._delete(kind, name, namespace or "", uid, version)
        )

    async def pick(
        self,
        kind: Resource,
        pick: Callable[[Body], Picked],
        fields: dict[str, BinaryOperator] | None = None,
        namespace: str | None = None,
    ) -> builtins.list[Picked]:
        """List one kind by the selectors that its CRD has."""

        async def listed() -> builtins.list[Picked]:
            objects = self.objects | self._before if self.lagging else self.objects
            found = [
                body
                for (known, home, _), body in objects.items()
                if known == kind.__name__ and namespace in (None, home)
            ]
            if self.lagging:
                asyncio.get_running_loop().call_later(LAG_SECONDS, self._catch_up)
            return [pick(copy.deepcopy(body)) for body in found if _selected(kind, body, fields or {})]

        return await self.trouble.around(f"list {kind.__name__}", listed)

    async def _get(self, kind: Resource, name: str, namespace: str | None) -> Body:
        return copy.deepcopy(self._find(kind, name, namespace))

    async def _delete(self, kind: Resource, name: str, namespace: str, uid: str, version: str) -> bool:
        metadata = self._find(kind, name, namespace)["metadata"]
        if (metadata["uid"], metadata["resourceVersion"]) != (uid, version):
            raise WriteConflict(f"{kind.__name__} {name}: the preconditions do not hold")
        self.deletions.append(f"{kind.__name__} {name}")
        if not metadata.get("finalizers"):
            self.delete(kind, name, namespace)
            return True
        self.edit(kind, name, {"metadata": {"deletionTimestamp": self._now()}}, namespace)
        return False

    async def _create(self, kind: Resource, body: Body) -> Body:
        return copy.deepcopy(self.put(kind, body))

    async def _patch(self, kind: Resource, name: str, patch: Body, namespace: str | None, *, status: bool) -> Body:
        old = self._find(kind, name, namespace)
        version = patch.get("metadata", {}).get("resourceVersion")
        if version is not None and version != old["metadata"]["resourceVersion"]:
            raise WriteConflict(f"{kind.__name__} {name}: the object has been modified")
        new = merged(old, {key: value for key, value in patch.items() if (key == "status") == status})
        if kind is CONTAINERJOB:
            check_life_cycle(old, new)
        self.writes.append((f"{kind.__name__} {name}", copy.deepcopy(patch)))
        return copy.deepcopy(self._store(kind, old, new))

    def put(self, kind: Resource, body: Body) -> Body:
        """Create an object as a user does."""
        key = (kind.__name__, body["metadata"].get("namespace", ""), body["metadata"]["name"])
        if key in self.objects:
            raise WriteConflict(f"{kind.__name__} {key[2]} exists already")
        stored = {"kind": kind.__name__, **copy.deepcopy(body)}
        stored["metadata"] |= {"uid": str(uuid4()), "generation": 1, "resourceVersion": str(next(self._versions))}
        stored["metadata"]["creationTimestamp"] = self._now()
        if kind in (CONTAINERJOB, DOCKERHOST, CLOUDRUNHOST):
            stored["status"] = {"observedGeneration": -1, "phase": "Pending"}
        self.objects[key] = stored
        self._tell("ADDED", stored)
        return stored

    def edit(self, kind: Resource, name: str, patch: Body, namespace: str = "") -> Body:
        """Change an object as a user does; its generation counts up where the spec changed."""
        old = self._find(kind, name, namespace)
        return self._store(kind, old, merged(old, patch))

    def delete(self, kind: Resource, name: str, namespace: str = "") -> None:
        """Delete an object; it is gone at once."""
        key = (kind.__name__, namespace, name)
        self._before[key] = copy.deepcopy(self.objects[key])
        gone = self.objects.pop(key)
        gone["metadata"]["resourceVersion"] = str(next(self._versions))
        self._tell("DELETED", gone)

    def _find(self, kind: Resource, name: str, namespace: str | None) -> Body:
        body = self.objects.get((kind.__name__, namespace or "", name))
        if body is None:
            raise ObjectGone(f'{kind.__name__} "{name}" not found')
        return body

    def _store(self, kind: Resource, old: Body, new: Body) -> Body:
        if new == old:
            return old
        if new.get("spec") != old.get("spec"):
            new["metadata"]["generation"] += 1
        new["metadata"]["resourceVersion"] = str(next(self._versions))
        key = (kind.__name__, new["metadata"].get("namespace", ""), new["metadata"]["name"])
        self._before[key] = copy.deepcopy(old)
        self.objects[key] = new
        self._tell("DELETED" if kind is CONTAINERJOB and _finished(new) else "MODIFIED", new)
        return new

    def _catch_up(self) -> None:
        """Send what a list was too old for: a watch goes on from the version of its list, however old that was."""
        for key in self._before:
            body = self.objects.get(key)
            if body is not None and not _finished(body):
                self._tell("MODIFIED", body)

    def _now(self) -> str:
        return self.clock().strftime("%Y-%m-%dT%H:%M:%SZ")

    def _tell(self, type_: str, body: Body) -> None:
        for watcher in self.watchers:
            watcher(type_, copy.deepcopy(body))


class FakeKube(Kube):
    """The operator's own client over objects in memory, with what people do to them."""

    def __init__(self) -> None:
        self.fake = FakeApi()
        super().__init__(self.fake)
        self.fake.put(NAMESPACE, {"metadata": {"name": "kube-system"}})
        self.fake.put(NAMESPACE, {"metadata": {"name": "team-a", "labels": {"team": "a"}}})

    async def job_uids(self) -> frozenset[str]:
        """List uids, as the API server's table of all jobs does."""

        async def listed() -> frozenset[str]:
            served = self.namespaces_served
            jobs = (
                body
                for (kind, home, _), body in self.fake.objects.items()
                if kind == "ContainerJob" and (not served or home in served)
            )
            return frozenset(body["metadata"]["uid"] for body in jobs)

        return await self.fake.trouble.around("table ContainerJob", listed)

    def create_job(self, name: str = "hello", namespace: str = "team-a", **spec: Any) -> Body:
        """Create a job that is not tried again unless `spec` says so; `argv` is the container's command."""
        spec = {"backoffLimit": 0, "retryPolicy": {"launchRetryLimit": 0}, **spec}
        argv, image = spec.pop("argv", ["true"]), spec.pop("image", "busybox")
        template = {"spec": {"containers": [{"name": "main", "image": image, "command": argv}]}}
        return self.fake.put(
            CONTAINERJOB,
            {"metadata": {"name": name, "namespace": namespace}, "spec": {"template": template, **spec}},
        )

    def edit_job(self, patch: Body, name: str = "hello", namespace: str = "team-a") -> Body:
        """Change a job as a user, or another operator, does."""
        return self.fake.edit(CONTAINERJOB, name, patch, namespace)

    def delete_job(self, name: str = "hello", namespace: str = "team-a") -> None:
        """Delete a job."""
        self.fake.delete(CONTAINERJOB, name, namespace)

    def job(self, name: str = "hello", namespace: str = "team-a") -> Body:
        """Return a job as it is stored."""
        return self.fake.objects["ContainerJob", namespace, name]

    def status(self, name: str = "hello", namespace: str = "team-a") -> Body:
        """Return a job's stored status."""
        status: Body = self.job(name, namespace)["status"]
        return status

    def condition(self, type_: str, name: str = "hello") -> Body:
        """Return a condition of a job; empty where it has none of this type."""
        found: Body = next((c for c in self.status(name).get("conditions", ()) if c["type"] == type_), {})
        return found

    def create_host(self, name: str, endpoint: str, **spec: Any) -> Body:
        """Create a host that is open to every namespace."""
        spec = {"allowedNamespaces": {"from": "All"}, "maxConcurrentJobs": 4, **spec}
        return self.fake.put(DOCKERHOST, {"metadata": {"name": name}, "spec": {"endpoint": endpoint, **spec}})

    def create_cloud_host(self, name: str, project: str = "demo-project", **spec: Any) -> Body:
        """Create a Cloud Run host that is open to every namespace."""
        told = {"project": project, "location": "europe-west1", "allowedNamespaces": {"from": "All"}, **spec}
        return self.fake.put(CLOUDRUNHOST, {"metadata": {"name": name}, "spec": told})

    def edit_host(self, name: str, spec: Body) -> Body:
        """Change a host's spec as an administrator does."""
        return self.fake.edit(DOCKERHOST, name, {"spec": spec})

    def host(self, name: str) -> Body:
        """Return a host as it is stored."""
        kind, plain = read_host(name)
        return self.fake.objects[kind, "", plain]

    def status_writes(self, name: str = "hello") -> list[Body]:
        """Return what was written to a job's status, in order."""
        return [patch["status"] for what, patch in self.fake.writes if what == f"ContainerJob {name}"]


def merged(target: Any, patch: Any) -> Any:
    """Apply a JSON merge patch, RFC 7396."""
    if not isinstance(patch, dict):
        return copy.deepcopy(patch)
    result = copy.deepcopy(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = merged(result.get(key), value)
    return result


def check_life_cycle(old: Body, new: Body) -> None:
    """Refuse what the CRD's transition rules refuse, and what no operator may ever ask: a phase that moves back."""
    before, after = old.get("status", {}), new.get("status", {})
    broken = broken_rules(before, after)
    if broken:
        raise KubeRefused("; ".join(broken))
    was, becomes = Phase(before.get("phase", "Pending")), Phase(after.get("phase", "Pending"))
    if becomes is not was and becomes not in MOVES[was]:
        raise KubeRefused(f"a job went from {was} to {becomes}")
    if bool(after.get("finished")) != ("finishTime" in after):
        raise KubeRefused("a finished job has a finishTime, and no other job has one")
    if after.get("attemptCount", 0) - before.get("attemptCount", 0) not in (0, 1):
        raise KubeRefused("attempts are counted one by one")


def _selected(kind: Resource, body: Body, fields: dict[str, BinaryOperator]) -> bool:
    """Match as a server does: by text, empty where the object has no such field."""
    for path, operator in fields.items():
        if path not in SELECTABLE.get(kind.__name__, ()):
            raise KubeRefused(f"field label not supported: {path}")
        value: Any = body
        for part in path.split("."):
            value = value.get(part, {})
        text = str(value).lower() if isinstance(value, bool) else value or ""
        if (text == operator.value) is not (operator.op == "="):
            return False
    return True


def _finished(body: Body) -> bool:
    return bool(body.get("status", {}).get("finished"))
