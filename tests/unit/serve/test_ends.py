"""Signals, --once and --dry-run: what still happens once an end was asked for, and what does not."""

import asyncio
import os
import signal
import subprocess
import sys

import pytest
from structlog.testing import capture_logs
from tests.fakes.fake_kube import FakeKube
from tests.fakes.operator_rig import new_engine, until
from tests.unit.serve.conftest import Kopf, Life

from containerjob_api.names import LABEL_CLUSTER_UID, LABEL_JOB_UID, LABEL_NAME, LABEL_NAMESPACE
from containerjob_operator import leading
from containerjob_operator.executors.fake.engine import FakeEngine
from containerjob_operator.executors.fake.programs import Program
from containerjob_operator.kube.lease import LeaseLost
from containerjob_operator.kube.resources import LEASE


def tell(number: signal.Signals = signal.SIGTERM) -> None:
    os.kill(os.getpid(), number)


def slow_host(kube: FakeKube, seconds: float, **spec: object) -> FakeEngine:
    engine, endpoint = new_engine()
    kube.create_host("h1", f"{endpoint}?startDelaySeconds={seconds}&runForSeconds=60", **spec)
    return engine


def phases(kube: FakeKube, *names: str) -> list[str]:
    return [str(kube.status(name).get("phase")) for name in names]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_launch_under_way_is_finished_and_stored_and_none_begins(life: Life, number: signal.Signals) -> None:
    engine = slow_host(life.kube, 0.5, maxConcurrentJobs=1)
    life.kube.create_job("first", argv=["anything"])
    life.begin()
    await life.works()
    await until(lambda: phases(life.kube, "first") == ["Scheduled"], "it is being launched")
    tell(number)
    await asyncio.sleep(0)
    life.kube.edit_host("h1", {"maxConcurrentJobs": 4})
    life.kube.create_job("second", argv=["anything"])
    await life.ends()
    [container] = engine.containers.values()
    assert container.started_at is not None
    assert phases(life.kube, "first", "second") == ["Scheduled", "Pending"]
    assert not life.lease["holderIdentity"]


async def test_what_takes_too_long_is_left_to_the_next_operator(life: Life) -> None:
    slow_host(life.kube, 60)
    life.kube.create_job(argv=["anything"])
    life.begin(shutdown_timeout=0.2)
    await until(lambda: phases(life.kube, "hello") == ["Scheduled"], "it is being launched")
    with capture_logs() as logs:
        tell()
        await life.ends()
    assert [line["passes"] for line in logs if line["event"].startswith("not everything")] == [1]
    assert phases(life.kube, "hello") == ["Scheduled"]
    assert not life.lease["holderIdentity"]


async def test_while_it_drains_the_lease_is_kept_and_its_loss_ends_it_at_once(life: Life) -> None:
    slow_host(life.kube, 60)
    life.kube.create_job(argv=["anything"])
    life.begin(shutdown_timeout=60)
    await until(lambda: phases(life.kube, "hello") == ["Scheduled"], "it is being launched")
    tell()
    before = life.lease["renewTime"]
    await until(lambda: life.lease["renewTime"] != before, "it renews on")
    life.kube.fake.edit(LEASE, "containerjob-operator", {"spec": {"holderIdentity": "b"}}, "containerjob-system")
    await life.ends()
    assert life.lease["holderIdentity"] == "b"


async def test_a_standby_that_is_told_to_stop_just_goes(life: Life) -> None:
    life.occupy()
    life.begin(lease_seconds=60)
    await until(lambda: "get Lease" in life.kube.fake.trouble.calls, "it stands by")  # type: ignore[attr-defined]
    tell()
    await life.ends()
    assert life.lease["holderIdentity"] == "other"
    assert not life.kopf.started.is_set()


async def test_the_process_that_waits_for_the_api_server_ends_when_told(life: Life) -> None:
    trouble = life.kube.fake.trouble
    trouble.fail("get CustomResourceDefinition", lambda: leading.KubeUnavailable("starting"), times=1000)  # type: ignore[attr-defined]
    life.begin()
    await until(lambda: trouble.calls, "it asks")  # type: ignore[attr-defined]
    tell()
    await life.ends()


async def test_signals_are_taken_back_from_kopf_and_given_back_in_the_end(life: Life) -> None:
    life.begin()
    await life.works()
    tell()
    await life.ends()
    assert life.kopf.taken == []
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


