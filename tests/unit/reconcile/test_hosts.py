"""Hosts that come, go, change and fail; what their jobs are told meanwhile."""

import asyncio

import pytest
from tests.fakes.operator_rig import H1, OperatorRig, new_engine, until
from tests.unit.reconcile.conftest import Desk

from containerjob_api.phases import HostReason
from containerjob_operator.errors import HostUnavailable
from containerjob_operator.kube.resources import DOCKERHOST
from containerjob_operator.reconcile import hosts
from containerjob_operator.reconcile.intake import suspect_job, take_host
from containerjob_operator.reconcile.upkeep import tell_status, tend_host

LONG = ["sleep", "60"]


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ask engines again soon."""
    monkeypatch.setattr(hosts, "RETRY_SECONDS", (0.01,))


async def running(desk: Desk) -> OperatorRig:
    """Have a job run on h1 and the host's engine id stored."""
    desk.kube.create_job(argv=LONG)
    await desk.rig.load()
    await desk.rig.look()
    await tend_host(H1, desk.rig.context)
    await until(lambda: desk.engine.subscriptions, "the events are followed")
    return desk.rig


async def test_on_a_replaced_engine_nothing_is_judged_launched_or_removed(desk: Desk) -> None:
    rig = await running(desk)
    desk.kube.create_job("waiting", argv=LONG)
    rig.executor.engine_id = "another-engine"
    desk.engine.containers.clear()
    rig.executor.cut.set()
    await until(lambda: rig.host().probe.reason is HostReason.ENGINE_CHANGED, "the change is seen")
    calls = len(desk.trouble.calls)
    await rig.look()
    await tend_host(H1, rig.context)
    assert desk.phase() == "Scheduled"
    assert desk.kube.condition("HostReachable")["status"] == "False"
    assert "re-create this DockerHost" in desk.kube.condition("HostReachable")["message"]
    assert {"create", "start", "remove", "inspect", "list_owned"} & set(desk.trouble.calls[calls:]) == set()
    status = desk.kube.host("h1")["status"]
    assert status["engine"]["id"] == f"fake-{desk.engine.name}"
    assert [c["reason"] for c in status["conditions"] if c["type"] == "Ready"] == ["EngineChanged"]


async def test_between_two_streams_nothing_is_judged_before_the_engine_has_said_who_it_is(desk: Desk) -> None:
    rig = await running(desk)
    hold = asyncio.Event()

    async def held_up() -> None:
        await hold.wait()

    desk.trouble.within["engine"] = held_up
    rig.executor.engine_id = "another-engine"
    desk.engine.containers.clear()
    rig.executor.cut.set()
    await until(lambda: not rig.host().usable, "the stream ended")
    await rig.look()
    assert desk.phase() == "Scheduled"
    hold.set()


async def test_a_job_that_was_refused_between_two_streams_gets_its_host_afterwards(desk: Desk) -> None:
    rig = await running(desk)
    hold = asyncio.Event()

    async def held_up() -> None:
        await hold.wait()

    async with rig.working(tend_every=60):
        desk.trouble.within["engine"] = held_up
        rig.executor.cut.set()
        await until(lambda: not rig.host().usable, "the stream ended")
        desk.kube.create_job("next")
        await until(lambda: desk.reason("next") == "HostNotReady", "it is told why it waits")
        hold.set()
        await until(lambda: desk.phase("next") == "Succeeded", "it is over")


async def test_a_deleted_job_on_a_replaced_engine_is_let_go_without_a_touch(desk: Desk) -> None:
    rig = await running(desk)
    rig.executor.engine_id = "another-engine"
    await rig.context.hosts.ask(rig.host())
    uid = rig.live().uid
    desk.kube.delete_job()
    suspect_job(uid, rig.context)
    await rig.look_at(uid)
    assert len(rig.context.jobs) == 0
    assert len(desk.engine.containers) == 1
    assert not {"signal_stop", "remove"} & set(desk.trouble.calls)


async def test_an_engine_that_goes_away_and_comes_back_is_noticed_both_times(desk: Desk) -> None:
    desk.kube.create_job(argv=LONG)
    async with desk.rig.working():
        await until(lambda: desk.phase() == "Running", "the job runs")
        desk.engine.go_away()
        await until(lambda: desk.kube.condition("HostReachable").get("status") == "False", "the host is lost")
        assert desk.phase() == "Running"
        desk.engine.come_back()
        await until(lambda: desk.kube.condition("HostReachable")["status"] == "True", "the host is back")
        desk.engine.end(desk.engine.containers[desk.container()], 5)
        await until(lambda: desk.phase() == "Failed", "the job is over")
    assert desk.kube.status()["exitCode"] == 5
    assert desk.engine.starts == 1


def asks_no_more(rig: OperatorRig) -> bool:
    asking = rig.host().asking
    return asking is not None and asking.done()


