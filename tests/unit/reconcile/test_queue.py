"""The work queue: keys once at a time, never lost, due times in order."""

import asyncio
import functools
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import uvloop
from hypothesis import given
from hypothesis import strategies as st
from tests.fakes.virtual_time import clock, in_virtual_time

from containerjob_operator.reconcile.queue import WorkQueue

Story = Callable[[WorkQueue], Awaitable[None]]


def story(tell: Story) -> Callable[[], None]:
    """Run a test with a queue in virtual time."""

    async def whole() -> None:
        await tell(WorkQueue())

    @functools.wraps(tell)
    def test() -> None:
        in_virtual_time(whole())

    del test.__wrapped__  # pytest would ask for its parameter
    return test


async def take(queue: WorkQueue) -> tuple[str, float]:
    """Work on the next key; return it and when it came."""
    key = await queue.get()
    queue.done(key)
    return key, clock()


async def is_idle(queue: WorkQueue) -> bool:
    """Say whether nothing comes for a day."""
    try:
        await asyncio.wait_for(queue.get(), 24 * 3600)
    except TimeoutError:
        return True
    return False


@story
async def test_keys_come_in_the_order_they_were_added(queue: WorkQueue) -> None:
    for key in ("b", "a", "c"):
        queue.add(key)
    assert [(await take(queue))[0] for _ in range(3)] == ["b", "a", "c"]


@story
async def test_a_key_added_twice_is_worked_on_once(queue: WorkQueue) -> None:
    queue.add("a")
    queue.add("a")
    assert len(queue) == 1
    assert await take(queue) == ("a", 0)
    assert await is_idle(queue)


@story
async def test_a_key_added_while_it_is_worked_on_comes_once_more_and_only_afterwards(queue: WorkQueue) -> None:
    queue.add("a")
    assert await queue.get() == "a"
    queue.add("a")
    queue.add("a")
    queue.add("b")
    assert await take(queue) == ("b", 0)
    queue.done("a")
    assert await take(queue) == ("a", 0)
    assert await is_idle(queue)


@story
async def test_two_workers_never_have_the_same_key(queue: WorkQueue) -> None:
    busy: set[str] = set()
    worked: list[str] = []

    async def worker() -> None:
        while True:
            key = await queue.get()
            assert key not in busy
            busy.add(key)
            await asyncio.sleep(1)
            busy.discard(key)
            worked.append(key)
            queue.done(key)

    async with asyncio.TaskGroup() as group:
        workers = [group.create_task(worker()) for _ in range(3)]
        for second in range(10):
            queue.add("a")
            queue.add(f"other-{second}", 0.5)
            await asyncio.sleep(0.4)
        await asyncio.sleep(20)
        for task in workers:
            task.cancel()
    assert {f"other-{second}" for second in range(10)} <= set(worked)
    assert worked.count("a") >= 2


@story
async def test_a_key_with_a_due_time_comes_then(queue: WorkQueue) -> None:
    queue.add("a", 5)
    assert await take(queue) == ("a", 5)


@story
async def test_keys_come_by_their_due_times_whatever_the_order_of_adding(queue: WorkQueue) -> None:
    for key, delay in (("c", 30), ("a", 10), ("d", 40), ("b", 20)):
        queue.add(key, delay)
    assert [await take(queue) for _ in range(4)] == [("a", 10), ("b", 20), ("c", 30), ("d", 40)]


@story
async def test_the_earlier_of_two_due_times_holds(queue: WorkQueue) -> None:
    queue.add("a", 10)
    queue.add("a", 5)
    queue.add("b", 5)
    queue.add("b", 10)
    assert {await take(queue), await take(queue)} == {("a", 5), ("b", 5)}
    assert await is_idle(queue)


@story
async def test_adding_a_key_now_replaces_its_due_time(queue: WorkQueue) -> None:
    queue.add("a", 10)
    queue.add("a")
    assert await take(queue) == ("a", 0)
    assert await is_idle(queue)


@story
async def test_a_key_that_falls_due_while_it_is_worked_on_comes_again(queue: WorkQueue) -> None:
    queue.add("a")
    assert await queue.get() == "a"
    queue.add("a", 5)
    await asyncio.sleep(8)
    queue.done("a")
    assert await take(queue) == ("a", 8)
    assert await is_idle(queue)


@story
async def test_a_forgotten_due_time_never_comes_and_others_still_do(queue: WorkQueue) -> None:
    queue.add("a", 5)
    queue.add("b", 6)
    queue.forget("a")
    queue.forget("never added")
    assert await take(queue) == ("b", 6)
    assert await is_idle(queue)


@story
async def test_a_forgotten_key_that_is_ready_is_still_handed_out(queue: WorkQueue) -> None:
    queue.add("a")
    queue.forget("a")
    assert await take(queue) == ("a", 0)


@story
async def test_a_forgotten_key_can_be_given_a_later_due_time(queue: WorkQueue) -> None:
    queue.add("a", 5)
    queue.forget("a")
    queue.add("a", 9)
    assert await take(queue) == ("a", 9)


@story
async def test_no_moment_at_all_is_never(queue: WorkQueue) -> None:
    queue.add_at("a", None)
    assert len(queue) == 0
    assert await is_idle(queue)


@story
async def test_a_moment_of_the_past_is_now(queue: WorkQueue) -> None:
    queue.add_at("a", datetime.now(UTC) - timedelta(hours=1))
    assert await take(queue) == ("a", 0)


@story
async def test_a_wall_clock_moment_is_waited_for(queue: WorkQueue) -> None:
    queue.add_at("a", datetime.now(UTC) + timedelta(hours=5))
    key, at = await take(queue)
    assert key == "a"
    assert 4 * 3600 < at <= 5 * 3600


@story
async def test_a_worker_that_goes_away_while_it_waits_loses_no_key(queue: WorkQueue) -> None:
    waiting = asyncio.create_task(queue.get())
    await asyncio.sleep(1)
    waiting.cancel()
    queue.add("a")
    assert await take(queue) == ("a", 1)


@story
async def test_a_key_that_is_woken_often_before_a_far_due_time_leaves_no_heap_of_old_ones(queue: WorkQueue) -> None:
    for second in range(5000):
        queue.add("a", 100_000 - second)
        queue.add("a")
        await take(queue)
    assert len(queue._heap) < 100
    queue.add("b", 1)
    assert await take(queue) == ("b", 1)


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.integers(0, 50)), min_size=1, max_size=30))
def test_every_key_comes_at_the_earliest_time_anybody_wished_for(wishes: list[tuple[str, int]]) -> None:
    async def whole() -> list[tuple[str, float]]:
        queue = WorkQueue()
        for key, delay in wishes:
            queue.add(key, delay)
        taken = []
        while len(queue):
            taken.append(await take(queue))
        assert await is_idle(queue)
        return taken

    taken = in_virtual_time(whole())
    first = dict(reversed(taken))
    assert first == {key: min(delay for other, delay in wishes if other == key) for key, _ in wishes}
    assert [at for _, at in taken] == sorted(at for _, at in taken)


def test_a_moment_that_is_almost_here_is_kept_by_the_operators_own_loop_too() -> None:
    async def two() -> list[str]:
        queue = WorkQueue()
        queue.add("now", 0.0003)
        queue.add("later", 0.01)
        return [await queue.get(), await queue.get()]

    assert uvloop.run(two()) == ["now", "later"]