async def test_sigusr1_logs_a_status_report(life: Life) -> None:
    life.kube.create_host("h1", new_engine()[1])
    life.begin()
    await life.works()
    with capture_logs() as logs:
        tell(signal.SIGUSR1)
        await until(lambda: any(line["event"] == "status" for line in logs), "it reports")
    report = next(line for line in logs if line["event"] == "status")
    assert (report["stage"], report["identity"], report["hosts"][0]["name"]) == ("Leading", "me", "h1")
    tell()
    await life.ends()


TOLD_TWICE = """
import asyncio, os, signal, sys
from containerjob_operator.signals import Signals

async def main():
    signals = Signals(lambda: None)
    signals.listen()
    os.kill(os.getpid(), signal.SIGTERM)
    await signals.told.wait()
    print("told", flush=True)
    os.kill(os.getpid(), signal.SIGINT)
    await asyncio.sleep(60)

asyncio.run(main())
"""


def test_a_second_signal_ends_at_once() -> None:
    command = [sys.executable, "-c", TOLD_TWICE]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert (ended.returncode, "told\n" in ended.stdout) == (130, True)


async def test_once_ends_when_nothing_is_pending_or_running_and_does_not_wait_for_suspended_jobs(life: Life) -> None:
    life.kube.create_host("h1", new_engine()[1], maxConcurrentJobs=1)
    for name in ("a", "b", "c"):
        life.kube.create_job(name)
    life.kube.create_job("later", suspend=True)
    life.begin(once=True)
    await life.ends()
    assert phases(life.kube, "a", "b", "c", "later") == ["Succeeded", "Succeeded", "Succeeded", "Suspended"]
    assert not life.lease["holderIdentity"]


async def test_once_names_a_job_that_no_host_takes_and_ends_without_it(life: Life) -> None:
    life.kube.create_job()
    with capture_logs() as logs:
        life.begin(once=True)
        await life.ends()
    assert [(line["job"], line["reason"]) for line in logs if line["event"] == "not run"] == [("hello", "NoHost")]
    assert phases(life.kube, "hello") == ["Pending"]


async def test_a_dry_run_tells_and_does_nothing_and_takes_no_lease(life: Life, kopf: Kopf) -> None:
    engine, endpoint = new_engine()
    life.kube.create_host("h1", endpoint)
    life.kube.create_job()
    life.kube.create_job("expired")
    life.kube.edit_job(
        {"status": {"phase": "Failed", "finished": True, "expireTime": "2026-01-01T00:00:00Z"}}, "expired"
    )
    before = dict(life.kube.fake.objects)
    with capture_logs() as logs:
        life.begin(dry_run=True, once=True)
        await life.ends()
    told = [line for line in logs if line["event"].startswith("would")]
    assert [line["phase"] for line in told if line.get("action") == "Write"] == ["Scheduled"]
    assert any(line.get("what") == "delete ContainerJob team-a/expired" for line in told)
    assert life.kube.fake.objects == before
    assert (engine.containers, life.kube.fake.writes, life.lease) == ({}, [], {})


async def test_nothing_is_written_once_the_term_is_over(life: Life) -> None:
    life.begin()
    await life.works()
    tell()
    await life.ends()
    with pytest.raises(LeaseLost, match="the term is over"):
        life.kube.permit()


TOLD_EARLY = """
import os, signal
from containerjob_operator import main

main._check_together = lambda _options: os.kill(os.getpid(), signal.SIGTERM)
main.main([])
"""


def test_told_to_stop_before_its_event_loop_runs_it_ends_without_a_word() -> None:
    command = [sys.executable, "-c", TOLD_EARLY]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (ended.returncode, ended.stderr) == (0, "")


async def test_a_dry_run_looks_after_hosts_without_kopfs_timers(life: Life) -> None:
    engine, endpoint = new_engine()
    life.kube.create_host("h1", endpoint)
    labels = {LABEL_CLUSTER_UID: life.kube.fake.objects["Namespace", "", "kube-system"]["metadata"]["uid"]}
    labels |= {LABEL_JOB_UID: "gone", LABEL_NAMESPACE: "team-a", LABEL_NAME: "hello"}
    engine.create("cj-gone-0", "busybox", labels, Program(seconds=60))
    with capture_logs() as logs:
        life.begin(dry_run=True, resync_interval=0.05)
        await until(lambda: any(line["event"] == "would clear a container" for line in logs), "it is told")
        tell()
        await life.ends()
    assert list(engine.containers) == ["cj-gone-0"]


async def test_an_api_server_that_is_away_does_not_keep_it_from_ending(
    life: Life, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leading, "RELEASE_SECONDS", 0.05)
    life.begin()
    await life.works()
    never = asyncio.Event()
    monkeypatch.setattr(life.kube.fake, "get", lambda *_: never.wait())
    tell()
    await life.ends()
    assert life.lease["holderIdentity"] == "me"
