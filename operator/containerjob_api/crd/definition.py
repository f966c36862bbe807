"""The CustomResourceDefinitions: what surrounds the schemas."""

from dataclasses import dataclass, field
from typing import Any, Final, Literal

from pydantic import BaseModel

from containerjob_api.cloudrunhosts import CloudRunHost
from containerjob_api.crd.schema import object_schema
from containerjob_api.hosts import DockerHost
from containerjob_api.jobs import ContainerJob
from containerjob_api.names import (
    CLOUDRUNHOSTS,
    CONTAINERJOBS,
    CONTAINERJOBTEMPLATES,
    DOCKERHOSTS,
    GROUP,
    OPERATOR_NAME,
    VERSION,
)
from containerjob_api.templates import ContainerJobTemplate

Json = dict[str, Any]
READY_REASON: Final = '.status.conditions[?(@.type=="Ready")].reason'
FRESH_STATUS: Final[Json] = {"observedGeneration": -1}
"""Without it a fresh object counts as up to date for tools that wait by kstatus (Helm, Flux)."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of `kubectl get`."""

    name: str
    json_path: str
    type: Literal["string", "integer", "boolean", "date"] = "string"
    wide: bool = False

    def as_json(self) -> Json:
        """Return the entry of additionalPrinterColumns."""
        column: Json = {"name": self.name, "type": self.type, "jsonPath": self.json_path}
        return {**column, "priority": 1} if self.wide else column


AGE: Final = Column("Age", ".metadata.creationTimestamp", "date")


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of object: its model, its names, and how it is listed."""

    model: type[BaseModel]
    plural: str
    short_name: str
    scope: Literal["Namespaced", "Cluster"]
    columns: tuple[Column, ...]
    categories: tuple[str, ...] = ()
    selectable: tuple[str, ...] = ()
    first_status: Json = field(default_factory=dict)
    """What a fresh object's status says beside FRESH_STATUS, so that lists show it before anybody wrote."""

    def definition(self) -> Json:
        """Return the CustomResourceDefinition."""
        kind = self.model.__name__
        names: Json = {
            "kind": kind,
            "listKind": f"{kind}List",
            "plural": self.plural,
            "singular": kind.lower(),
            "shortNames": [self.short_name],
        }
        if self.categories:
            names["categories"] = list(self.categories)
        return {
            "apiVersion": "apiextensions.k8s.io/v1",
            "kind": "CustomResourceDefinition",
            "metadata": {
                "name": f"{self.plural}.{GROUP}",
                "labels": {
                    "app.kubernetes.io/name": OPERATOR_NAME,
                    "app.kubernetes.io/component": "crds",
                    "app.kubernetes.io/part-of": OPERATOR_NAME,
                },
            },
            "spec": {"group": GROUP, "names": names, "scope": self.scope, "versions": [self._version()]},
        }

    def _version(self) -> Json:
        schema = object_schema(self.model)
        status = schema["properties"].get("status")
        if status is not None:
            status["default"] = {**FRESH_STATUS, **self.first_status}
        version: Json = {
            "name": VERSION,
            "served": True,
            "storage": True,
            **({"subresources": {"status": {}}} if status is not None else {}),
            "additionalPrinterColumns": [column.as_json() for column in self.columns],
            "schema": {"openAPIV3Schema": schema},
        }
        if self.selectable:
            version["selectableFields"] = [{"jsonPath": path} for path in self.selectable]
        return version


KINDS: Final = (
    Kind(
        model=ContainerJob,
        plural=CONTAINERJOBS,
        short_name="cjob",
        scope="Namespaced",
        categories=("all",),
        selectable=(".status.finished", ".status.expireTime", ".status.phase"),
        first_status={"phase": "Pending"},
        columns=(
            Column("Phase", ".status.phase"),
            Column("Host", ".status.host.name"),
            Column("Exit", ".status.exitCode", "integer"),
            Column("Duration", ".status.duration"),
            AGE,
            Column("Reason", READY_REASON, wide=True),
            Column("Image", ".spec.template.spec.containers[0].image", wide=True),
            Column("Attempts", ".status.attemptCount", "integer", wide=True),
            Column("UID", ".metadata.uid", wide=True),
            Column("Host-Kind", ".status.host.kind", wide=True),
        ),
    ),
    Kind(
        model=DockerHost,
        plural=DOCKERHOSTS,
        short_name="dhost",
        scope="Cluster",
        columns=(
            Column("Ready", '.status.conditions[?(@.type=="Ready")].status'),
            Column("Engine", ".status.engine.version"),
            Column("Running", ".status.runningJobs", "integer"),
            Column("Max", ".status.maxConcurrentJobs", "integer"),
            AGE,
            Column("Endpoint", ".spec.endpoint", wide=True),
            Column("Reason", READY_REASON, wide=True),
        ),
    ),
    Kind(
        model=CloudRunHost,
        plural=CLOUDRUNHOSTS,
        short_name="crhost",
        scope="Cluster",
        columns=(
            Column("Ready", '.status.conditions[?(@.type=="Ready")].status'),
            Column("Project", ".spec.project"),
            Column("Location", ".spec.location"),
            Column("Running", ".status.runningJobs", "integer"),
            Column("Max", ".status.maxConcurrentJobs", "integer"),
            AGE,
            Column("Reason", READY_REASON, wide=True),
        ),
    ),
    Kind(
        model=ContainerJobTemplate,
        plural=CONTAINERJOBTEMPLATES,
        short_name="cjt",
        scope="Namespaced",
        columns=(
            Column("Image", ".spec.template.spec.template.spec.containers[0].image"),
            AGE,
            Column("Description", ".spec.description", wide=True),
        ),
    ),
)
