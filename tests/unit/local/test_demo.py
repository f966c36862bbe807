"""What the demo shows of a job, with kubectl played by a script."""

import json
from pathlib import Path
from typing import Any

import pytest

from containerjob_local.controlplane import Plane
from containerjob_local.demo import run_example, show_result
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
