"""The hook before an uninstall: the log API goes first, the operator stops, hosts are freed, nothing is left over."""

from collections.abc import AsyncIterator
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest
from click.testing import CliRunner
from tests.unit.hooks.stored import Stored
from tests.unit.kube.servers import status

from containerjob_api.names import HOST_FINALIZER
from containerjob_operator.hooks import before_uninstall, running
from containerjob_operator.hooks.before_uninstall import Installed, main, prepare
from containerjob_operator.hooks.running import HookFailed
from containerjob_operator.kube.api import Api

API_SERVICE = "/apis/apiregistration.k8s.io/v1/apiservices/v1alpha1.subresources.containerjobs.io"
HERE = "namespaces/here"
SCALE = f"/apis/apps/v1/{HERE}/deployments/cj/scale"
JOB = f"/apis/batch/v1/{HERE}/jobs/cj"
LEASE = f"/apis/coordination.k8s.io/v1/{HERE}/leases/cj"
SECRET, POD = f"/api/v1/{HERE}/secrets/tls", f"/api/v1/{HERE}/pods/test"
HOSTS = "/apis/containerjobs.io/v1alpha1/dockerhosts"
INSTALLED = Installed(
    "here",
    ("deployments", "cj"),
    "cj",
    "v1alpha1.subresources.containerjobs.io",
    (("secrets", "tls"), ("pods", "test")),
)


@pytest.fixture
def stored(monkeypatch: pytest.MonkeyPatch) -> Stored:
    """A release with everything there is, whose operator has just stopped."""
    monkeypatch.setattr(before_uninstall, "LOOK_SECONDS", 0.0)
    monkeypatch.setattr(running, "ASK_AGAIN_SECONDS", 0.0)
    stored = Stored()
    stored.put(API_SERVICE, {})
    stored.put(SCALE, {"spec": {"replicas": 2}, "status": {"replicas": 0}})
    stored.put(LEASE, {"spec": {"holderIdentity": ""}})
    stored.put(SECRET, {})
    stored.put(POD, {})
    stored.put(f"{HOSTS}/a", {"metadata": {"finalizers": ["other/one", HOST_FINALIZER]}})
    stored.put(f"{HOSTS}/b", {"metadata": {"finalizers": [HOST_FINALIZER]}})
    stored.put(f"{HOSTS}/c", {})
    return stored


@pytest.fixture
async def api(stored: Stored, tmp_path: Path) -> AsyncIterator[Api]:
    client = stored.api(tmp_path)
    yield client
    await client.aclose()


def writes(stored: Stored) -> list[str]:
    return [request for request in stored.requests if not request.startswith("GET")]


async def test_it_goes_by_the_order_that_leaves_nothing_stuck(api: Api, stored: Stored) -> None:
    await prepare(api, INSTALLED, 10)
    assert writes(stored) == [
        f"DELETE {API_SERVICE}",
        f"PATCH {SCALE}",
        f"PATCH {HOSTS}/a",
        f"PATCH {HOSTS}/b",
        f"DELETE {LEASE}",
        f"DELETE {SECRET}",
        f"DELETE {POD}",
    ]


async def test_only_our_finalizer_goes(api: Api, stored: Stored) -> None:
    await prepare(api, INSTALLED, 10)
    assert stored.objects[f"{HOSTS}/a"]["metadata"]["finalizers"] == ["other/one"]
    assert "finalizers" not in stored.objects[f"{HOSTS}/b"]["metadata"]
    assert stored.objects[SCALE]["spec"] == {"replicas": 0}


async def test_hosts_of_another_operator_are_left_to_it(api: Api, stored: Stored) -> None:
    await prepare(api, replace(INSTALLED, host=("b",)), 10)
    assert [request for request in writes(stored) if HOSTS in request] == [f"PATCH {HOSTS}/b"]


async def test_hosts_on_cloud_run_are_freed_too_and_told_apart_by_their_kind(api: Api, stored: Stored) -> None:
    clouds = HOSTS.replace("dockerhosts", "cloudrunhosts")
    stored.put(f"{clouds}/b", {"metadata": {"finalizers": ["containerjobs.io/operator"]}})
    await prepare(api, replace(INSTALLED, host=("cloudrunhost/b",)), 10)
    freed = [request for request in writes(stored) if request.startswith("PATCH") and "hosts/" in request]
    assert freed == [f"PATCH {clouds}/b"]


async def test_a_second_run_finds_nothing_to_do_and_is_content(api: Api, stored: Stored) -> None:
    await prepare(api, INSTALLED, 10)
    del stored.objects[SCALE]
    stored.requests.clear()
    await prepare(api, INSTALLED, 10)
    assert not [request for request in writes(stored) if request.startswith("PATCH") and HOSTS in request]


