"""What the API server and kubectl ask of an API before anything else: its versions, resources and schemas."""

from typing import Any, Final

from containerjob_api.names import CONTAINERJOBS, HOST_PLURALS, LOG_API_GROUP, VERSION

Json = dict[str, Any]
_GROUP_VERSION: Final = f"{LOG_API_GROUP}/{VERSION}"
_VERSION: Final = {"groupVersion": _GROUP_VERSION, "version": VERSION}
GROUP: Final[Json] = {
    "kind": "APIGroup",
    "apiVersion": "v1",
    "name": LOG_API_GROUP,
    "versions": [_VERSION],
    "preferredVersion": _VERSION,
}


def _resource(name: str, kind: str, *, namespaced: bool) -> Json:
    return {"name": name, "singularName": "", "namespaced": namespaced, "kind": kind, "verbs": ["get"]}


RESOURCES: Final[Json] = {
    "kind": "APIResourceList",
    "apiVersion": "v1",
    "groupVersion": _GROUP_VERSION,
    # Subresources only: nothing here can be listed, so neither kubectl nor the garbage collector tries to.
    "resources": [
        _resource(f"{CONTAINERJOBS}/log", "ContainerJob", namespaced=True),
        _resource(f"{CONTAINERJOBS}/stats", "ContainerJob", namespaced=True),
        *(
            _resource(f"{plural}/{question}", kind, namespaced=False)
            for kind, plural in HOST_PLURALS.items()
            for question in ("probe", "orphans")
        ),
    ],
}
_INFO: Final = {"title": LOG_API_GROUP, "version": VERSION}
DOCUMENTS: Final[dict[str, Json]] = {
    "/apis": {"kind": "APIGroupList", "apiVersion": "v1", "groups": [GROUP]},
    f"/apis/{LOG_API_GROUP}": GROUP,
    f"/apis/{_GROUP_VERSION}": RESOURCES,
    # Nothing here is written, so there is nothing to describe; the API server asks all the same.
    "/openapi/v2": {"swagger": "2.0", "info": _INFO, "paths": {}},
    "/openapi/v3": {"paths": {}},
    "/version": {"major": "1", "minor": "0", "gitVersion": "v1.0.0"},
}
