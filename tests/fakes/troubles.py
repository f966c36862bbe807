"""Faults on demand around any awaited effect: before it, after it, instead of it, or a stop of everything."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeVar, cast

Answer = TypeVar("Answer")
Do = Callable[[], Awaitable[Answer]]


class Trouble:
    """Stands between the operator and an effect; this one lets everything pass."""

    async def around(self, what: str, do: Do[Answer]) -> Answer:
        """Carry out the effect, or do not."""
        return await do()


NO_TROUBLE = Trouble()


class When(StrEnum):
    """On which side of the effect a fault strikes."""

    BEFORE = "before"
    AFTER = "after"


@dataclass
class Fault:
    """Raised before the effect takes place, or after it: then the effect is real and its answer lost."""

    error: Callable[[], BaseException]
    when: When = When.BEFORE


Hook = Callable[[], Awaitable[None]]


@dataclass
class Planned(Trouble):
    """Faults for the next calls of a name, hooks that run within calls, and the names of all calls so far."""

    faults: dict[str, list[Fault]] = field(default_factory=lambda: defaultdict(list))
    always: dict[str, Fault] = field(default_factory=dict)
    within: dict[str, Hook] = field(default_factory=dict)
    """Awaited once the effect took place, before its caller hears of it."""
    calls: list[str] = field(default_factory=list)
    ignored: set[str] = field(default_factory=set)
    """Calls without an answer to speak of that do nothing."""

    @staticmethod
    def fault(error: Callable[[], BaseException], when: When = When.BEFORE) -> Fault:
        """Return a fault for `always`."""
        return Fault(error, when)

    def fail(self, what: str, error: Callable[[], BaseException], when: When = When.BEFORE, times: int = 1) -> None:
        """Have the next calls of this name fail."""
        self.faults[what] += [Fault(error, when)] * times

    async def around(self, what: str, do: Do[Answer]) -> Answer:
        """Fail as planned."""
        self.calls.append(what)
        fault = self.faults[what].pop(0) if self.faults.get(what) else self.always.get(what)
        if fault is not None and fault.when is When.BEFORE:
            raise fault.error()
        if what in self.ignored:
            return cast(Answer, None)
        answer = await do()
        hook = self.within.get(what)
        if hook is not None:
            await hook()
        if fault is not None:
            raise fault.error()
        return answer


@dataclass
class CrashAt(Trouble):
    """Ends the process, so to speak, at one side of the n-th counted effect; after that nothing happens any more."""

    counted: frozenset[str]
    number: int
    when: When
    count: int = 0
    crashed: asyncio.Event = field(default_factory=asyncio.Event)

    async def around(self, what: str, do: Do[Answer]) -> Answer:
        """Count; crash when it is time."""
        if self.crashed.is_set():
            raise asyncio.CancelledError
        if what not in self.counted:
            return await do()
        self.count += 1
        mine = self.count
        if mine == self.number and self.when is When.BEFORE:
            await self._crash()
        answer = await do()
        if mine == self.number:
            await self._crash()
        if self.crashed.is_set():
            raise asyncio.CancelledError
        return answer

    async def _crash(self) -> None:
        self.crashed.set()
        await asyncio.Event().wait()


@dataclass
class LoseAt(Trouble):
    """Fails the n-th counted effect, and some more after it, on one side of it; everything else works."""

    counted: frozenset[str]
    number: int
    when: When
    errors: Callable[[str], BaseException]
    length: int = 1
    count: int = 0

    async def around(self, what: str, do: Do[Answer]) -> Answer:
        """Count; fail when it is time."""
        if what not in self.counted:
            return await do()
        self.count += 1
        fails = 0 <= self.count - self.number < self.length
        if fails and self.when is When.BEFORE:
            raise self.errors(what)
        answer = await do()
        if fails:
            raise self.errors(what)
        return answer
