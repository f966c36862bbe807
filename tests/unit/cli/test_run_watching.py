"""One job's watch: what it tells, how it goes on, and when it ends; kubectl is played by a script."""

from pathlib import Path
from typing import Any

import pytest
from tests.unit.cli.played_kubectl import Played, job

from kubectl_containerjob.following import watching
from kubectl_containerjob.following.watching import Broken, Watch
from kubectl_containerjob.kubectl import Kubectl


@pytest.fixture
def played(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Played:
    monkeypatch.setattr(watching, "FIRST_PAUSE", 0.01)
    return Played(tmp_path, monkeypatch)


def told(most: int = 99) -> tuple[list[Any], Watch]:
    """Watch the job of version 1, and return what was told of it."""
    heard: list[Any] = []

    def hear(change: object) -> bool:
        heard.append(change)
        return len(heard) < most

    watch = Watch(Kubectl(), job(1), hear)
    watch.run()
    return heard, watch


def words(heard: list[Any]) -> list[str]:
    return [
        f"{type(each).__name__} {'' if isinstance(each, Broken) else each.job['metadata']['resourceVersion']}".strip()
        for each in heard
    ]


def test_it_begins_at_the_version_that_is_known_and_ends_with_the_job(played: Played) -> None:
    played.watch(1, ("MODIFIED", job(2, "Running")), ("BOOKMARK", {"metadata": {"resourceVersion": "5"}}))
    played.watch(2, ("DELETED", job(6, "Running")), hold=True)
    heard, _ = told()
    assert words(heard) == ["Changed 2", "Gone 6"]
    assert "resourceVersion=1&" in played.asked[0]
    assert "fieldSelector=metadata.name%3Dhello" in played.asked[0]
    assert "resourceVersion=5&" in played.asked[1]


def test_a_version_that_is_too_old_is_read_again(played: Played) -> None:
    played.watch(1, ("ERROR", {"code": 410}))
    played.lists(1, job(7, "Running"), version="9")
    played.watch(2, ("DELETED", job(10)), hold=True)
    heard, _ = told()
    assert words(heard) == ["Changed 7", "Gone 10"]
    assert "resourceVersion=9&" in played.asked[2]


@pytest.mark.parametrize("there", [(), (job(9, uid="another"),)])
def test_a_deletion_that_was_missed_is_told(played: Played, there: tuple[dict[str, Any], ...]) -> None:
    played.watch(1, ("ERROR", {"code": 410}))
    played.lists(1, *there)
    assert words(told()[0]) == ["Gone 1"]


def test_a_new_job_of_the_name_means_that_ours_is_gone(played: Played) -> None:
    played.watch(1, ("ADDED", job(9, uid="another")), hold=True)
    assert words(told()[0]) == ["Gone 1"]


def test_a_cluster_that_does_not_answer_is_asked_again(played: Played) -> None:
    played.refuses(
        "watch-1", "The connection to the server localhost:1 was refused - did you specify the right host?"
    )
    played.refuses("list-1", "Unable to connect to the server: dial tcp: i/o timeout")
    played.lists(2, job(1), version="3")
    played.watch(2, ("DELETED", job(4)), hold=True)
    heard, _ = told()
    assert words(heard) == ["Broken", "Broken", "Gone 4"]
    assert not heard[0].final


def test_a_refusal_that_will_not_change_is_the_end(played: Played) -> None:
    played.refuses("watch-1", 'Error from server (Forbidden): containerjobs "x" is forbidden')
    heard, _ = told()
    assert [each.final for each in heard] == [True]


def test_half_an_event_is_nothing_and_the_next_watch_tells_it_again(played: Played) -> None:
    played.watch(1)
    (played.folder / "watch-1").write_text('{"type": "MODIFIED", "obj')
    played.watch(2, ("DELETED", job(4)))
    assert words(told()[0]) == ["Gone 4"]


def test_it_ends_when_nobody_wants_to_know_more(played: Played) -> None:
    played.watch(1, ("MODIFIED", job(2)), ("MODIFIED", job(3)), hold=True)
    assert words(told(most=1)[0]) == ["Changed 2"]
