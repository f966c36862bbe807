"""orphanPolicy.dryRun: what is nobody's is counted and told, and left where it is."""

from tests.fakes.operator_rig import OperatorRig
from tests.unit.reconcile.conftest import Desk
from tests.unit.reconcile.containers import EXITED, container, job, limit, swept

from containerjob_operator.reconcile.intake import load


def told(rig: OperatorRig) -> list[str]:
    return [message for _, reason, message in rig.notes.told if reason == "OrphanedContainers"]


async def test_a_dry_run_counts_what_is_nobodys_tells_it_once_and_touches_nothing(desk: Desk) -> None:
    limit(desk, orphanPolicy={"dryRun": True, "graceSeconds": 0})
    container(desk, "nobody")
    container(desk, job(desk, "hello"), EXITED)
    assert await swept(desk, 3) == ["hello-0 exited", "hello-0 running"]
    assert desk.kube.host("h1")["status"]["orphanedContainers"] == 2
    assert len(told(desk.rig)) == 1
    assert "2 containers belong to no job" in told(desk.rig)[0]
    assert "cj-nobody-0" in told(desk.rig)[0]
    assert [what for what, _ in desk.kube.fake.writes] == ["DockerHost h1"]
    assert not {"signal_stop", "remove", "kill"} & set(desk.trouble.calls)


async def test_what_only_a_read_shows_to_be_nobodys_is_left_and_counted_too(desk: Desk) -> None:
    limit(desk, maxRetainedContainers=0, orphanPolicy={"dryRun": True, "graceSeconds": 0})
    uid = job(desk, "hello", "Completed", phase="Succeeded", finished=True)
    container(desk, uid, EXITED, attempt=0)
    container(desk, uid, EXITED, attempt=1)
    container(desk, uid, attempt=2)
    assert await swept(desk, 3) == ["hello-1 exited", "hello-2 running"]
    assert desk.kube.host("h1")["status"]["orphanedContainers"] == 2
    assert len(told(desk.rig)) == 1


async def test_what_vanishes_meanwhile_is_not_counted(desk: Desk) -> None:
    limit(desk, orphanPolicy={"dryRun": True, "graceSeconds": 0})
    uid = job(desk, "hello", "Completed", phase="Succeeded", finished=True)
    made = container(desk, uid, attempt=2)

    async def removed_by_hand() -> None:
        desk.engine.remove(made.name)

    desk.trouble.within["list_owned"] = removed_by_hand
    assert await swept(desk) == []
    assert "orphanedContainers" not in desk.kube.host("h1")["status"]


async def test_the_end_of_a_dry_run_clears_the_count_and_the_containers(desk: Desk) -> None:
    limit(desk, orphanPolicy={"dryRun": True})
    container(desk, "nobody", EXITED)
    await swept(desk)
    limit(desk, orphanPolicy={"dryRun": False})
    await load(desk.rig.context)
    assert await swept(desk) == []
    assert "orphanedContainers" not in desk.kube.host("h1")["status"]


async def test_a_count_that_changes_is_told_again_and_none_is_no_field(desk: Desk) -> None:
    limit(desk, orphanPolicy={"dryRun": True})
    for number in range(25):
        container(desk, f"nobody{number}", EXITED)
    await swept(desk)
    assert told(desk.rig)[0].endswith(" and 5 more")
    desk.engine.remove("cj-nobody1-0")
    await swept(desk, 2)
    assert desk.kube.host("h1")["status"]["orphanedContainers"] == 24
    assert len(told(desk.rig)) == 2
    desk.engine.containers.clear()
    await swept(desk, 2)
    assert "orphanedContainers" not in desk.kube.host("h1")["status"]


async def test_a_host_that_went_away_keeps_its_count(desk: Desk) -> None:
    limit(desk, orphanPolicy={"dryRun": True})
    container(desk, "nobody", EXITED)
    await swept(desk)
    desk.engine.go_away()
    await swept(desk)
    assert desk.kube.host("h1")["status"]["orphanedContainers"] == 1
