"""`helm test`: the job's end is the program's end, and what keeps a job is told."""

from collections.abc import AsyncIterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from tests.unit.hooks.stored import Stored
from tests.unit.kube.servers import status

from containerjob_operator.errors import KubeRefused
from containerjob_operator.hooks import running, try_job
from containerjob_operator.hooks.running import HookFailed
from containerjob_operator.hooks.try_job import Trial, attempt
from containerjob_operator.kube.api import Api

JOBS = "/apis/containerjobs.io/v1alpha1/namespaces/here/containerjobs"
TRIAL = Trial("here", "cj-test", "busybox:1.37", "")


def seen(phase: str, message: str = "") -> dict[str, Any]:
    """Return a status as the operator writes it."""
    ready = {"type": "Ready", "status": "False", "reason": phase, "message": message}
    ready["lastTransitionTime"] = "2026-01-01T00:00:00Z"
    told: dict[str, Any] = {"phase": phase, "conditions": [ready]}
    if phase in {"Succeeded", "Failed"}:
        attempt = {"attempt": 0, "host": {"name": "a"}, "name": "cj-1-0", "scheduledTime": "2026-01-01T00:00:00Z"}
        told |= {"finished": True, "attempts": [attempt | {"logTail": {"stdout": "It works.\n"}}]}
    return told


@pytest.fixture
def stored(monkeypatch: pytest.MonkeyPatch) -> Stored:
    monkeypatch.setattr(try_job, "LOOK_SECONDS", 0.0)
    monkeypatch.setattr(running, "ASK_AGAIN_SECONDS", 0.0)
    return Stored()


@pytest.fixture
async def api(stored: Stored, tmp_path: Path) -> AsyncIterator[Api]:
    client = stored.api(tmp_path)
    yield client
    await client.aclose()


def operator(stored: Stored, *statuses: dict[str, Any]) -> None:
    """Have an operator write one status after the other, whenever the job is looked at."""
    coming = iter(statuses)

    def write(told: str) -> None:
        path = f"{JOBS}/cj-test"
        if told == f"GET {path}" and path in stored.objects:
            stored.objects[path] |= {"status": next(coming, statuses[-1])}

    stored.before = write


async def test_a_job_that_succeeds_shows_its_output_and_is_deleted(
    api: Api, stored: Stored, capsys: pytest.CaptureFixture[str]
) -> None:
    operator(stored, {}, seen("Scheduled"), seen("Running"), seen("Running"), seen("Succeeded"))
    await attempt(api, TRIAL, 1e9)
    assert capsys.readouterr().out.splitlines() == [
        "ContainerJob here/cj-test is created",
        "Scheduled",
        "Running",
        "Succeeded",
        "It works.",
    ]
    assert stored.objects == {}


async def test_an_earlier_job_of_the_name_makes_room(api: Api, stored: Stored) -> None:
    stored.put(f"{JOBS}/cj-test", {"spec": {"earlier": True}})
    stored.troubles[f"POST {JOBS}"] = [status(409, "object is being deleted")]
    operator(stored, seen("Succeeded"))
    await attempt(api, TRIAL, 1e9)
    assert stored.requests[:3] == [f"DELETE {JOBS}/cj-test", f"POST {JOBS}", f"POST {JOBS}"]


async def test_a_job_that_fails_is_left_to_be_looked_at(api: Api, stored: Stored) -> None:
    operator(stored, seen("Failed", "exit code 3"))
    with pytest.raises(HookFailed) as failure:
        await attempt(api, TRIAL, 1e9)
    assert str(failure.value) == (
        "ContainerJob here/cj-test is Failed: exit code 3; see `kubectl containerjob why cj-test -n here`"
    )
    assert f"{JOBS}/cj-test" in stored.objects


async def test_a_job_that_finds_no_host_says_why(api: Api, stored: Stored) -> None:
    ticks = count(0, 5)
    operator(stored, seen("Queued", "no host admits the namespace here"))
    with pytest.raises(HookFailed, match="has not ended in time: no host admits the namespace here; see "):
        await attempt(api, TRIAL, 20, lambda: float(next(ticks)))


async def test_a_job_that_no_operator_looks_at_says_so(api: Api, stored: Stored) -> None:
    ticks = count(0, 5)
    with pytest.raises(HookFailed, match="no operator has looked at it"):
        await attempt(api, TRIAL, 20, lambda: float(next(ticks)))


async def test_a_job_that_somebody_deletes_has_failed(api: Api, stored: Stored) -> None:
    stored.before = lambda told: stored.objects.clear() if told == f"GET {JOBS}/cj-test" else None
    with pytest.raises(HookFailed, match="was deleted by somebody else"):
        await attempt(api, TRIAL, 1e9)


async def test_a_job_that_the_server_refuses_is_told_in_its_words(api: Api, stored: Stored) -> None:
    stored.troubles[f"POST {JOBS}"] = [status(422, "spec.template: Required value")]
    with pytest.raises(KubeRefused, match="Required value"):
        await attempt(api, TRIAL, 1e9)


def test_the_job_names_its_host_only_where_one_is_asked_for() -> None:
    assert "placement" not in TRIAL.body()["spec"]
    named = Trial("here", "cj-test", "busybox:1.37", "build").body()["spec"]
    assert named["placement"] == {"hostRef": {"kind": "DockerHost", "name": "build"}}
    cloud = Trial("here", "cj-test", "busybox:1.37", "cloudrunhost/eu").body()["spec"]
    assert cloud["placement"] == {"hostRef": {"kind": "CloudRunHost", "name": "eu"}}