async def test_without_our_definitions_there_are_no_hosts_to_free(api: Api, stored: Stored) -> None:
    for name in "abc":
        del stored.objects[f"{HOSTS}/{name}"]
    await prepare(api, INSTALLED, 10)
    assert LEASE not in stored.objects


async def test_hosts_are_freed_only_once_the_operator_has_stopped(api: Api, stored: Stored) -> None:
    """Before, it would put its finalizer on again."""
    stored.put(SCALE, {"spec": {"replicas": 2}, "status": {"replicas": 2}})
    stored.put(LEASE, {"spec": {"holderIdentity": "pod-1", "renewTime": "1", "leaseDurationSeconds": 10}})
    looks = count()

    def step(told: str) -> None:
        if told == f"GET {SCALE}" and next(looks) == 4:
            stored.put(SCALE, {"spec": {"replicas": 0}, "status": {"replicas": 0}})
        if told == f"GET {LEASE}" and next(looks) == 9:
            stored.put(LEASE, {"spec": {"holderIdentity": ""}})

    stored.before = step
    await prepare(api, INSTALLED, 1e9)
    last_look = len(stored.requests) - 1 - stored.requests[::-1].index(f"GET {LEASE}")
    assert stored.requests.index(f"PATCH {HOSTS}/a") > last_look


async def test_a_holder_that_died_is_waited_for_as_long_as_its_lease_says(api: Api, stored: Stored) -> None:
    stored.put(LEASE, {"spec": {"holderIdentity": "pod-1", "renewTime": "1", "leaseDurationSeconds": 10}})
    ticks = count(0, 4)
    await prepare(api, INSTALLED, 1000, lambda: float(next(ticks)))
    assert next(ticks) == 16


async def test_an_operator_that_goes_on_is_named(api: Api, stored: Stored) -> None:
    renewals, ticks = count(), count(0, 4)

    def renew(told: str) -> None:
        if told == f"GET {LEASE}":
            stored.put(LEASE, {"spec": {"holderIdentity": "elsewhere_1", "renewTime": str(next(renewals))}})

    stored.before = renew
    with pytest.raises(HookFailed) as failure:
        await prepare(api, INSTALLED, 20, lambda: float(next(ticks)))
    assert str(failure.value) == (
        "Lease here/cj is still held by elsewhere_1: end that operator, then uninstall again"
    )
    assert f"PATCH {HOSTS}/a" not in stored.requests


async def test_pods_that_stay_are_counted(api: Api, stored: Stored) -> None:
    stored.put(SCALE, {"spec": {"replicas": 2}, "status": {"replicas": 2}})
    ticks = count(0, 4)
    with pytest.raises(HookFailed, match="2 pods of deployments/cj are still there: end that operator"):
        await prepare(api, INSTALLED, 20, lambda: float(next(ticks)))


async def test_a_job_that_runs_once_is_suspended(api: Api, stored: Stored) -> None:
    stored.put(JOB, {"spec": {}, "status": {}})
    await prepare(api, Installed("here", ("jobs", "cj"), "cj", "x", ()), 10)
    assert stored.objects[JOB]["spec"] == {"suspend": True}


async def test_a_host_that_somebody_changes_or_deletes_meanwhile_is_no_trouble(api: Api, stored: Stored) -> None:
    stored.troubles[f"PATCH {HOSTS}/a"] = [status(409, "modified")]
    stored.troubles[f"PATCH {HOSTS}/b"] = [status(404, "not found")]
    await prepare(api, INSTALLED, 10)
    assert stored.objects[f"{HOSTS}/a"]["metadata"]["finalizers"] == ["other/one"]


async def test_an_api_server_that_is_away_for_a_moment_is_asked_again(api: Api, stored: Stored) -> None:
    stored.troubles[f"DELETE {API_SERVICE}"] = [status(503, "starting")]
    await prepare(api, INSTALLED, 10)
    assert stored.requests[:2] == [f"DELETE {API_SERVICE}"] * 2


@pytest.mark.parametrize("wrong", ["statefulsets/cj", "deployments", "deployments/"])
def test_another_workload_is_refused_by_name(wrong: str) -> None:
    options = ["--namespace=a", "--lease=b", "--api-service=c", f"--workload={wrong}"]
    result = CliRunner().invoke(main, options)
    assert result.exit_code == 2
    assert result.stderr == (
        f"error: Invalid value for '--workload': '{wrong}' is not deployments/NAME or jobs/NAME.\n"
    )
