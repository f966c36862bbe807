"""The kinds we read and write, as lightkube knows them. Bodies are plain dicts: what we model, we parse ourselves."""

from typing import Any, Final

from lightkube.generic_resource import create_global_resource, create_namespaced_resource

from containerjob_api.hostrefs import HostKind
from containerjob_api.names import CLOUDRUNHOSTS, CONTAINERJOBS, DOCKERHOSTS, GROUP, VERSION

Body = dict[str, Any]
"""An object as the API server sends it."""

CONTAINERJOB: Final = create_namespaced_resource(GROUP, VERSION, "ContainerJob", CONTAINERJOBS)
DOCKERHOST: Final = create_global_resource(GROUP, VERSION, "DockerHost", DOCKERHOSTS)
CLOUDRUNHOST: Final = create_global_resource(GROUP, VERSION, "CloudRunHost", CLOUDRUNHOSTS)
HOSTS: Final[dict[HostKind, Any]] = {"DockerHost": DOCKERHOST, "CloudRunHost": CLOUDRUNHOST}
LEASE: Final = create_namespaced_resource("coordination.k8s.io", "v1", "Lease", "leases")
CONFIGMAP: Final = create_namespaced_resource("", "v1", "ConfigMap", "configmaps")
SECRET: Final = create_namespaced_resource("", "v1", "Secret", "secrets")
EVENT: Final = create_namespaced_resource("", "v1", "Event", "events")
NAMESPACE: Final = create_global_resource("", "v1", "Namespace", "namespaces")
CRD: Final = create_global_resource(
    "apiextensions.k8s.io", "v1", "CustomResourceDefinition", "customresourcedefinitions"
)

EXPIRE_TIME: Final = "status.expireTime"
"""Selectable; empty where a job has none."""
