"""The Lease against a server that fails when told to; tests/kube has the real one."""

import asyncio
from pathlib import Path

import httpx2
import pytest
from tests.unit.kube.servers import LeaseServer, kube_with, status
from tests.unit.kube.test_events import HOST

from containerjob_api.jobs import ContainerJob
from containerjob_api.jobstatus import ContainerJobStatus
from containerjob_api.phases import Phase
from containerjob_operator.errors import KubeRefused
from containerjob_operator.kube.events import EventRecorder
from containerjob_operator.kube.lease import Lease, LeaseLost
from containerjob_operator.kube.lease_rules import Timing

QUICK = Timing(duration=1, renew=0.01, deadline=0.3, retry=0.02)


@pytest.fixture
async def server() -> LeaseServer:
    return LeaseServer()


@pytest.fixture
async def lease(tmp_path: Path, server: LeaseServer) -> Lease:
    return Lease(kube_with(tmp_path, server), "ns", "operator", "me", timing=QUICK)


async def _until_renewed(server: LeaseServer, times: int = 3) -> None:
    async with asyncio.timeout(10):
        for _ in range(times):
            await server.written.wait()
            server.written.clear()


async def test_a_holder_renews_with_one_write_each(server: LeaseServer, lease: Lease) -> None:
    await lease.acquire()
    holding = asyncio.create_task(lease.hold())
    await _until_renewed(server)
    holding.cancel()
    assert server.requests[:2] == ["GET", "POST"]
    assert set(server.requests[2:]) == {"PATCH"}
    assert server.spec()["leaseTransitions"] == 0


async def test_a_lease_that_cannot_be_renewed_is_lost_at_the_deadline(server: LeaseServer, lease: Lease) -> None:
    await lease.acquire()
    server.failure = lambda: status(503, "etcd is down")
    async with asyncio.timeout(10):
        with pytest.raises(LeaseLost, match=r"could not be renewed for 0.3 s"):
            await lease.hold()
    assert server.requests.count("PATCH") > 2


async def test_a_passing_failure_is_survived(server: LeaseServer, lease: Lease) -> None:
    await lease.acquire()
    holding = asyncio.create_task(lease.hold())
    server.failure = lambda: status(503, "etcd is down")
    await _until_renewed(server, 2)
    server.failure = None
    await _until_renewed(server)
    assert not holding.done()
    holding.cancel()


async def test_a_renewal_whose_answer_was_lost_is_not_taken_for_a_rival(server: LeaseServer, lease: Lease) -> None:
    await lease.acquire()
    holding = asyncio.create_task(lease.hold())
    server.lose_answers = 1
    await _until_renewed(server, 4)
    assert not holding.done()
    holding.cancel()


@pytest.mark.parametrize("holder", ["rival", ""])
async def test_another_holder_ends_it(server: LeaseServer, lease: Lease, holder: str) -> None:
    await lease.acquire()
    server.edit(holderIdentity=holder)
    async with asyncio.timeout(10):
        with pytest.raises(LeaseLost, match=f"held by {holder or 'nobody'}"):
            await lease.hold()


async def test_a_deleted_lease_is_lost(server: LeaseServer, lease: Lease) -> None:
    await lease.acquire()
    server.lease = None
    async with asyncio.timeout(10):
        with pytest.raises(LeaseLost, match="deleted"):
            await lease.hold()


async def test_a_lease_deleted_between_a_conflict_and_the_look_is_lost(server: LeaseServer, lease: Lease) -> None:
    await lease.acquire()
    answers = iter([status(409, "modified"), status(404, "not found")])
    server.failure = lambda: next(answers)
    async with asyncio.timeout(10):
        with pytest.raises(LeaseLost, match="deleted"):
            await lease.hold()


async def test_a_candidate_asks_on_while_the_server_is_away(server: LeaseServer, lease: Lease) -> None:
    server.failure = lambda: status(503, "starting")
    acquiring = asyncio.create_task(lease.acquire())
    async with asyncio.timeout(10):
        for _ in range(3):
            await server.read.wait()
            server.read.clear()
    server.failure = None
    async with asyncio.timeout(10):
        await acquiring
    assert server.spec()["holderIdentity"] == "me"


async def test_a_candidate_without_permission_says_so_at_once(server: LeaseServer, lease: Lease) -> None:
    server.failure = lambda: status(403, "leases is forbidden")
    with pytest.raises(KubeRefused, match="leases is forbidden"):
        await lease.acquire()


async def test_a_release_that_fails_is_left_to_time(server: LeaseServer, lease: Lease) -> None:
    await lease.acquire()
    server.failure = lambda: httpx2.Response(500)
    await lease.release()
    assert server.spec()["holderIdentity"] == "me"


async def test_a_release_leaves_a_rivals_lease_alone(server: LeaseServer, lease: Lease) -> None:
    await lease.acquire()
    server.edit(holderIdentity="rival")
    await lease.release()
    assert server.spec()["holderIdentity"] == "rival"


async def test_a_release_of_a_deleted_lease_does_nothing(server: LeaseServer, lease: Lease) -> None:
    await lease.acquire()
    server.lease = None
    await lease.release()
    assert server.lease is None


async def test_a_holder_that_was_stopped_for_longer_than_its_lease_may_not_act(
    tmp_path: Path, server: LeaseServer
) -> None:
    now = [100.0]
    timing = Timing.within(15)
    lease = Lease(kube_with(tmp_path, server), "ns", "operator", "me", timing=timing, clock=lambda: now[0])
    await lease.acquire()
    now[0] += timing.deadline - 0.1
    lease.check()
    now[0] += 0.2
    with pytest.raises(LeaseLost, match=r"the lease was not renewed for 10\.1 s"):
        lease.check()


async def test_without_the_lease_nothing_is_written(tmp_path: Path, server: LeaseServer) -> None:
    def lost() -> None:
        raise LeaseLost("it ran out")

    kube = kube_with(tmp_path, server)
    kube.permit = lost
    job = ContainerJob.from_body(
        {
            "metadata": {"name": "a", "namespace": "b", "uid": "c", "resourceVersion": "1"},
            "spec": {"template": {"spec": {"containers": [{"name": "main", "image": "busybox"}]}}},
        }
    )
    with pytest.raises(LeaseLost):
        await kube.write_job_status(job, ContainerJobStatus(phase=Phase.QUEUED))
    with pytest.raises(LeaseLost):
        await kube.delete_expired(job)
    recorder = EventRecorder(kube)
    recorder.permit = lost
    recorder.record(job, "Normal", "Running", "it runs")
    await recorder.aclose()
    assert (recorder.dropped, server.requests) == (1, [])


async def test_a_rehearsal_records_no_events(tmp_path: Path, server: LeaseServer) -> None:
    kube = kube_with(tmp_path, server)
    kube.rehearsing = True
    recorder = EventRecorder(kube)
    recorder.record(HOST, "Warning", "Unreachable", "no answer")
    assert (recorder.waiting, recorder.dropped) == (0, 0)
    await recorder.aclose()
    assert server.requests == []
