"""The official Kubernetes client: an independent eye on what our own client did."""

from dataclasses import dataclass
from typing import Any

from kubernetes.client import (
    ApiClient,
    ApiException,
    AuthorizationV1Api,
    CoordinationV1Api,
    CoreV1Api,
    CustomObjectsApi,
)

from containerjob_api.names import API_VERSION, CONTAINERJOBS, DOCKERHOSTS, GROUP, VERSION

Json = dict[str, Any]
SPEC: Json = {"template": {"spec": {"containers": [{"name": "main", "image": "busybox", "command": ["true"]}]}}}


def manifest(name: str, namespace: str) -> Json:
    """Return a small job."""
    return {
        "apiVersion": API_VERSION,
        "kind": "ContainerJob",
        "metadata": {"name": name, "namespace": namespace},
        "spec": SPEC,
    }


@dataclass(frozen=True, slots=True)
class Oracle:
    """What tests ask of the API server behind our client's back."""

    client: ApiClient

    def create_job(self, name: str, namespace: str) -> Json:
        job: Json = self._custom.create_namespaced_custom_object(
            GROUP, VERSION, namespace, CONTAINERJOBS, manifest(name, namespace)
        )
        return job

    def job(self, name: str, namespace: str) -> Json:
        job: Json = self._custom.get_namespaced_custom_object(GROUP, VERSION, namespace, CONTAINERJOBS, name)
        return job

    def patch_job(self, name: str, namespace: str, patch: Json) -> Json:
        job: Json = self._custom.patch_namespaced_custom_object(GROUP, VERSION, namespace, CONTAINERJOBS, name, patch)
        return job

    def delete_job(self, name: str, namespace: str) -> None:
        self._custom.delete_namespaced_custom_object(GROUP, VERSION, namespace, CONTAINERJOBS, name)

    def delete_jobs(self, namespace: str) -> None:
        self._custom.delete_collection_namespaced_custom_object(GROUP, VERSION, namespace, CONTAINERJOBS)

    def job_uids(self) -> set[str]:
        jobs = self._custom.list_cluster_custom_object(GROUP, VERSION, CONTAINERJOBS)
        return {job["metadata"]["uid"] for job in jobs["items"]}

    def create_host(self, name: str) -> Json:
        body = {
            "apiVersion": API_VERSION,
            "kind": "DockerHost",
            "metadata": {"name": name},
            "spec": {"endpoint": "unix:///var/run/docker.sock"},
        }
        host: Json = self._custom.create_cluster_custom_object(GROUP, VERSION, DOCKERHOSTS, body)
        return host

    def host(self, name: str) -> Json:
        host: Json = self._custom.get_cluster_custom_object(GROUP, VERSION, DOCKERHOSTS, name)
        return host

    def delete_host(self, name: str) -> None:
        self._custom.delete_cluster_custom_object(GROUP, VERSION, DOCKERHOSTS, name)

    def create_namespace(self, name: str, labels: dict[str, str]) -> None:
        CoreV1Api(self.client).create_namespace({"metadata": {"name": name, "labels": labels}})

    def namespace(self, name: str) -> Json:
        body: Json = self.client.sanitize_for_serialization(CoreV1Api(self.client).read_namespace(name))
        return body

    def events_about(self, uid: str, namespace: str) -> list[Json]:
        found = CoreV1Api(self.client).list_namespaced_event(namespace, field_selector=f"involvedObject.uid={uid}")
        events: list[Json] = self.client.sanitize_for_serialization(found.items)
        return events

    def lease(self, name: str, namespace: str) -> Json:
        read = CoordinationV1Api(self.client).read_namespaced_lease(name, namespace)
        body: Json = self.client.sanitize_for_serialization(read)
        return body

    def delete_lease(self, name: str, namespace: str) -> None:
        """Delete a Lease, if it is there."""
        try:
            CoordinationV1Api(self.client).delete_namespaced_lease(name, namespace)
        except ApiException as problem:
            if problem.status != 404:
                raise

    def may(self, user: str, groups: list[str], attributes: Json) -> bool:
        """Ask the API server whether somebody may do something."""
        review = {"spec": {"user": user, "groups": groups, "resourceAttributes": attributes}}
        answer = AuthorizationV1Api(self.client).create_subject_access_review(review)
        return bool(answer.status.allowed)

    @property
    def _custom(self) -> CustomObjectsApi:
        return CustomObjectsApi(self.client)
