"""An API server's storage behind the real client: paths, versions, merge patches; and troubles that a test orders."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2
from tests.unit.kube.servers import status, write_kubeconfig

from containerjob_operator.kube.api import Api

Body = dict[str, Any]


class Stored:
    """Objects by their path below the server's root."""

    def __init__(self) -> None:
        self.objects: dict[str, Body] = {}
        self.requests: list[str] = []
        self.troubles: dict[str, list[httpx2.Response]] = {}
        """Answers to give before the true one, by `METHOD path`."""
        self.before: Callable[[str], None] = lambda request: None
        """What somebody else does just before a request."""
        self._version = 100

    def put(self, path: str, body: Body) -> None:
        """Store an object as somebody else would."""
        self._version += 1
        metadata = body.get("metadata", {}) | {"resourceVersion": str(self._version)}
        self.objects[path] = body | {"metadata": metadata | {"name": path.rpartition("/")[2]}}

    def api(self, folder: Path) -> Api:
        """Return a client of it."""
        return Api.connect(write_kubeconfig(folder), transport=httpx2.MockTransport(self))

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        told = f"{request.method} {request.url.path}"
        self.requests.append(told)
        self.before(told)
        if self.troubles.get(told):
            return self.troubles[told].pop(0)
        return getattr(self, f"_{request.method.lower()}")(request)  # type: ignore[no-any-return]

    def _get(self, request: httpx2.Request) -> httpx2.Response:
        path = request.url.path
        if path in self.objects:
            return httpx2.Response(200, json=self.objects[path])
        items = [body for key, body in self.objects.items() if key.rpartition("/")[0] == path]
        if items:
            return httpx2.Response(200, json={"kind": "List", "metadata": {}, "items": items})
        return status(404, f"{path} not found")

    def _post(self, request: httpx2.Request) -> httpx2.Response:
        body = json.loads(request.content)
        path = f"{request.url.path}/{body['metadata']['name']}"
        if path in self.objects:
            return status(409, f"{path} already exists")
        self.put(path, body)
        return httpx2.Response(201, json=self.objects[path])

    def _patch(self, request: httpx2.Request) -> httpx2.Response:
        path, patch = request.url.path, json.loads(request.content)
        if path not in self.objects:
            return status(404, f"{path} not found")
        stored = self.objects[path]
        version = patch.get("metadata", {}).get("resourceVersion")
        if version not in {None, stored["metadata"]["resourceVersion"]}:
            return status(409, "the object has been modified")
        self.put(path, _merged(stored, patch))
        return httpx2.Response(200, json=self.objects[path])

    def _delete(self, request: httpx2.Request) -> httpx2.Response:
        if self.objects.pop(request.url.path, None) is None:
            return status(404, f"{request.url.path} not found")
        return httpx2.Response(200, json={"kind": "Status", "status": "Success"})


def _merged(stored: Any, patch: Any) -> Any:
    if not isinstance(patch, dict):
        return patch
    old = stored if isinstance(stored, dict) else {}
    changed = {key: _merged(old.get(key), value) for key, value in patch.items() if value is not None}
    return {key: value for key, value in old.items() if key not in patch} | changed
