"""Questions that are asked together, and a quota that is shared."""

import asyncio
from collections.abc import Sequence

import pytest

from containerjob_operator.errors import HostUnavailable
from containerjob_operator.executors.cloudrun import bucket
from containerjob_operator.executors.cloudrun.bucket import Bucket, bucket_of
from containerjob_operator.executors.cloudrun.sharing import Together


async def test_who_asks_during_an_answer_shares_the_following_one() -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()
    asked: list[list[str]] = []

    async def answer(questions: Sequence[str]) -> int:
        asked.append(list(questions))
        begun.set()
        await go_on.wait()
        return len(asked)

    together = Together(answer, pause_seconds=0.0)
    first = asyncio.create_task(together.ask("a"))
    await begun.wait()
    later = [asyncio.create_task(together.ask(question)) for question in "bc"]
    go_on.set()
    assert await asyncio.gather(first, *later) == [1, 2, 2]
    assert asked == [["a"], ["b", "c"]]
    assert await together.ask("d") == 3


async def test_what_goes_wrong_is_told_to_all_who_asked_and_to_nobody_else() -> None:
    async def answer(questions: Sequence[str]) -> str:
        if "bad" in questions:
            raise ValueError("no")
        return "fine"

    together = Together(answer, pause_seconds=0.0)
    both = [asyncio.create_task(together.ask(question)) for question in ("bad", "good")]
    assert [type(each) for each in await asyncio.gather(*both, return_exceptions=True)] == [ValueError, ValueError]
    assert await together.ask("good") == "fine"


async def test_who_gives_up_takes_nobody_along() -> None:
    go_on = asyncio.Event()

    async def answer(_: Sequence[str]) -> str:
        await go_on.wait()
        return "fine"

    together = Together(answer, pause_seconds=0.0)
    patient, hasty = asyncio.create_task(together.ask("a")), asyncio.create_task(together.ask("b"))
    await asyncio.sleep(0)
    hasty.cancel()
    go_on.set()
    assert await patient == "fine"


async def test_at_the_end_whoever_waits_is_told_so() -> None:
    begun = asyncio.Event()

    async def answer(_: Sequence[str]) -> str:
        begun.set()
        await asyncio.Event().wait()
        return "never"

    together = Together(answer, pause_seconds=0.0)
    await together.aclose()
    under_way = asyncio.create_task(together.ask("a"))
    await begun.wait()
    waiting = asyncio.create_task(together.ask("b"))
    await asyncio.sleep(0)
    await together.aclose()
    for task in (under_way, waiting):
        with pytest.raises(HostUnavailable, match="closed"):
            await task


class Clock:
    """Time that passes when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    found = Clock()
    monkeypatch.setattr(bucket, "time", found)
    monkeypatch.setattr(bucket.asyncio, "sleep", found.sleep)
    return found


@pytest.mark.parametrize("per_minute", [6, 60, 600])
async def test_no_minute_has_more_reads_than_the_quota(clock: Clock, per_minute: int) -> None:
    shared = Bucket(per_minute)
    taken: list[float] = []
    for _ in range(4 * per_minute):
        await shared.take()
        taken.append(clock.now)
    for at in taken:
        assert sum(at <= each < at + 60 for each in taken) <= per_minute
    assert clock.now < 8 * 60, "and hardly fewer either"


async def test_a_drained_bucket_lets_nobody_pass_for_so_long(clock: Clock) -> None:
    shared = Bucket(60)
    shared.drain(20)
    await shared.take()
    assert 19 < clock.now < 21


def test_a_project_has_one_bucket_and_the_smaller_quota_holds() -> None:
    first = bucket_of("", "one", 60)
    assert bucket_of("", "one", 30) is first
    assert bucket_of("", "one", 90).per_minute == 30
    assert bucket_of("", "other", 60) is not first
