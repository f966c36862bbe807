import asyncio
from collections.abc import Callable
from pathlib import Path

import httpx2
import pytest
from tests.unit.kube.servers import kube_with, status, write_kubeconfig

from containerjob_operator.errors import KubeError, KubeRefused, KubeUnavailable, ObjectGone, WriteConflict
from containerjob_operator.kube import faults
from containerjob_operator.kube.client import Kube


def _raises(error: Exception) -> Callable[[httpx2.Request], httpx2.Response]:
    def answer(_: httpx2.Request) -> httpx2.Response:
        raise error

    return answer


async def _error_of(folder: Path, answer: Callable[[httpx2.Request], httpx2.Response]) -> KubeError:
    async with kube_with(folder, answer) as kube:
        with pytest.raises(KubeError) as caught:
            await kube.cluster_uid()
    return caught.value


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (400, KubeRefused),
        (401, KubeRefused),
        (403, KubeRefused),
        (404, ObjectGone),
        (408, KubeUnavailable),
        (409, WriteConflict),
        (410, KubeUnavailable),
        (422, KubeRefused),
        (429, KubeUnavailable),
        (500, KubeUnavailable),
        (503, KubeUnavailable),
        (504, KubeUnavailable),
    ],
)
async def test_every_status_code_becomes_one_of_our_errors(tmp_path: Path, code: int, kind: type[KubeError]) -> None:
    error = await _error_of(tmp_path, lambda _: status(code, "the server's own words"))
    assert type(error) is kind
    assert str(error) == "reading Namespace kube-system: the server's own words"


@pytest.mark.parametrize(("header", "seconds"), [("7", 7.0), ("Wed, 21 Oct 2026 07:28:00 GMT", None), (None, None)])
async def test_the_servers_wish_for_a_pause_is_kept(
    tmp_path: Path, header: str | None, seconds: float | None
) -> None:
    headers = {} if header is None else {"Retry-After": header}
    error = await _error_of(tmp_path, lambda _: status(429, "slow down", headers))
    assert isinstance(error, KubeUnavailable)
    assert error.retry_after == seconds


@pytest.mark.parametrize(
    "error",
    [
        httpx2.ConnectError("refused"),
        httpx2.ReadError("reset"),
        httpx2.RemoteProtocolError("closed"),
        httpx2.ReadTimeout("slow"),
        httpx2.PoolTimeout("busy"),
        httpx2.TooManyRedirects("circle"),
    ],
)
async def test_no_answer_means_unavailable(tmp_path: Path, error: Exception) -> None:
    assert isinstance(await _error_of(tmp_path, _raises(error)), KubeUnavailable)


@pytest.mark.parametrize(
    "answer",
    [
        httpx2.Response(200, text="<html>a proxy's page</html>"),
        httpx2.Response(500, text="not json", headers={"Content-Type": "application/json"}),
        httpx2.Response(500, json={"kind": "Status", "code": "a word"}),
        httpx2.Response(500),
    ],
)
async def test_an_answer_that_is_not_kubernetes_means_unavailable(tmp_path: Path, answer: httpx2.Response) -> None:
    error = await _error_of(tmp_path, lambda _: answer)
    assert isinstance(error, KubeUnavailable)
    assert "not a Kubernetes API server's" in str(error)


async def test_a_refusal_in_plain_text_keeps_its_words_within_bounds(tmp_path: Path) -> None:
    error = await _error_of(tmp_path, lambda _: httpx2.Response(403, text="go away " * 1000))
    assert isinstance(error, KubeRefused)
    assert "HTTP 403 go away" in str(error)
    assert len(str(error)) < faults.MESSAGE_LIMIT + 100


async def test_a_refusal_without_words_tells_its_code(tmp_path: Path) -> None:
    error = await _error_of(tmp_path, lambda _: httpx2.Response(403, json={"kind": "Status"}))
    assert str(error).endswith("HTTP 403")


async def test_a_server_that_never_answers_is_given_up(tmp_path: Path) -> None:
    with pytest.raises(KubeUnavailable, match=r"no answer within 0.05 s"):
        await faults.answer_of("asking", asyncio.Event().wait(), 0.05)


async def test_a_token_file_that_vanished_is_refused(tmp_path: Path) -> None:
    kubeconfig = write_kubeconfig(tmp_path, {"tokenFile": str(tmp_path / "gone")})
    async with Kube.connect(kubeconfig) as kube:
        with pytest.raises(KubeRefused, match="gone not found"):
            await kube.cluster_uid()
