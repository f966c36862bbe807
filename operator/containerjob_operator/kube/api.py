"""Single requests: one call is one request (a list: one per chunk), and every error is one of ours."""

from collections.abc import AsyncIterable
from pathlib import Path
from typing import Any, Final, Self

import httpx2
import yaml
from lightkube import AsyncClient, KubeConfig
from lightkube.core.exceptions import ConfigError
from lightkube.core.generic_client import ALL_NS
from lightkube.generic_resource import GenericGlobalResource, GenericNamespacedResource
from lightkube.operators import BinaryOperator
from lightkube.types import PatchType

from containerjob_operator.errors import KubeRefused
from containerjob_operator.kube.faults import REQUEST_SECONDS, answer_of
from containerjob_operator.kube.resources import Body

LIST_SECONDS: Final = 60.0
"""For all chunks of a list together."""
CHUNK: Final = 500

Resource = type[GenericNamespacedResource] | type[GenericGlobalResource]


class Api:
    """lightkube's client with our errors and our bounds."""

    def __init__(self, client: AsyncClient) -> None:
        self._client: Any = client  # lightkube's overloads cannot follow a kind that is a parameter

    @classmethod
    def connect(cls, kubeconfig: Path | None = None, *, transport: httpx2.AsyncBaseTransport | None = None) -> Self:
        """Prepare a client inside the running loop, from a kubeconfig file or, without one, from the pod."""
        try:
            config = _read_config(kubeconfig)
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

    async def list(self, kind: Resource, fields: dict[str, BinaryOperator] | None = None) -> list[Body]:
        """Read all objects of a kind, in all namespaces, as one consistent snapshot."""
        namespace = ALL_NS if issubclass(kind, GenericNamespacedResource) else None
        found = self._client.list(kind, namespace=namespace, chunk_size=CHUNK, fields=fields)
        return await answer_of(f"listing {_kind(kind)}", _collect(found), LIST_SECONDS)


async def _collect(items: AsyncIterable[Body]) -> list[Body]:
    return [item async for item in items]


def _kind(kind: Resource) -> str:
    return f"{kind.__name__}s"


def _named(kind: Resource, name: str, namespace: str | None) -> str:
    return f"{kind.__name__} {namespace}/{name}" if namespace else f"{kind.__name__} {name}"


_UNUSABLE: Final = (ConfigError, AttributeError, KeyError, TypeError, OSError, ValueError, yaml.YAMLError)
"""What lightkube lets through when a kubeconfig, or a file that it names, is missing or malformed."""


def _read_config(kubeconfig: Path | None) -> KubeConfig:
    if kubeconfig is None:
        return KubeConfig.from_service_account()
    config = KubeConfig.from_file(kubeconfig)
    chosen = config.get()
    if chosen is None or chosen.user is None:
        raise ConfigError("its current context names no user")
    return config
