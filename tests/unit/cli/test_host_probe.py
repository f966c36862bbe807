"""`host test` asks the engine through the log API, and says so where it can't."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from tests.unit.cli.stand_in import StandIn, install

from kubectl_containerjob.main import PROGRAM, cli

ENGINE = {"version": "27.0", "apiVersion": "1.46", "cpus": 1, "memoryBytes": 2**30}
HOST = {"metadata": {"name": "h"}, "spec": {"endpoint": "unix:///x"}, "status": {}}


@pytest.fixture
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StandIn:
    return install(tmp_path / "bin", monkeypatch)


def ask(*words: str) -> Result:
    return CliRunner().invoke(cli, ["host", "test", "h", *words], prog_name=PROGRAM)


def test_an_engine_that_answers_is_shown_with_its_latency(stand_in: StandIn) -> None:
    stand_in.answers(
        json.dumps({"reachable": True, "reason": "EngineReady", "latencyMilliseconds": 2.5, "engine": ENGINE})
    )
    result = ask()
    assert result.output == "✔ h: reachable, 2.5 ms, engine 27.0, API 1.46, 1 CPU, 1.0 GiB\n"
    assert stand_in.calls[0][2].endswith("/apis/subresources.containerjobs.io/v1alpha1/dockerhosts/h/probe")
    assert json.loads(ask("-o", "json").output)["live"] is True


def test_an_engine_that_does_not_answer_is_a_failure_with_the_remedy(stand_in: StandIn) -> None:
    stand_in.answers(json.dumps({"reachable": False, "reason": "Unreachable", "message": "no\x1b such file"}))
    result = ask()
    assert result.exit_code == 1
    assert result.output.startswith("✘ h: not reachable: no\\x1b such file\n  → see on the operator's machine")


@pytest.mark.parametrize(
    ("refusal", "why"),
    [
        ("Error from server (Forbidden): no", "you may not ask the host"),
        ("Error from server: x", "the log API is not"),
    ],
)
def test_without_the_log_api_the_status_answers(stand_in: StandIn, refusal: str, why: str) -> None:
    stand_in.runs(f"""case "$*" in *raw*) echo '{refusal}' >&2; exit 1;; esac; echo '{json.dumps(HOST)}'""")
    result = ask()
    assert result.exit_code == 1
    assert "the operator has not asked it yet (as the operator last saw it, since " + why in result.output


def test_a_cluster_that_is_down_is_asked_once(stand_in: StandIn) -> None:
    stand_in.answers(stderr="The connection to the server x was refused", code=1)
    result = ask()
    assert (result.exit_code, result.output.count("\n"), len(stand_in.calls)) == (1, 1, 1)
