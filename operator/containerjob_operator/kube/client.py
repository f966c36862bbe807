"""Kube: what the operator asks of the API server, in terms of our own models."""

import base64
from collections.abc import AsyncGenerator, Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import httpx2
import structlog
from lightkube.operators import BinaryOperator, not_equal

from containerjob_api.cloudrunhosts import KEY_ENTRY
from containerjob_api.hostkinds import MODELS
from containerjob_api.hostparts import AnyHost, HostStatus
from containerjob_api.hostrefs import HostKind, HostReference
from containerjob_api.jobs import ContainerJob
from containerjob_api.jobstatus import ContainerJobStatus
from containerjob_api.phases import HostReason
from containerjob_api.resources import ObjectMeta, Value
from containerjob_operator.errors import (
    HostRefused,
    HostUnavailable,
    KubeError,
    KubeRefused,
    ObjectGone,
    WriteConflict,
)
from containerjob_operator.kube import crdcheck, job_watch, tables
from containerjob_operator.kube.api import Api, Resource
from containerjob_operator.kube.expiring import Expiring
from containerjob_operator.kube.job_watch import Change, Wanted
from containerjob_operator.kube.patches import fenced, merge_patch
from containerjob_operator.kube.resources import (
    CONFIGMAP,
    CONTAINERJOB,
    CRD,
    EXPIRE_TIME,
    HOSTS,
    NAMESPACE,
    SECRET,
    Body,
)
from containerjob_operator.logs import about

log = structlog.get_logger(__name__)

Picked = TypeVar("Picked")
HostModel = TypeVar("HostModel", bound=AnyHost)


