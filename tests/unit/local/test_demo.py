"""What the demo shows of a job, with kubectl played by a script."""

import json
from pathlib import Path
from typing import Any

import pytest

from containerjob_local import demo
from containerjob_local.controlplane import Plane
from containerjob_local.demo import run_example, run_plugin, show_on_cloud_run, show_result
from containerjob_local.environment import Environment
from containerjob_local.kubectl import Kubectl
from containerjob_local.state import State

TABLE = "NAME    PHASE       HOST    EXIT   DURATION   AGE"
SUCCEEDED = {
    "phase": "Succeeded",
    "attempts": [{"logTail": {"stdout": "older\n"}}, {"logTail": {"stdout": "hello\nbye\n"}, "reason": "Completed"}],
}
FAILED = {"phase": "Failed", "attempts": [{"reason": "ImageNotFound", "message": "no such image"}]}


def environment(folder: Path, script: str) -> Environment:
    kubectl = folder / "kubectl"
    kubectl.write_text(f'#!/bin/sh\necho "$*" >> {folder}/asked\n{script}\n')
    kubectl.chmod(0o755)
    state = State(folder)
    plane = Plane(state, "https://127.0.0.1:1", "v1", "uid", Kubectl(kubectl, state.admin_kubeconfig))
    return Environment(state, plane, None, None)


def job(status: dict[str, Any] | None) -> dict[str, Any]:
    found: dict[str, Any] = {"metadata": {"name": "hello", "namespace": "default"}}
    return found if status is None else found | {"status": status}


@pytest.mark.parametrize(
    ("status", "succeeded", "last"),
    [
        (SUCCEEDED, True, "✔ containerjob/hello: Succeeded (Completed)"),
        (FAILED, False, "✘ containerjob/hello: Failed (ImageNotFound: no such image)"),
        ({"phase": "Pending"}, False, "✘ containerjob/hello: Pending"),
        (None, False, "✘ containerjob/hello: unknown"),
    ],
)
def test_the_outcome_is_shown_and_told(
    tmp_path: Path, status: dict[str, Any] | None, succeeded: bool, last: str
) -> None:
    said: list[str] = []
    assert show_result(environment(tmp_path, f"echo '{TABLE}'"), job(status), said.append) is succeeded
    assert TABLE in said
    assert said[-1] == last


def test_the_newest_attempts_output_is_shown(tmp_path: Path) -> None:
    said: list[str] = []
    show_result(environment(tmp_path, "true"), job(SUCCEEDED), said.append)
    assert [line for line in said if line.startswith("  ")] == ["  hello", "  bye"]


def test_the_example_is_deleted_applied_and_awaited(tmp_path: Path) -> None:
    script = f"""case "$1" in get) printf '%s' '{json.dumps(job(SUCCEEDED))}';; apply) echo created;; esac"""
    assert run_example(environment(tmp_path, script), print) == job(SUCCEEDED)
    asked = [line.split()[0] for line in (tmp_path / "asked").read_text().splitlines()]
    assert asked == ["delete", "apply", "wait", "get"]


def test_a_job_that_does_not_finish_in_time_is_shown_as_it_is(tmp_path: Path) -> None:
    wait = "echo 'error: timed out waiting for the condition' >&2; exit 1"
    script = f"""case "$1" in wait) {wait};; get) echo '{json.dumps(job(FAILED))}';; esac"""
    said: list[str] = []
    assert run_example(environment(tmp_path, script), said.append) == job(FAILED)
    assert said[-1] == "! kubectl wait: error: timed out waiting for the condition"


def with_plugin(folder: Path, script: str, kubectl: str = "true") -> Environment:
    found = environment(folder, kubectl)
    found.state.programs.mkdir()
    plugin = found.state.programs / "kubectl-containerjob"
    plugin.write_text(f"#!/bin/sh\n{script}\n")
    plugin.chmod(0o755)
    return found


def test_what_the_plugin_says_is_shown_with_its_kubectl_in_path(tmp_path: Path) -> None:
    said: list[str] = []
    script = 'echo "$*"; echo; echo "${PATH%%:*} $KUBECONFIG" >&2'
    run_plugin(with_plugin(tmp_path, script), ["logs", "hello", "--follow"], said.append)
    assert said == [
        "",
        "$ kubectl containerjob logs hello --follow",
        "  logs hello --follow",
        "",
        f"  {tmp_path}/bin {tmp_path}/admin.kubeconfig",
    ]


def test_output_that_never_ends_is_followed_for_as_long_as_a_job_may_take(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo, "FINISH_SECONDS", 0.5)
    said: list[str] = []
    run_plugin(with_plugin(tmp_path, "echo begun; exec sleep 300"), ["logs"], said.append)
    assert said[-1] == "  begun"


@pytest.mark.parametrize(("status", "succeeded"), [(SUCCEEDED, True), (FAILED, False)])
def test_on_cloud_run_the_job_is_followed_and_its_record_shown(
    tmp_path: Path, status: dict[str, Any], succeeded: bool
) -> None:
    script = f"""case "$1" in get) printf '%s' '{json.dumps(job(status))}';; apply) echo created;; esac"""
    said: list[str] = []
    assert show_on_cloud_run(with_plugin(tmp_path, 'echo "plugin $*"', script), said.append) is succeeded
    assert [line for line in said if line.startswith("  ")] == ["  plugin logs hello --follow", "  plugin show hello"]
    assert said[-1].startswith("✔" if succeeded else "✘")
    asked = [line.split() for line in (tmp_path / "asked").read_text().splitlines()]
    assert [words[0] for words in asked] == ["delete", "apply", "get", "wait", "get"]
    assert all("11-cloud-run-job.yaml" in " ".join(words) for words in asked)
