"""What no real server does: it must not hurt us if one ever does."""

from pathlib import Path
from typing import Any

import httpx2
import pytest
from pydantic import ValidationError
from tests.unit.kube.servers import kube_with, status

from containerjob_api.jobs import ContainerJob
from containerjob_api.phases import Phase
from containerjob_operator.errors import ObjectGone, WriteConflict


def _job(**metadata: Any) -> ContainerJob:
    container = {"name": "main", "image": "busybox"}
    return ContainerJob.from_body(
        {
            "metadata": {"name": "a", "namespace": "ns", "uid": "u1", **metadata},
            "spec": {"template": {"spec": {"containers": [container]}}},
        }
    )


async def test_an_answer_about_another_incarnation_is_not_taken_for_ours(tmp_path: Path) -> None:
    other = {"metadata": {"name": "a", "uid": "u2", "resourceVersion": "9"}}
    job = _job(resourceVersion="8")
    async with kube_with(tmp_path, lambda _: httpx2.Response(200, json=other)) as kube:
        with pytest.raises(ObjectGone, match="uid u2"):
            await kube.write_job_status(job, job.status.model_copy(update={"phase": Phase.PENDING}))


async def test_a_write_that_could_not_be_fenced_is_not_sent(tmp_path: Path) -> None:
    requests: list[httpx2.Request] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        requests.append(request)
        return httpx2.Response(200, json={})

    job = _job()
    async with kube_with(tmp_path, answer) as kube:
        with pytest.raises(WriteConflict, match="never read"):
            await kube.write_job_status(job, job.status.model_copy(update={"phase": Phase.PENDING}))
    assert requests == []


async def test_every_crd_that_is_missing_gets_a_sentence(tmp_path: Path) -> None:
    async with kube_with(tmp_path, lambda _: status(404, "not found")) as kube:
        assert await kube.missing_fields() == [
            "CRD containerjobs.containerjobs.io is missing; apply crds/ of this version",
            "CRD dockerhosts.containerjobs.io is missing; apply crds/ of this version",
        ]


async def test_an_unreadable_job_is_an_error_of_its_own_and_listed_all_the_same(tmp_path: Path) -> None:
    body = {"metadata": {"name": "a", "namespace": "ns"}, "spec": {"template": "from another time"}}

    def answer(request: httpx2.Request) -> httpx2.Response:
        single = request.url.path.endswith("/a")
        return httpx2.Response(200, json=body if single else {"metadata": {}, "items": [body]})

    async with kube_with(tmp_path, answer) as kube:
        with pytest.raises(ValidationError):
            await kube.get_job("ns", "a")
        assert await kube.live_jobs() == [body]
