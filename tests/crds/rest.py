"""Bare requests to the API server, through the official client, for what kubectl cannot ask."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kubernetes import config

if TYPE_CHECKING:
    from kubernetes.client import ApiClient
    from tests.conftest import TestPlane

ROOT = "/apis/containerjobs.io/v1alpha1"
JOBS = f"{ROOT}/namespaces/default/containerjobs"
HOSTS = f"{ROOT}/dockerhosts"
TEMPLATES = f"{ROOT}/namespaces/default/containerjobtemplates"


@dataclass(frozen=True, slots=True)
class Rest:
    """One open connection."""

    client: ApiClient

    def send(
        self,
        method: str,
        path: str,
        query: Mapping[str, str],
        *,
        accept: str = "application/json",
        content: str = "application/json",
        body: Any = None,
    ) -> tuple[int, dict[str, Any]]:
        """Return status code and body of the answer."""
        request = self.client.param_serialize(
            method,
            path,
            query_params=list(query.items()),
            header_params={"Accept": accept, "Content-Type": content},
            body=body,
            auth_settings=["BearerToken"],
        )
        answer = self.client.call_api(*request)
        content: dict[str, Any] = json.loads(answer.read())  # type: ignore[no-untyped-call]
        return answer.status, content


@contextmanager
def rest(plane: TestPlane) -> Iterator[Rest]:
    """Open a connection for as long as the block runs."""
    client = config.new_client_from_config(str(plane.kubeconfig))  # type: ignore[no-untyped-call]
    try:
        yield Rest(client)
    finally:
        client.close()
