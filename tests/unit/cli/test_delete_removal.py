"""What delete --wait says when a host keeps a container, or can't be asked; kubectl is played by a script."""

import json
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from kubectl_containerjob import exits
from kubectl_containerjob.changing.cleanups import show_orphans
from kubectl_containerjob.changing.deletions import await_removal
from kubectl_containerjob.changing.orphans import orphans
from kubectl_containerjob.changing.outcomes import How, Report
from kubectl_containerjob.gateway import opened
from kubectl_containerjob.kubectl import Kubectl
from kubectl_containerjob.problems import Problem, Refused

# Answers a raw path from `raw`, or with what `refusal` holds; every other question from `object`.
SCRIPT = """#!/bin/sh
cd {folder}
case "$*" in
*--raw*) [ ! -e refusal ] || {{ cat refusal >&2; exit 1; }}; cat raw ;;
proxy*) cat refusal >&2; exit 1 ;;
*) cat object ;;
esac
"""
JOB: dict[str, Any] = {
    "metadata": {"name": "report", "namespace": "sales", "uid": "u1"},
    "spec": {},
    "status": {"phase": "Cancelled", "attempts": [{"host": {"name": "rack"}}, {"host": {"name": "rack"}}]},
}
ROW = {"name": "cj-u1-0", "jobUid": "u1", "namespace": "sales", "jobName": "report", "attempt": 0, "state": "exited"}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    program = tmp_path / "bin" / "kubectl"
    program.parent.mkdir()
    program.write_text(SCRIPT.format(folder=tmp_path))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
    (tmp_path / "object").write_text(json.dumps({"items": [{"metadata": {"name": "rack"}, "spec": {}}]}))
    (tmp_path / "raw").write_text('{"items": []}')
    return tmp_path


def waited(seconds: float) -> Report:
    kubectl = Kubectl()
    report = Report(kubectl, How())
    await_removal(kubectl, [JOB], report, time.monotonic() + seconds)
    return report


@pytest.mark.usefixtures("folder")
def test_a_host_without_the_container_is_the_proof(capsys: pytest.CaptureFixture[str]) -> None:
    assert waited(0).problems == []
    assert capsys.readouterr().err == ""


def test_a_host_that_keeps_the_container_is_named_when_the_time_is_up(folder: Path) -> None:
    others = {**ROW, "jobUid": "u2", "jobName": "other"}
    (folder / "raw").write_text(json.dumps({"items": [others, ROW]}))
    [problem] = waited(0.1).problems
    assert problem.exit_code == exits.DEADLINE
    assert problem.message == (
        "host rack still has containers of report: see `kubectl containerjob cleanup --orphans rack`"
    )


@pytest.mark.parametrize(
    ("refusal", "told"),
    [
        (
            'Error from server (Forbidden): dockerhosts "rack" is forbidden',
            "you may not read dockerhosts/orphans of rack",
        ),
        (
            "Error from server (NotFound): the server could not find the requested resource",
            "log API is not installed",
        ),
        ("Error from server (ServiceUnavailable): rack does not answer", "rack does not answer"),
    ],
)
def test_who_may_not_ask_the_host_is_told_so_and_the_deletion_stands(
    folder: Path, refusal: str, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "refusal").write_text(refusal)
    assert waited(5).finish() == exits.DONE
    line = capsys.readouterr().err
    assert line.startswith("note: the containers have ended; whether rack has removed them: ")
    assert told in line


def test_a_host_that_is_not_there_is_told_from_a_log_api_that_is_not(folder: Path) -> None:
    (folder / "refusal").write_text('Error from server (NotFound): dockerhosts "rack" not found')
    (folder / "object").write_text("")
    with pytest.raises(Refused, match="there is no DockerHost rack: see `kubectl containerjob host list`"):
        orphans(Kubectl(), "rack")


def test_orphans_are_listed_with_what_becomes_of_them(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "raw").write_text(json.dumps({"items": [{**ROW, "createdAt": datetime.now(UTC).isoformat()}]}))
    assert show_orphans(Kubectl(), ()) == exits.DONE
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith("rack/cj-u1-0 exited, of sales/report, ")
    assert second.startswith("rack: 1 container without a job; the operator removes them")


def test_a_host_that_does_not_answer_does_not_hide_the_others(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "refusal").write_text("Error from server (ServiceUnavailable): no answer")
    assert show_orphans(Kubectl(), ("one", "two")) == exits.FAILED
    assert capsys.readouterr().err == "error: no answer\n" * 2
    (folder / "refusal").write_text("Error from server (NotFound): the server could not find the requested resource")
    assert show_orphans(Kubectl(), ("one", "two")) == exits.FAILED
    assert capsys.readouterr().err.count("\n") == 1


def test_a_proxy_that_does_not_start_says_why_in_one_line(folder: Path) -> None:
    (folder / "refusal").write_text("error: unknown flag: --x\nSee 'kubectl proxy --help' for usage.\n")
    with pytest.raises(Problem, match=r"^unknown flag: --x$"), opened(Kubectl()):
        pass