async def test_a_host_that_was_slow_once_is_asked_again_though_its_stream_stands(desk: Desk) -> None:
    rig = await running(desk)
    await until(lambda: rig.host().following, "the stream stands")
    stream = set(desk.engine.subscriptions)
    desk.trouble.always["engine"] = desk.trouble.fault(lambda: HostUnavailable("no answer within 10 s"))
    await tend_host(H1, rig.context)
    assert not rig.host().usable
    asked = desk.trouble.calls.count("engine")
    await until(lambda: desk.trouble.calls.count("engine") > asked + 1, "it is asked again and again")
    del desk.trouble.always["engine"]
    await until(lambda: rig.host().usable, "it has answered")
    await until(lambda: asks_no_more(rig), "nobody asks any more")
    assert desk.engine.subscriptions == stream


async def test_whoever_reads_the_stream_asks_once_it_is_broken_and_nobody_else(desk: Desk) -> None:
    rig = await running(desk)
    await until(lambda: rig.host().following, "the stream stands")
    desk.trouble.always["engine"] = desk.trouble.fault(lambda: HostUnavailable("no answer within 10 s"))
    await tend_host(H1, rig.context)
    rig.executor.cut.set()
    await until(lambda: asks_no_more(rig), "one of the two ends")
    del desk.trouble.always["engine"]
    await until(lambda: rig.host().usable, "the other one has its answer")


async def test_jobs_of_a_deleted_host_say_so(desk: Desk) -> None:
    desk.kube.create_job(argv=LONG)
    async with desk.rig.working():
        await until(lambda: desk.phase() == "Running", "the job runs")
        desk.kube.fake.delete(DOCKERHOST, "h1")
        await until(lambda: desk.kube.condition("HostReachable").get("status") == "False", "the job says so")
    assert "DockerHost h1 does not exist" in desk.kube.condition("HostReachable")["message"]
    assert desk.phase() == "Running"
    assert len(desk.engine.containers) == 1
    assert desk.rig.executor.closed == 1


async def test_another_endpoint_gets_another_executor_and_its_engine_must_be_the_same(desk: Desk) -> None:
    rig = await running(desk)
    _, elsewhere = new_engine()
    old = rig.executor
    take_host(desk.kube.fake.edit(DOCKERHOST, "h1", {"spec": {"endpoint": elsewhere}}), rig.context)
    assert rig.is_due(rig.live().uid)
    await until(rig.host().probed.is_set, "the new engine is asked")
    await until(lambda: old.closed, "the old connections are closed")
    assert rig.host().probe.reason is HostReason.ENGINE_CHANGED
    await rig.look()
    assert (desk.phase(), desk.kube.condition("HostReachable")["status"]) == ("Scheduled", "False")


async def test_a_changed_limit_keeps_the_connection(desk: Desk) -> None:
    rig = await running(desk)
    take_host(desk.kube.fake.edit(DOCKERHOST, "h1", {"spec": {"maxConcurrentJobs": 7}}), rig.context)
    assert len(rig.executors) == 1
    assert rig.context.hosts.views({})[0].free == 7


async def test_an_endpoint_that_is_refused_says_why_and_holds_nobody_up(desk: Desk) -> None:
    rig = await desk.restart(allow_fake_hosts=False)
    await rig.load()
    host = rig.host()
    assert host.probe.reason is HostReason.FAKE_HOSTS_NOT_ALLOWED
    assert await rig.context.hosts.ask(host) == host.probe
    await tend_host(H1, rig.context)
    ready = [c for c in desk.kube.host("h1")["status"]["conditions"] if c["type"] == "Ready"]
    assert "--allow-fake-hosts" in ready[0]["message"]


async def test_a_bug_in_asking_one_host_keeps_no_job_from_its_verdict(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    desk.trouble.always["engine"] = desk.trouble.fault(lambda: ZeroDivisionError("a bug"))
    desk.kube.create_job()
    async with desk.rig.working():
        await until(lambda: desk.reason() == "HostNotReady", "the job says what it waits for")
        del desk.trouble.always["engine"]
        await until(lambda: desk.phase() == "Succeeded", "the host is asked again")
    assert "ZeroDivisionError" in capsys.readouterr().out


@pytest.mark.parametrize("error", [HostUnavailable("cut"), ZeroDivisionError("a bug")])
async def test_a_stream_that_breaks_is_opened_again(
    desk: Desk, error: Exception, capsys: pytest.CaptureFixture[str]
) -> None:
    await desk.rig.load()
    await until(lambda: desk.engine.subscriptions, "the events are followed")
    desk.rig.executor.stream_error = error
    desk.rig.executor.cut.set()
    await until(lambda: desk.rig.executor.stream_error is None, "the stream broke")
    desk.kube.create_job()
    async with desk.rig.working():
        await until(lambda: desk.phase() == "Succeeded", "the job is over")
    assert ("Traceback" in capsys.readouterr().out) == isinstance(error, ZeroDivisionError)


async def test_a_host_status_that_comes_back_late_does_not_hide_a_newer_host(desk: Desk) -> None:
    await desk.rig.load()

    async def cordoned_meanwhile() -> None:
        desk.trouble.within.clear()
        take_host(desk.kube.fake.edit(DOCKERHOST, "h1", {"spec": {"unschedulable": True}}), desk.rig.context)

    desk.trouble.within["patch DockerHost"] = cordoned_meanwhile
    await tell_status(desk.rig.host(), desk.rig.context)
    assert desk.rig.host().body.spec.unschedulable
