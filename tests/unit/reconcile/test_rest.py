"""What keeps a run with --once, and what does not."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs
from tests.fakes.operator_rig import until
from tests.unit.reconcile.conftest import Desk

from containerjob_operator.errors import KubeUnavailable
from containerjob_operator.reconcile.rest import at_rest, until_at_rest

TOMORROW = f"{datetime.now(UTC) + timedelta(days=1):%Y-%m-%dT%H:%M:%SZ}"
CLOSED: dict[str, Any] = {"allowedNamespaces": {"from": "None"}}
NOWHERE = {"placement": {"hostRef": {"kind": "DockerHost", "name": "nowhere"}}}


async def reason_is(desk: Desk, reason: str, name: str = "hello") -> None:
    await until(lambda: desk.reason(name) == reason, f"{name} is told {reason}")


@pytest.mark.parametrize(
    ("host", "job", "reason"),
    [
        ({}, NOWHERE, "HostNotFound"),
        (CLOSED, {}, "NamespaceNotAllowed"),
        ({"unschedulable": True}, {}, "HostUnschedulable"),
        ({"endpoint": "unix:///nowhere.sock"}, {}, "HostNotReady"),
        ({}, {"notBefore": TOMORROW}, "NotBefore"),
        ({}, {"suspend": True}, "JobSuspended"),
    ],
)
async def test_a_job_that_cannot_run_now_keeps_nobody_and_is_named_with_its_reason(
    desk: Desk, host: dict[str, Any], job: dict[str, Any], reason: str
) -> None:
    desk.kube.edit_host("h1", host)
    desk.kube.create_job(**job)
    with capture_logs() as logs:
        async with desk.rig.working():
            await reason_is(desk, reason)
            await until_at_rest(desk.rig.context)
    [line] = [line for line in logs if line["event"] == "not run"]
    assert (line["job"], line["namespace"], line["reason"]) == ("hello", "team-a", reason)
    assert line["message"]


async def test_a_job_without_any_host_keeps_nobody(desk: Desk) -> None:
    desk.kube.fake.objects.pop(("DockerHost", "", "h1"))
    desk.kube.create_job()
    async with desk.rig.working():
        await reason_is(desk, "NoHost")
        await until_at_rest(desk.rig.context)


async def test_a_job_that_was_tried_and_has_lost_its_hosts_keeps_nobody(desk: Desk) -> None:
    policy = {"initialDelaySeconds": 1}
    desk.kube.create_job(argv=["sh", "-c", "exit 3"], backoffLimit=1, retryPolicy=policy)
    async with desk.rig.working():
        await until(lambda: desk.phase() == "Retrying", "it failed once")
        desk.kube.edit_host("h1", {"unschedulable": True})
        assert not at_rest(desk.rig.context), "its next attempt is due in a moment"
        await reason_is(desk, "HostUnschedulable")
        await until_at_rest(desk.rig.context)
    assert desk.phase() == "Retrying"


async def test_a_job_that_waits_for_a_slot_is_waited_for(desk: Desk) -> None:
    desk.kube.edit_host("h1", {"endpoint": f"{desk.endpoint}?runForSeconds=1", "maxConcurrentJobs": 1})
    for name in ("first", "second"):
        desk.kube.create_job(name)
    async with desk.rig.working():
        await until_at_rest(desk.rig.context)
    assert [desk.phase(name) for name in ("first", "second")] == ["Succeeded", "Succeeded"]


async def test_a_job_whose_host_is_opened_meanwhile_is_run(desk: Desk) -> None:
    desk.kube.edit_host("h1", CLOSED)
    desk.kube.create_job()
    async with desk.rig.working():
        await reason_is(desk, "NamespaceNotAllowed")
        desk.kube.edit_host("h1", {"allowedNamespaces": {"from": "All"}})
        await until(lambda: desk.phase() == "Succeeded", "it ran")
        await until_at_rest(desk.rig.context)


async def test_what_could_not_be_stored_is_waited_for(desk: Desk) -> None:
    desk.kube.create_job(**NOWHERE)
    async with desk.rig.working():
        await reason_is(desk, "HostNotFound")
        desk.trouble.always["patch ContainerJob"] = desk.trouble.fault(lambda: KubeUnavailable("away"))
        desk.kube.edit_job({"spec": {"cancel": True}})
        await until(lambda: desk.rig.live().failures, "the cancel could not be stored")
        assert not at_rest(desk.rig.context)
        del desk.trouble.always["patch ContainerJob"]
        await until_at_rest(desk.rig.context)
    assert desk.phase() == "Cancelled"


async def test_nothing_is_at_rest_before_every_host_was_asked(desk: Desk) -> None:
    asked = asyncio.Event()

    async def slowly() -> None:
        await asked.wait()

    desk.trouble.within["engine"] = slowly
    async with desk.rig.working():
        await until(lambda: desk.rig.loaded, "it has loaded")
        assert not at_rest(desk.rig.context)
        asked.set()
        await until_at_rest(desk.rig.context)
