"""Deletions of what was read and nothing else, and the refusals that servers, and what stands before them, send."""

import json
from pathlib import Path
from typing import Any

import httpx2
import pytest
from tests.unit.kube.servers import kube_with, status

from containerjob_api.jobs import ContainerJob
from containerjob_operator.errors import KubeError, KubeRefused, KubeUnavailable, ObjectGone, WriteConflict

METADATA = {"name": "a", "namespace": "ns", "uid": "u1", "resourceVersion": "8"}
JOB = ContainerJob.from_body(
    {"metadata": METADATA, "spec": {"template": {"spec": {"containers": [{"name": "main", "image": "busybox"}]}}}}
)


async def test_a_deletion_names_what_was_read(tmp_path: Path) -> None:
    asked: list[tuple[str, str, dict[str, Any]]] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        asked.append((request.method, request.url.path, json.loads(request.content)))
        return httpx2.Response(200, json={"kind": "Status", "status": "Success"})

    async with kube_with(tmp_path, answer) as kube:
        assert await kube.delete_expired(JOB) is True
    options = {"propagationPolicy": "Background", "preconditions": {"uid": "u1", "resourceVersion": "8"}}
    assert asked == [("DELETE", "/apis/containerjobs.io/v1alpha1/namespaces/ns/containerjobs/a", options)]


async def test_a_job_that_finalizers_hold_is_not_gone(tmp_path: Path) -> None:
    body = {"kind": "ContainerJob", "metadata": METADATA | {"deletionTimestamp": "2026-01-01T00:00:00Z"}}
    async with kube_with(tmp_path, lambda _: httpx2.Response(200, json=body)) as kube:
        assert await kube.delete_expired(JOB) is False


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        (status(404, "not found"), ObjectGone, "not found"),
        (status(409, "the UID in the precondition"), WriteConflict, "the UID in the precondition"),
        (status(403, "forbidden"), KubeRefused, "deleting ContainerJob ns/a: forbidden"),
        (status(503, "shutting down"), KubeUnavailable, "shutting down"),
        (httpx2.Response(502, text="bad gateway"), KubeUnavailable, "bad gateway"),
        (httpx2.Response(502, json=["odd"]), KubeUnavailable, "odd"),
        (httpx2.Response(200, text="<html>"), KubeUnavailable, "not a Kubernetes API server's"),
        (httpx2.Response(200, json={}), KubeUnavailable, "not a Kubernetes API server's"),
    ],
)
async def test_what_a_refused_deletion_becomes(
    tmp_path: Path, answer: httpx2.Response, kind: type[KubeError], words: str
) -> None:
    async with kube_with(tmp_path, lambda _: answer) as kube:
        with pytest.raises(kind, match=words):
            await kube.delete_expired(JOB)
