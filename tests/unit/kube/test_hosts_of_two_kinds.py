"""What the client reads of hosts of both kinds, and the keys that hosts on Cloud Run sign in with."""

import base64
from pathlib import Path

import httpx2
import pytest
from structlog.testing import capture_logs
from tests.unit.kube.servers import kube_with, status

from containerjob_api.hostrefs import HostReference
from containerjob_api.phases import HostReason
from containerjob_operator.errors import HostRefused, HostUnavailable

CRD = {"spec": {"versions": [{"name": "v1alpha1", "served": True}]}}


async def key(folder: Path, answer: httpx2.Response) -> str:
    async with kube_with(folder, lambda _: answer) as kube:
        return await kube.host_key("home", "key")


async def test_a_key_is_read_from_its_secret(tmp_path: Path) -> None:
    data = {"key.json": base64.b64encode(b"{}").decode()}
    assert await key(tmp_path, httpx2.Response(200, json={"data": data})) == "{}"


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (status(404, "not found"), "Secret home/key does not exist: create it with kubectl -n home create secret"),
        (status(403, "forbidden"), "may not read Secret home/key: name it in cloudRun.secrets of the chart"),
        (httpx2.Response(200, json={}), "Secret home/key has no readable key.json"),
        (httpx2.Response(200, json={"data": {"key.json": "%"}}), "has no readable key.json"),
    ],
)
async def test_a_key_that_cannot_be_had_is_a_persons_to_mend(
    tmp_path: Path, answer: httpx2.Response, words: str
) -> None:
    with pytest.raises(HostRefused) as refused:
        await key(tmp_path, answer)
    assert words in refused.value.message
    assert refused.value.reason is HostReason.CREDENTIALS_INVALID


async def test_an_api_server_that_does_not_answer_says_nothing_of_the_key(tmp_path: Path) -> None:
    with pytest.raises(HostUnavailable, match="Secret home/key could not be read") as silent:
        await key(tmp_path, status(503, "later"))
    assert not isinstance(silent.value, HostRefused)


@pytest.mark.parametrize(
    ("crd", "answer"),
    [
        (status(404, "not found"), status(404, "not found")),
        (status(403, "forbidden"), status(403, "forbidden")),
        (httpx2.Response(200, json=CRD), status(403, "forbidden")),
    ],
    ids=["no definition", "no right to look for it", "no right to list them"],
)
async def test_a_cluster_before_its_upgrade_has_one_kind_of_hosts_and_that_is_told_once(
    tmp_path: Path, crd: httpx2.Response, answer: httpx2.Response
) -> None:
    def answers(request: httpx2.Request) -> httpx2.Response:
        if "customresourcedefinitions" in request.url.path:
            return crd
        listed = httpx2.Response(200, json={"metadata": {}, "items": [{"metadata": {"name": "a"}}]})
        return listed if request.url.path.endswith("/dockerhosts") else answer

    async with kube_with(tmp_path, answers) as kube:
        with capture_logs() as logs:
            await kube.find_host_kinds()
        assert [line["event"] for line in logs] == [
            "there are no Cloud Run hosts until the operator is started again"
        ]
        assert await kube.hosts() == [{"kind": "DockerHost", "metadata": {"name": "a"}}]


async def test_where_both_kinds_are_served_both_are_read(tmp_path: Path) -> None:
    def answers(request: httpx2.Request) -> httpx2.Response:
        if "customresourcedefinitions" in request.url.path:
            return httpx2.Response(200, json=CRD)
        if request.url.path.endswith("/eu"):
            spec = {"project": "demo-project", "location": "europe-west1"}
            return httpx2.Response(200, json={"metadata": {"name": "eu", "uid": "u"}, "spec": spec})
        return httpx2.Response(200, json={"metadata": {}, "items": [{"metadata": {"name": "eu"}}]})

    reference = HostReference(kind="CloudRunHost", name="eu")
    async with kube_with(tmp_path, answers) as kube:
        await kube.find_host_kinds()
        assert [body["kind"] for body in await kube.hosts()] == ["DockerHost", "CloudRunHost"]
        host = await kube.get_host(reference)
        assert host is not None
        assert host.reference == reference
        assert await kube.host_exists(reference, "u")
