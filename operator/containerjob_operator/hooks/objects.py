"""The kinds that hooks read and write beside the operator's own, and how one is deleted."""

from typing import Final

from lightkube.core.resource import api_info
from lightkube.generic_resource import GenericNamespacedResource, create_global_resource, create_namespaced_resource

from containerjob_operator.errors import ObjectGone
from containerjob_operator.kube.api import Api, Resource
from containerjob_operator.kube.faults import answer_of, from_response

POD: Final = create_namespaced_resource("", "v1", "Pod", "pods")
JOB: Final = create_namespaced_resource("batch", "v1", "Job", "jobs")
DEPLOYMENT: Final = create_namespaced_resource("apps", "v1", "Deployment", "deployments")
API_SERVICE: Final = create_global_resource("apiregistration.k8s.io", "v1", "APIService", "apiservices")


async def delete(api: Api, kind: Resource, name: str, namespace: str | None = None) -> bool:
    """Delete one object by its name alone, which needs no right to read it; say whether there was one."""
    what = f"deleting {kind.__name__} {namespace or ''}{'/' if namespace else ''}{name}"
    request = api.http.request("DELETE", _path(kind, name, namespace), json={"propagationPolicy": "Background"})
    response = await answer_of(what, request)
    if response.is_success:
        return True
    try:
        message = str(response.json()["message"])
    except (ValueError, KeyError, TypeError):
        message = response.text
    problem = from_response(what, response, message)
    if isinstance(problem, ObjectGone):
        return False
    raise problem


def _path(kind: Resource, name: str, namespace: str | None) -> str:
    info = api_info(kind)
    root = f"apis/{info.resource.api_version}" if info.resource.group else f"api/{info.resource.version}"
    home = f"/namespaces/{namespace}" if issubclass(kind, GenericNamespacedResource) else ""
    return f"{root}{home}/{info.plural}/{name}"
