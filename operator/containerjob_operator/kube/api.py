"""Single requests: one call is one request (a list: one per chunk), and every error is one of ours."""

from collections.abc import AsyncIterable, Callable
from pathlib import Path
from typing import Any, Final, Self, TypeVar

import httpx2
import yaml
from lightkube import AsyncClient, KubeConfig
from lightkube.config.client_adapter import verify_cluster
from lightkube.core.exceptions import ConfigError
from lightkube.core.generic_client import ALL_NS
from lightkube.core.resource import api_info
from lightkube.generic_resource import GenericGlobalResource, GenericNamespacedResource
from lightkube.operators import BinaryOperator
from lightkube.types import PatchType

from containerjob_operator.errors import KubeRefused
from containerjob_operator.kube.faults import REQUEST_SECONDS, answer_of, from_response
from containerjob_operator.kube.resources import Body
from containerjob_operator.kube.transport import AiohttpTransport

LIST_SECONDS: Final = 60.0
"""For all chunks of a list together."""
CHUNK: Final = 500

Resource = type[GenericNamespacedResource] | type[GenericGlobalResource]
Picked = TypeVar("Picked")


class Api:
    """lightkube's client with our errors and our bounds."""

    def __init__(self, client: AsyncClient) -> None:
        self._client: Any = client  # lightkube's overloads cannot follow a kind that is a parameter

    @classmethod
    def connect(cls, kubeconfig: Path | None = None, *, transport: httpx2.AsyncBaseTransport | None = None) -> Self:
        """Prepare a client inside the running loop, from a kubeconfig file or, without one, from the pod."""
        try:
            config = _read_config(kubeconfig)
            transport = transport or _transport(config)
            return cls(AsyncClient(config, timeout=httpx2.Timeout(REQUEST_SECONDS), transport=transport))
        except _UNUSABLE as error:
            if kubeconfig is None:
                raise KubeRefused("not in a pod with a service account: name a kubeconfig file") from error
            raise KubeRefused(f"kubeconfig {kubeconfig} can't be used: {error}") from error

    async def aclose(self) -> None:
        """Close all connections."""
        await self._client.close()

    @property
    def http(self) -> httpx2.AsyncClient:
        """The HTTP client underneath, with the server's address and our credentials."""
        client: httpx2.AsyncClient = self._client._client._client
        return client

    async def get(self, kind: Resource, name: str, namespace: str | None = None) -> Body:
        """Read one object; ObjectGone when it is not there."""
        what = f"reading {_named(kind, name, namespace)}"
        body: Body = await answer_of(what, self._client.get(kind, name, namespace=namespace))
        return body

    async def create(self, kind: Resource, body: Body) -> Body:
        """Create one object; WriteConflict when the name is taken."""
        name, namespace = body["metadata"]["name"], body["metadata"].get("namespace")
        what = f"creating {_named(kind, name, namespace)}"
        made: Body = await answer_of(what, self._client.create(kind.from_dict(body), namespace=namespace))
        return made

    async def patch(
        self, kind: Resource, name: str, patch: Body, namespace: str | None = None, *, status: bool = False
    ) -> Body:
        """Send one merge patch, to the status subresource if asked to, and return the object as it is now."""
        what = f"writing {_named(kind, name, namespace)}"
        target = kind.Status if status else kind
        request = self._client.patch(target, name, patch, namespace=namespace, patch_type=PatchType.MERGE)
        body: Body = await answer_of(what, request)
        return body

    async def delete_exactly(self, kind: Resource, name: str, namespace: str | None, uid: str, version: str) -> bool:
        """Delete one object as it was read, or nothing; say whether it is gone: finalizers may keep it a while.

        ObjectGone when it is not there; WriteConflict when it is another one, or has changed since.
        """
        what = f"deleting {_named(kind, name, namespace)}"
        # lightkube's own delete sends no preconditions.
        return await answer_of(what, self._delete(what, _path(kind, name, namespace), uid, version))

    async def pick(
        self,
        kind: Resource,
        pick: Callable[[Body], Picked],
        fields: dict[str, BinaryOperator] | None = None,
        namespace: str | None = None,
    ) -> list[Picked]:
        """Read all objects as `list` does, but keep only what `pick` takes of each: little memory for large lists."""
        if namespace is None and issubclass(kind, GenericNamespacedResource):
            namespace = ALL_NS
        found = self._client.list(kind, namespace=namespace, chunk_size=CHUNK, fields=fields)
        return await answer_of(f"listing {_kind(kind)}", _collect(found, pick), LIST_SECONDS)

    async def list(self, kind: Resource, fields: dict[str, BinaryOperator] | None = None) -> list[Body]:
        """Read all objects of a kind, in all namespaces, as one consistent snapshot."""
        return await self.pick(kind, _whole, fields)

    async def _delete(self, what: str, path: str, uid: str, version: str) -> bool:
        options = {"propagationPolicy": "Background", "preconditions": {"uid": uid, "resourceVersion": version}}
        response = await self.http.request("DELETE", path, json=options)
        if response.is_success:
            return bool(response.json()["kind"] == "Status")
        raise from_response(what, response, _message(response))


async def _collect(items: AsyncIterable[Body], pick: Callable[[Body], Picked]) -> list[Picked]:
    return [pick(item) async for item in items]


def _whole(body: Body) -> Body:
    return body


def _message(response: httpx2.Response) -> str:
    """Return the server's own words, which are in a Status; whatever stands before a server has others."""
    try:
        return str(response.json()["message"])
    except (ValueError, KeyError, TypeError):
        return response.text


def _path(kind: Resource, name: str, namespace: str | None) -> str:
    info = api_info(kind)
    home = f"namespaces/{namespace}/" if namespace else ""
    return f"apis/{info.resource.api_version}/{home}{info.plural}/{name}"


def _kind(kind: Resource) -> str:
    return f"{kind.__name__}s"


def _named(kind: Resource, name: str, namespace: str | None) -> str:
    return f"{kind.__name__} {namespace}/{name}" if namespace else f"{kind.__name__} {name}"


_UNUSABLE: Final = (ConfigError, AttributeError, KeyError, TypeError, OSError, ValueError, yaml.YAMLError)
"""What lightkube lets through when a kubeconfig, or a file that it names, is missing or malformed."""


def _transport(config: KubeConfig) -> httpx2.AsyncBaseTransport:
    """Return connections to the server, which trust whom and show what the kubeconfig says."""
    chosen = config.get()
    if chosen is None or chosen.user is None:
        raise ConfigError("its current context names no user")
    trust = verify_cluster(chosen.cluster, chosen.user, chosen.abs_file)
    return AiohttpTransport(chosen.cluster.server, trust, LIST_SECONDS)


def _read_config(kubeconfig: Path | None) -> KubeConfig:
    if kubeconfig is None:
        return KubeConfig.from_service_account()
    return KubeConfig.from_file(kubeconfig)
