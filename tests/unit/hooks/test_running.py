"""A hook ends in time, and with one line where it fails."""

import asyncio
from pathlib import Path

import httpx2
import pytest
from tests.unit.hooks.stored import Stored
from tests.unit.kube.servers import status, write_kubeconfig

from containerjob_operator.errors import KubeRefused, KubeUnavailable
from containerjob_operator.hooks import running
from containerjob_operator.hooks.objects import POD, delete
from containerjob_operator.hooks.running import HookFailed, patiently, run_hook
from containerjob_operator.kube.api import Api


def ended(capsys: pytest.CaptureFixture[str], kubeconfig: Path, problem: Exception | None, seconds: float = 9) -> str:
    """Run a hook that ends so, or never where there is no problem, and return its last words."""

    async def work(api: Api) -> None:
        if problem is None:
            await asyncio.Event().wait()
        else:
            raise problem

    with pytest.raises(SystemExit) as exit_:
        run_hook(work, kubeconfig, seconds)
    assert exit_.value.code == 1
    return capsys.readouterr().err


def test_a_failure_is_one_line(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    kubeconfig = write_kubeconfig(tmp_path)
    assert (
        ended(capsys, kubeconfig, HookFailed("the job failed: look at it")) == "error: the job failed: look at it\n"
    )


def test_what_takes_too_long_is_ended(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    said = ended(capsys, write_kubeconfig(tmp_path), None, 0.05)
    assert said == "error: not done within 0.05 s: the lines before tell how far it came\n"


def test_a_kubeconfig_that_is_none_is_named(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    broken = tmp_path / "kubeconfig"
    broken.write_text("[]")
    assert ended(capsys, broken, None).startswith(f"error: kubeconfig {broken} can't be used")


async def test_one_trouble_is_told_once_however_long_it_lasts(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "ASK_AGAIN_SECONDS", 0)
    troubles = [KubeUnavailable("away"), KubeUnavailable("away"), KubeUnavailable("starting")]

    async def ask() -> str:
        if troubles:
            raise troubles.pop(0)
        return "here"

    assert await patiently(ask) == "here"
    assert capsys.readouterr().out.splitlines() == ["trying again: away", "trying again: starting"]


@pytest.mark.parametrize(
    ("answer", "words"),
    [(status(403, "pods is forbidden"), "pods is forbidden"), (httpx2.Response(400, text="no"), "no")],
)
async def test_a_deletion_that_is_refused_is_an_error(tmp_path: Path, answer: httpx2.Response, words: str) -> None:
    stored = Stored()
    stored.troubles["DELETE /api/v1/namespaces/here/pods/a"] = [answer]
    api = stored.api(tmp_path)
    with pytest.raises(KubeRefused, match=f"deleting Pod here/a: {words}"):
        await delete(api, POD, "a", "here")
    await api.aclose()
