"""Waiting for jobs: what ends a watch ends no wait, and no time at all is enough for one look."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from tests.unit.cli.played_kubectl import Played, ended, job

from kubectl_containerjob import exits
from kubectl_containerjob.changing.settling import settle
from kubectl_containerjob.kubectl import Kubectl
from kubectl_containerjob.main import cli
from kubectl_containerjob.problems import Refused


@pytest.fixture
def played(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Played:
    return Played(tmp_path, monkeypatch)


def settled(seconds: float = 60) -> list[tuple[int, bool]]:
    found = settle(Kubectl(), [job(1, "Running")], lambda each: each.finished, seconds)
    return [(int(body["metadata"]["resourceVersion"]), there) for body, there in found]


def test_a_watch_that_breaks_off_in_the_middle_of_an_event_is_begun_anew(played: Played) -> None:
    played.lists(1, job(1, "Running"))
    (played.folder / "watch-1").write_text('{"type": "MODIF')
    played.refuses("watch-1", "error: unexpected EOF")
    played.lists(2, ended(7))
    assert settled() == [(7, True)]


def test_a_watch_that_is_forbidden_ends_the_wait(played: Played) -> None:
    played.lists(1, job(1, "Running"))
    played.refuses("watch-1", 'Error from server (Forbidden): User "u" cannot watch')
    with pytest.raises(Refused, match="cannot watch"):
        settled()


def test_without_any_time_one_looks_once(played: Played) -> None:
    played.lists(1, job(1, "Running"))
    assert settled(0) == []
    assert not any("watch=true" in call for call in played.asked)


def test_a_timeout_of_nothing_is_not_the_same_as_none(played: Played) -> None:
    (played.folder / "other-1").write_text(json.dumps(job(1, "Running")))
    played.lists(1, job(1, "Running"))
    result = CliRunner().invoke(cli, ["wait", "hello", "--timeout=0"])
    assert (result.exit_code, result.output[:44]) == (exits.DEADLINE, "error: the time is up: hello not finished af")
