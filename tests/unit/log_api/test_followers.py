"""A container that is being read outlasts its removal for a while, and no longer."""

from tests.unit.reconcile.conftest import Desk, desk

from containerjob_operator.followers import DRAIN_SECONDS, MEMORY_SECONDS, Followers
from containerjob_operator.reconcile.intake import suspect_job

__all__ = ["desk"]


def test_a_removal_waits_for_readers_and_not_for_ever() -> None:
    now = 100.0
    followers = Followers(lambda: now)
    assert not followers.hold("c")
    with followers.reading("c"):
        with followers.reading("c"):
            assert followers.hold("c")
        now += DRAIN_SECONDS - 1
        assert followers.hold("c")
        assert not followers.hold("another")
        now += 1
        assert not followers.hold("c")
    with followers.reading("c"):
        assert not followers.hold("c")
        now += MEMORY_SECONDS
        assert followers.hold("c")


def test_readers_that_come_and_go_do_not_hold_a_container_for_ever() -> None:
    now = 100.0
    followers = Followers(lambda: now)
    for _ in range(3):
        with followers.reading("c"):
            assert followers.hold("c") == (now < 100 + DRAIN_SECONDS)
        now += DRAIN_SECONDS / 2


async def test_a_deleted_jobs_container_is_stopped_as_ever_and_removed_once_it_is_read(desk: Desk) -> None:
    desk.kube.create_job(argv=["sleep", "60"])
    await desk.rig.load()
    await desk.rig.look()
    live = desk.rig.live()
    name = desk.container()
    desk.kube.delete_job()
    suspect_job(live.uid, desk.rig.context)
    with desk.rig.context.followers.reading(name):
        await desk.rig.look_at(live.uid)
        assert desk.trouble.calls.count("signal_stop") == 1
        desk.engine.end(desk.engine.containers[name], 143)
        live.expected = None
        await desk.rig.look_at(live.uid)
        assert list(desk.engine.containers) == [name]
        assert live.uid in desk.rig.context.queue._due
    await desk.rig.look_at(live.uid)
    assert desk.engine.containers == {}


async def test_a_container_that_is_not_kept_goes_with_the_sweep_after_it_was_read(desk: Desk) -> None:
    desk.kube.edit_host("h1", {"containerRetentionSeconds": 0})
    desk.kube.create_job()
    await desk.rig.load()
    name = desk.container()
    context = desk.rig.context
    with context.followers.reading(name):
        async with desk.rig.working(tend_every=0.05):
            await desk.rig.settled()
            assert desk.phase() == "Succeeded"
            assert list(desk.engine.containers) == [name]
    async with desk.rig.working(tend_every=0.05):
        while desk.engine.containers:
            await desk.rig.settled()


async def test_an_expired_jobs_container_is_left_to_the_sweep_while_it_is_read(desk: Desk) -> None:
    desk.kube.create_job(ttlSecondsAfterFinished=0)
    await desk.rig.load()
    name = desk.container()
    with desk.rig.context.followers.reading(name):
        async with desk.rig.working(tend_every=60):
            await desk.rig.settled()
            await desk.rig.context.expiry.work()
        assert desk.kube.fake.deletions == ["ContainerJob hello"]
        assert list(desk.engine.containers) == [name]
