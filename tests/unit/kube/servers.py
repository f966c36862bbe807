"""API servers that answer as a test says: lightkube and httpx2 are real, only the wire is not."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx2
import yaml

from containerjob_operator.kube.client import Kube

Answer = Callable[[httpx2.Request], httpx2.Response] | Callable[[httpx2.Request], Awaitable[httpx2.Response]]


def write_kubeconfig(folder: Path, user: dict[str, Any] | None = None) -> Path:
    """Write a kubeconfig that points nowhere."""
    path = folder / "kubeconfig"
    config = {
        "clusters": [{"name": "c", "cluster": {"server": "http://127.0.0.1:1"}}],
        "users": [{"name": "u", "user": {"token": "secret"} if user is None else user}],
        "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
        "current-context": "x",
    }
    path.write_text(yaml.safe_dump(config))
    return path


def kube_with(folder: Path, answer: Answer) -> Kube:
    """Connect to a server that answers by this function."""
    return Kube.connect(write_kubeconfig(folder), transport=httpx2.MockTransport(answer))


def status(code: int, message: str, headers: dict[str, str] | None = None) -> httpx2.Response:
    """Return a refusal in Kubernetes' own form."""
    body = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "message": message, "code": code}
    return httpx2.Response(code, json=body, headers=headers)


class LeaseServer:
    """Keeps one Lease with the API server's concurrency rules, and can be told to misbehave."""

    def __init__(self) -> None:
        self.lease: dict[str, Any] | None = None
        self.failure: Callable[[], httpx2.Response] | None = None
        self.lose_answers = 0
        """How many writes are stored without an answer that arrives."""
        self.requests: list[str] = []
        self.read = asyncio.Event()
        self.written = asyncio.Event()
        """Set by every attempt, successful or not."""

    def spec(self) -> dict[str, Any]:
        """Return what is stored."""
        assert self.lease is not None
        spec: dict[str, Any] = self.lease["spec"]
        return spec

    def edit(self, **spec: object) -> None:
        """Change the Lease as somebody else would."""
        assert self.lease is not None
        version = str(int(self.lease["metadata"]["resourceVersion"]) + 1)
        self.lease = {"metadata": {"resourceVersion": version}, "spec": {**self.lease["spec"], **spec}}

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        self.requests.append(request.method)
        (self.read if request.method == "GET" else self.written).set()
        if self.failure is not None:
            return self.failure()
        if request.method == "GET":
            return status(404, "not found") if self.lease is None else httpx2.Response(200, json=self.lease)
        body = json.loads(request.content)
        if request.method == "POST":
            if self.lease is not None:
                return status(409, "already exists")
            self.lease = {"metadata": {"resourceVersion": "1"}, "spec": body["spec"]}
            return httpx2.Response(201, json=self.lease)
        return self._patch(body)

    def _patch(self, body: dict[str, Any]) -> httpx2.Response:
        if self.lease is None:
            return status(404, "not found")
        if body["metadata"]["resourceVersion"] != self.lease["metadata"]["resourceVersion"]:
            return status(409, "the object has been modified")
        self.edit(**body["spec"])
        if self.lose_answers:
            self.lose_answers -= 1
            raise httpx2.ReadError("connection reset")
        return httpx2.Response(200, json=self.lease)
