"""What goes wrong on demand: answers that are lost or refused, calls that hang, operations that never end."""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .project import Project
from .refusals import Code, Refused, permission_denied, quota_exceeded, service_disabled

FOREVER = 10**9
Match = Callable[[Any], bool]
"""Tells from the request whether a fault is for this call."""


def every(_: Any) -> bool:
    """Match all requests."""
    return True


@dataclass
class Planted:
    """One fault, until it has happened `times` times."""

    rpc: str
    refusal: Refused | None
    times: int
    matching: Match
    after: bool = False
    """Whether the call takes effect first."""
    seconds: float = 0.0
    met: int = 0
    """How often it happened."""

    def meets(self, rpc: str, request: object) -> bool:
        """Tell whether it is for this call."""
        return self.met < self.times and self.rpc in (rpc, "*") and self.matching(request)


class Faults:
    """The faults of one emulator; `rpc` is a method's name (CreateJob, ListLogEntries) or "*"."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._planted: list[Planted] = []
        self._called: dict[str, deque[float]] = {}

    def lose_answer(self, rpc: str, times: int = 1, matching: Match = every) -> Planted:
        """Let calls take effect and break the connection before their answer."""
        return self._plant(Planted(rpc, _unavailable("Connection reset by peer"), times, matching, after=True))

    def refuse(self, rpc: str, code: Code = Code.UNAVAILABLE, times: int = 1, matching: Match = every) -> Planted:
        """Refuse calls with a status before they take effect."""
        return self._plant(Planted(rpc, Refused(code, f"{code.name} on demand"), times, matching))

    def deny(self, rpc: str, permission: str, times: int = FOREVER, matching: Match = every) -> Planted:
        """Refuse calls for want of an IAM permission such as run.jobs.create."""
        resource = f"projects/{self._project.options.project}"
        return self._plant(Planted(rpc, permission_denied(permission, resource), times, matching))

    def disable_api(self, rpc: str = "*", service: str = "run.googleapis.com", times: int = FOREVER) -> Planted:
        """Refuse calls as if the project had not enabled the API."""
        return self._plant(
            Planted(rpc, service_disabled(service, self._project.options.project_number), times, every)
        )

    def delay(
        self, rpc: str, seconds: float, times: int = FOREVER, matching: Match = every, *, after: bool = False
    ) -> Planted:
        """Let calls wait, before they take effect or before their answer."""
        return self._plant(Planted(rpc, None, times, matching, after=after, seconds=seconds))

    def stick_operations(self, stuck: bool = True) -> None:
        """Let operations begun from now on never be done; what they are about goes on."""
        self._project.operations.stuck = stuck

    def hold_starts(self, held: bool = True) -> None:
        """Let executions wait for their resources: they stay pending until this is taken back or they end."""
        if held:
            self._project.provisioning.clear()
        else:
            self._project.provisioning.set()

    def slow_logs(self, seconds: float, matching: Match = every) -> None:
        """Let entries written from now on be seen this much later; `matching` gets the LogEntry.

        With a match that takes some of the entries only, they come out of order.
        """
        before = self._project.book.latency
        self._project.book.latency = lambda entry: seconds if matching(entry) else before(entry)

    def clear(self) -> None:
        """Take all back."""
        self._planted.clear()
        self.stick_operations(False)
        self.hold_starts(False)
        self._project.book.latency = self._project.book.usual_latency

    async def around(self, rpc: str, request: object, effect: Callable[[], Any]) -> Any:
        """Do a call with what is planted for it."""
        self._check_rate(rpc)
        met = [one for one in self._planted if one.meets(rpc, request)]
        for one in met:
            one.met += 1
        await _happen([one for one in met if not one.after])
        answer = effect()
        if asyncio.iscoroutine(answer):
            answer = await answer
        await _happen([one for one in met if one.after])
        return answer

    def _check_rate(self, rpc: str) -> None:
        """Refuse a call beyond those a minute allows."""
        limit = self._project.options.calls_per_minute.get(rpc)
        if limit is None:
            return
        called = self._called.setdefault(rpc, deque())
        minute_ago = time.monotonic() - 60
        while called and called[0] < minute_ago:
            called.popleft()
        if len(called) >= limit:
            consumer = f"project_number:{self._project.options.project_number}"
            raise quota_exceeded(
                consumer, f"Quota exceeded for quota metric '{rpc}' and limit 'per minute' ({limit})."
            )
        called.append(time.monotonic())

    def _plant(self, planted: Planted) -> Planted:
        self._planted.append(planted)
        return planted


async def _happen(met: list[Planted]) -> None:
    for one in met:
        await asyncio.sleep(one.seconds)
        if one.refusal is not None:
            raise one.refusal


def _unavailable(message: str) -> Refused:
    return Refused(Code.UNAVAILABLE, message)