class Kube:
    """Reads and status writes. Every method raises KubeError's kinds only, and asks once."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self.permit: Callable[[], None] = lambda: None
        """Asked before every write: raises where this process must not act any more."""
        self.rehearsing = False
        """Nothing is written then, but told in the log."""
        self.namespaces_served: tuple[str, ...] = ()
        """Only jobs in these are read; in all namespaces where there is none."""
        self.host_kinds: tuple[HostKind, ...] = tuple(HOSTS)
        """Kinds of hosts that the cluster has."""

    @classmethod
    def connect(cls, kubeconfig: Path | None = None, *, transport: httpx2.AsyncBaseTransport | None = None) -> Self:
        """Prepare a client inside the running loop, from a kubeconfig file or, without one, from the pod."""
        return cls(Api.connect(kubeconfig, transport=transport))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close all connections."""
        await self.api.aclose()

    async def get_job(self, namespace: str, name: str) -> ContainerJob | None:
        """Read a job, None when there is none; pydantic's ValidationError where it can't be read."""
        body = await self._find(CONTAINERJOB, name, namespace)
        return None if body is None else ContainerJob.from_body(body)

    async def job_uid(self, namespace: str, name: str) -> str | None:
        """Read the uid of the job of this name, whether or not the rest can be read; None when there is none."""
        body = await self._find(CONTAINERJOB, name, namespace)
        return None if body is None else str(body["metadata"]["uid"])

    async def delete_expired(self, job: ContainerJob) -> bool:
        """Delete a job, if nobody has changed it since it was read; say whether it is gone at once.

        ObjectGone and WriteConflict as for writes.
        """
        metadata = job.metadata
        if not self._may_write(f"delete ContainerJob {metadata.namespace}/{metadata.name}", about(job)):
            return False
        return await self.api.delete_exactly(
            CONTAINERJOB, metadata.name, metadata.namespace, metadata.uid, metadata.resource_version
        )

    async def expiring_jobs(self) -> list[Expiring]:
        """Read which jobs have a time at which they are deleted, and when."""
        return await self._pick_jobs(Expiring.from_body, {EXPIRE_TIME: not_equal("")})

    async def write_job_status(self, job: ContainerJob, status: ContainerJobStatus) -> ContainerJob:
        """Store `status` if nobody has written since `job` was read; ask nothing when it is stored already."""
        metadata = await self._write_status(CONTAINERJOB, job.metadata, job.status, status)
        return job.model_copy(update={"metadata": metadata, "status": status})

    async def live_jobs(self) -> list[Body]:
        """Read all unfinished jobs, unparsed: one that can't be read must not hide the others.

        Not `=false`: a selector sees the stored object, and a fresh job has no `finished` yet.
        """
        return await self._pick_jobs(dict, {crdcheck.FINISHED: not_equal("true")})

    async def jobs_wanted(self, wanted: Wanted, pick: Callable[[Body], Picked]) -> list[Picked]:
        """Read some jobs, and keep of each only what `pick` takes; KubeRefused where the selector is none."""
        return (await job_watch.listed(self.api.http, wanted, pick))[0]

    def follow_jobs(self, wanted: Wanted, pick: Callable[[Body], Picked]) -> AsyncGenerator[Change[Picked]]:
        """Yield all of these jobs, then every change of them, for ever; KubeUnavailable only before the first."""
        return job_watch.follow(self.api.http, wanted, pick)

    async def job_uids(self) -> frozenset[str]:
        """Read the uids of all jobs, finished ones too."""
        found: set[str] = set()
        for place in self.namespaces_served or ("",):
            found |= await tables.all_uids(self.api.http, namespace=place)
        return frozenset(found)

    async def hosts(self) -> list[Body]:
        """Read all hosts of all kinds, unparsed."""
        return [{**body, "kind": kind} for kind in self.host_kinds for body in await self.api.list(HOSTS[kind])]

    async def get_host(self, host: HostReference) -> AnyHost | None:
        """Read a host, None when there is none; pydantic's ValidationError where it can't be read."""
        body = await self._find(HOSTS[host.kind], host.name)
        return None if body is None else MODELS[host.kind].from_body(body)

    async def write_host_status(self, host: HostModel, status: HostStatus) -> HostModel:
        """Store `status` by the rules of `write_job_status`."""
        metadata = await self._write_status(HOSTS[host.kind], host.metadata, host.status, status)
        return host.model_copy(update={"metadata": metadata, "status": status})

    async def host_exists(self, host: HostReference, uid: str) -> bool:
        """Say whether this very host is still there; another with its name is another host."""
        body = await self._find(HOSTS[host.kind], host.name)
        return body is not None and body["metadata"]["uid"] == uid

    async def namespaces(self) -> dict[str, dict[str, str]]:
        """Read every namespace's labels."""
        bodies = await self.api.list(NAMESPACE)
        return {body["metadata"]["name"]: body["metadata"].get("labels", {}) for body in bodies}

    async def configuration(self, namespace: str, name: str) -> dict[str, str]:
        """Read what a ConfigMap holds; ObjectGone where there is none."""
        data: dict[str, str] = (await self.api.get(CONFIGMAP, name, namespace)).get("data") or {}
        return data

    async def host_key(self, namespace: str, name: str) -> str:
        """Read the key that a CloudRunHost signs in with; HostRefused tells what a person has to mend."""
        remedy = f"create it with kubectl -n {namespace} create secret generic {name} --from-file={KEY_ENTRY}=FILE"
        try:
            data = (await self.api.get(SECRET, name, namespace)).get("data") or {}
            return base64.b64decode(data[KEY_ENTRY], validate=True).decode()
        except ObjectGone as gone:
            problem = f"Secret {namespace}/{name} does not exist: {remedy}"
            raise HostRefused(HostReason.CREDENTIALS_INVALID, problem) from gone
        except KubeRefused as refused:
            problem = f"the operator may not read Secret {namespace}/{name}: name it in cloudRun.secrets of the chart"
            raise HostRefused(HostReason.CREDENTIALS_INVALID, problem) from refused
        except (KeyError, ValueError) as wrong:
            problem = f"Secret {namespace}/{name} has no readable {KEY_ENTRY}: {remedy}"
            raise HostRefused(HostReason.CREDENTIALS_INVALID, problem) from wrong
        except KubeError as silent:
            raise HostUnavailable(f"Secret {namespace}/{name} could not be read: {silent}") from silent

    async def cluster_uid(self) -> str:
        """Read what tells this cluster from all others: the uid of kube-system."""
        uid: str = (await self.api.get(NAMESPACE, "kube-system"))["metadata"]["uid"]
        return uid

    async def missing_fields(self) -> list[str]:
        """Say, one sentence each, what the cluster's CRDs lack for this operator; nothing when all is well."""
        faults = (
            crdcheck.containerjob_fault(await self._find(CRD, crdcheck.CONTAINERJOB_CRD)),
            await self._host_fault("DockerHost"),
        )
        return [fault for fault in faults if fault is not None]

    async def find_host_kinds(self) -> None:
        """Do without kinds of hosts that the cluster does not have, as before its definitions are upgraded."""
        try:
            fault = await self._host_fault("CloudRunHost")
            if fault is None:
                await self.api.list(HOSTS["CloudRunHost"])
        except KubeRefused as refused:  # a role from before the upgrade
            fault = str(refused)
        if fault is not None:
            self.host_kinds = tuple(kind for kind in HOSTS if kind != "CloudRunHost")
            log.warning("there are no Cloud Run hosts until the operator is started again", because=fault)

    async def _host_fault(self, kind: HostKind) -> str | None:
        return crdcheck.host_fault(kind, await self._find(CRD, crdcheck.HOST_CRDS[kind]))

    async def _pick_jobs(self, pick: Callable[[Body], Picked], fields: dict[str, BinaryOperator]) -> list[Picked]:
        found: list[Picked] = []
        for place in self.namespaces_served or (None,):
            found += await self.api.pick(CONTAINERJOB, pick, fields, place)
        return found

    def _may_write(self, what: str, told: dict[str, Any]) -> bool:
        """Say whether to go on with a write, which a rehearsal only tells."""
        if self.rehearsing:
            log.info("would write", what=what, **told)
            return False
        self.permit()
        return True

    async def _find(self, kind: Resource, name: str, namespace: str | None = None) -> Body | None:
        try:
            return await self.api.get(kind, name, namespace)
        except ObjectGone:
            return None

    async def _write_status(self, kind: Resource, known: ObjectMeta, old: Value, new: Value) -> ObjectMeta:
        patch = merge_patch(old.to_json(), new.to_json())
        if not patch:
            return known
        told = {"status": patch}
        if not self._may_write(f"status of {kind.__name__} {known.namespace}/{known.name}".replace(" /", " "), told):
            return known
        if not known.resource_version:
            raise WriteConflict(f"{kind.__name__} {known.name} was never read: a write could not be fenced")
        body = await self.api.patch(kind, known.name, fenced(known, patch), known.namespace or None, status=True)
        written = ObjectMeta.model_validate(body["metadata"])
        if written.uid != known.uid:
            raise ObjectGone(f"{kind.__name__} {known.name} is another object now: uid {written.uid}")
        return written
