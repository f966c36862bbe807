"""What a watch of `show` does with each change, and with a screen that is too small."""

import pytest
from tests.unit.cli.sample_records import CASES

from kubectl_containerjob.commands.show import CLEAR, Follower, draw
from kubectl_containerjob.following.watching import Broken, Changed, Gone
from kubectl_containerjob.kubectl import Kubectl
from kubectl_containerjob.problems import Refused


@pytest.fixture
def follower() -> Follower:
    return Follower(Kubectl(), colour=False)


def test_the_same_state_is_told_once(follower: Follower, capsys: pytest.CaptureFixture[str]) -> None:
    assert follower.see(Changed(CASES["running"]().body))
    assert follower.see(Changed(CASES["running"]().body))
    assert not follower.see(Changed(CASES["failed"]().body))
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[2] for line in lines] == ["Running", "Failed"]


def test_a_cluster_that_is_away_for_a_while_is_told_and_waited_for(
    follower: Follower, capsys: pytest.CaptureFixture[str]
) -> None:
    assert follower.see(Broken(Refused("the cluster does not answer"), final=False))
    assert capsys.readouterr().err == "the cluster does not answer; trying again\n"
    assert follower.problem is None


def test_a_refusal_for_good_ends_the_watch_with_it(follower: Follower) -> None:
    refused = Refused("you may not watch", "Forbidden")
    assert not follower.see(Broken(refused, final=True))
    assert follower.problem is refused


def test_a_deleted_job_ends_the_watch_as_a_problem(follower: Follower) -> None:
    assert not follower.see(Gone(CASES["running"]().body))
    assert str(follower.problem) == "report was deleted"


@pytest.mark.parametrize(
    ("last", "drawn"), [(False, ["0", "1", "… 8 more lines"]), (True, list(map(str, range(10))))]
)
def test_a_screen_that_is_too_small_shows_the_top_and_at_last_everything(
    last: bool, drawn: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LINES", "4")
    monkeypatch.setenv("COLUMNS", "80")
    draw(list(map(str, range(10))), last=last, colour=False)
    assert capsys.readouterr().out.removeprefix(CLEAR).splitlines() == drawn
