"""The Lease on a real API server: who gets it, when, and what is written."""

import asyncio
import importlib.metadata
import time
from collections.abc import Iterator

import pytest
from tests.kube.oracle import Oracle

from containerjob_api.names import OPERATOR_NAME, OPERATOR_NAMESPACE
from containerjob_operator.kube.client import Kube
from containerjob_operator.kube.lease import Lease, LeaseLost
from containerjob_operator.kube.lease_rules import Timing

QUICK = Timing(duration=2, renew=0.2, deadline=1.5, retry=0.1)
SECONDS = 90


@pytest.fixture
def name(oracle: Oracle) -> Iterator[str]:
    """The one Lease that the operator may read and write; it is not there yet."""
    oracle.delete_lease(OPERATOR_NAME, OPERATOR_NAMESPACE)
    yield OPERATOR_NAME
    oracle.delete_lease(OPERATOR_NAME, OPERATOR_NAMESPACE)


def _lease(kube: Kube, name: str, identity: str) -> Lease:
    return Lease(kube, OPERATOR_NAMESPACE, name, identity, timing=QUICK)


async def test_a_standby_waits_while_the_holder_renews_and_follows_when_it_releases(
    kube: Kube, oracle: Oracle, name: str
) -> None:
    first, second = _lease(kube, name, "one"), _lease(kube, name, "two")
    await first.acquire()
    holding = asyncio.create_task(first.hold())
    standby = asyncio.create_task(second.acquire())
    done, _ = await asyncio.wait({holding, standby}, timeout=2 * QUICK.duration)
    assert not done, "a standby took over from a holder that renews"
    holding.cancel()
    released = time.monotonic()
    await first.release()
    async with asyncio.timeout(SECONDS):
        await standby
    assert time.monotonic() - released < QUICK.duration
    lease = oracle.lease(name, OPERATOR_NAMESPACE)
    assert lease["metadata"]["labels"] == {"app.kubernetes.io/version": importlib.metadata.version("containerjob")}
    spec = lease["spec"]
    assert (spec["holderIdentity"], spec["leaseTransitions"], spec["leaseDurationSeconds"]) == ("two", 1, 2)


async def test_a_standby_takes_over_from_a_crashed_holder_after_the_duration(
    kube: Kube, oracle: Oracle, name: str
) -> None:
    await _lease(kube, name, "one").acquire()
    began = time.monotonic()
    async with asyncio.timeout(SECONDS):
        await _lease(kube, name, "two").acquire()
    assert time.monotonic() - began >= QUICK.duration
    assert oracle.lease(name, OPERATOR_NAMESPACE)["spec"]["holderIdentity"] == "two"


async def test_a_restarted_holder_goes_on_at_once(kube: Kube, oracle: Oracle, name: str) -> None:
    await _lease(kube, name, "one").acquire()
    before = oracle.lease(name, OPERATOR_NAMESPACE)["spec"]
    async with asyncio.timeout(QUICK.duration / 2):
        await _lease(kube, name, "one").acquire()
    after = oracle.lease(name, OPERATOR_NAMESPACE)["spec"]
    assert after["renewTime"] > before["renewTime"]
    assert (after["leaseTransitions"], after["acquireTime"]) == (0, before["acquireTime"])


async def test_of_two_that_start_together_one_wins(kube: Kube, name: str) -> None:
    attempts = {asyncio.create_task(_lease(kube, name, who).acquire()) for who in ("one", "two")}
    done, waiting = await asyncio.wait(attempts, timeout=SECONDS, return_when=asyncio.FIRST_COMPLETED)
    assert (len(done), len(waiting)) == (1, 1)
    waiting.pop().cancel()


async def test_a_holder_that_was_overtaken_stops(kube: Kube, name: str) -> None:
    first = _lease(kube, name, "one")
    await first.acquire()
    async with asyncio.timeout(SECONDS):
        await _lease(kube, name, "two").acquire()
        with pytest.raises(LeaseLost):
            await first.hold()
