"""The Lease: one operator acts, the others stand by.

It is no fence (a process may be paused while it believes to hold it): launches are fenced by container names, status
writes by resourceVersion.
"""

import asyncio
import importlib.metadata
import math
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final, NoReturn

import structlog

from containerjob_operator.errors import ContainerJobError, KubeError, KubeRefused, ObjectGone, WriteConflict
from containerjob_operator.kube.client import Kube
from containerjob_operator.kube.lease_rules import Claim, Sighting, Timing, may_take, sight
from containerjob_operator.kube.resources import LEASE

log = structlog.get_logger(__name__)
TIMING: Final = Timing()


class LeaseLost(ContainerJobError):
    """Somebody else acts now, or may soon: stop acting."""


class Lease:
    """One candidate's view of one Lease. Every write is fenced by the resourceVersion that was read."""

    def __init__(
        self,
        kube: Kube,
        namespace: str,
        name: str,
        identity: str,
        *,
        timing: Timing = TIMING,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.identity = identity
        self._api = kube.api
        self._namespace = namespace
        self._name = name
        self._timing = timing
        self._clock = clock
        self._claim: Claim | None = None
        self._sighting: Sighting | None = None
        self._renewed_at = 0.0

    @property
    def age(self) -> float:
        """Seconds since the last renewal was asked for."""
        return self._clock() - self._renewed_at

    def check(self) -> None:
        """Raise LeaseLost where it was not renewed in time: the process may have been stopped, and nobody told it."""
        if self.age >= self._timing.deadline:
            raise LeaseLost(f"the lease was not renewed for {self.age:.1f} s")

    async def acquire(self) -> None:
        """Return once the Lease is ours; KubeRefused when we may not even ask for it."""
        while True:
            if await self._attempt():
                break
            await asyncio.sleep(self._timing.retry)
        log.info("lease acquired", lease=self._name, identity=self.identity)

    async def hold(self) -> NoReturn:
        """Renew until that fails for too long or another holder is seen; LeaseLost then."""
        while True:
            await asyncio.sleep(self._timing.renew)
            await self._renew()

    async def release(self) -> None:
        """Give the Lease up, so that a standby need not wait; should that fail, it runs out by itself."""
        try:
            claim = await self._read()
            if claim is not None and claim.holder == self.identity:
                await self._write(claim, {"holderIdentity": "", "renewTime": _now()})
        except KubeError as error:
            log.warning("lease not released", lease=self._name, problem=str(error))

    async def _attempt(self) -> bool:
        """Look once, and take the Lease if the rules allow it."""
        try:
            claim = await self._read()
            # Asked for after the answer: a slow one must not make a holder look older than it is.
            now = self._clock()
            if claim is None:
                await self._create()
            else:
                self._sighting = sight(self._sighting, claim, now)
                if not may_take(claim, self._sighting, self.identity, now):
                    return False
                await self._take(claim)
        except KubeRefused:
            raise
        except KubeError as error:
            log.warning("lease not acquired yet", lease=self._name, problem=str(error))
            return False
        self._renewed_at = now
        return True

    async def _renew(self) -> None:
        """Renew once, trying again until the deadline that counts from the last renewal's start."""
        deadline = self._renewed_at + self._timing.deadline
        while True:
            asked = self._clock()
            try:
                async with asyncio.timeout(deadline - asked):
                    await self._renew_once()
            except (KubeError, TimeoutError) as error:
                log.warning("lease not renewed", lease=self._name, problem=str(error) or "no answer in time")
            else:
                self._renewed_at = asked
                return
            if self._clock() + self._timing.retry >= deadline:
                raise LeaseLost(f"the lease could not be renewed for {self._timing.deadline:g} s")
            await asyncio.sleep(self._timing.retry)

    async def _renew_once(self) -> None:
        try:
            claim = self._claim or await self._read()
            if claim is None:
                raise LeaseLost("the lease was deleted")
            if claim.holder != self.identity:
                raise LeaseLost(f"the lease is held by {claim.holder or 'nobody'}")
            await self._write(claim, {"renewTime": _now()})
        except ObjectGone as error:
            raise LeaseLost("the lease was deleted") from error
        except WriteConflict:
            self._claim = None  # somebody wrote, perhaps we ourselves in a request without an answer: look
            raise

    async def _create(self) -> None:
        body = {
            "metadata": {"name": self._name, "namespace": self._namespace, "labels": _labels()},
            "spec": self._terms(transitions=0) | {"acquireTime": _now()},
        }
        self._claim = Claim.from_body(await self._api.create(LEASE, body))

    async def _take(self, claim: Claim) -> None:
        terms = self._terms(claim.transitions)
        if claim.holder != self.identity:
            terms |= {"leaseTransitions": claim.transitions + 1, "acquireTime": _now()}
        await self._write(claim, terms, labels=_labels())

    def _terms(self, transitions: int) -> dict[str, Any]:
        return {
            "holderIdentity": self.identity,
            "leaseDurationSeconds": math.ceil(self._timing.duration),
            "leaseTransitions": transitions,
            "renewTime": _now(),
        }

    async def _read(self) -> Claim | None:
        try:
            return Claim.from_body(await self._api.get(LEASE, self._name, self._namespace))
        except ObjectGone:
            return None

    async def _write(self, claim: Claim, spec: dict[str, Any], labels: dict[str, str] | None = None) -> None:
        metadata = {"resourceVersion": claim.version} | ({"labels": labels} if labels else {})
        patch = {"metadata": metadata, "spec": spec}
        self._claim = Claim.from_body(await self._api.patch(LEASE, self._name, patch, self._namespace))


def _labels() -> dict[str, str]:
    """Tell which version leads: people who look from outside have nothing else to ask."""
    return {"app.kubernetes.io/version": importlib.metadata.version("containerjob")}


def _now() -> str:
    """Return a metav1.MicroTime, which must have all six digits."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
