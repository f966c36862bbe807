"""The API server's own guard of a job's life: what may change when."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.crds.jobs import ATTEMPTED, FINISHED, OURS, SPEC, TIME, Json, new_job

if TYPE_CHECKING:
    from tests.conftest import TestPlane

RECORD = "spec: Invalid value: a finished job is a record: delete it, or run it again under a new name"
OUTCOME = (
    "status: Invalid value: the outcome of a finished job is final: "
    "phase, finished, finishTime, exitCode, attempts may not change"
)
NEW_TEMPLATE: Json = {"template": {"spec": {"containers": [{"name": "main", "image": "busybox:1.38"}]}}}
NEW_PLACEMENT: Json = {"placement": {"hostRef": {"name": "builder-2"}}}
CONDITION: Json = {"type": "Finished", "status": "True", "reason": "Completed", "lastTransitionTime": TIME}


@pytest.mark.parametrize("edit", [NEW_TEMPLATE, NEW_PLACEMENT, {"placement": None}], ids=str)
def test_template_and_placement_may_change_before_an_attempt_exists(schemas: TestPlane, edit: Json) -> None:
    job = new_job(schemas, {"phase": "Queued", "attemptCount": 0})

    assert job.edit(edit).returncode == 0
    assert job.read()["metadata"]["generation"] == 2


@pytest.mark.parametrize(
    ("field", "edit"),
    [("template", NEW_TEMPLATE), ("placement", NEW_PLACEMENT), ("placement", {"placement": None})],
    ids=str,
)
def test_template_and_placement_are_fixed_once_an_attempt_exists(schemas: TestPlane, field: str, edit: Json) -> None:
    done = new_job(schemas, ATTEMPTED).edit(edit)

    assert done.returncode != 0
    assert (
        f"spec.{field}: Invalid value: {field} may change only while no attempt exists: "
        "delete the job, or create another under a new name"
    ) in done.stderr


@pytest.mark.parametrize("edit", [{"cancel": True}, {"activeDeadlineSeconds": 60}], ids=str)
def test_the_rest_of_the_spec_may_change_while_an_attempt_runs(schemas: TestPlane, edit: Json) -> None:
    assert new_job(schemas, ATTEMPTED).edit(edit).returncode == 0


@pytest.mark.parametrize(
    "edit",
    [{"cancel": True}, {"activeDeadlineSeconds": 60}, NEW_TEMPLATE, NEW_PLACEMENT, {"placement": None}],
    ids=str,
)
def test_a_finished_job_refuses_every_edit_of_its_spec_with_one_message(schemas: TestPlane, edit: Json) -> None:
    done = new_job(schemas, FINISHED).edit(edit)

    assert done.returncode != 0
    assert RECORD in done.stderr
    assert "while no attempt exists" not in done.stderr


@pytest.mark.parametrize(
    "change",
    [
        {"phase": "Succeeded"},
        {"phase": None},
        {"finished": False},
        {"finished": None},
        {"finishTime": "2026-01-02T03:04:06Z"},
        {"exitCode": 0},
        {"exitCode": None},
        {"attempts": []},
        {"attempts": [{**FINISHED["attempts"][0], "exitCode": 0}]},
    ],
    ids=str,
)
def test_a_finished_job_refuses_another_outcome(schemas: TestPlane, change: Json) -> None:
    done = new_job(schemas, FINISHED).record(change)

    assert done.returncode != 0
    assert OUTCOME in done.stderr


def test_a_finished_jobs_status_cannot_be_wiped(schemas: TestPlane) -> None:
    job = new_job(schemas, FINISHED)

    done = job.patch([{"op": "remove", "path": "/status"}], "--subresource=status", kind="json")

    assert done.returncode != 0
    assert OUTCOME in done.stderr


def test_a_finished_jobs_conditions_and_labels_may_change(schemas: TestPlane) -> None:
    job = new_job(schemas, FINISHED)

    assert job.record({"conditions": [CONDITION], "observedGeneration": 1}).returncode == 0
    assert job.patch({"metadata": {"labels": {"kept": "true"}, "annotations": {"note": "seen"}}}).returncode == 0
    stored = job.read()
    assert stored["status"] == {**FINISHED, "conditions": [CONDITION], "observedGeneration": 1}
    assert stored["metadata"]["labels"] == {**OURS, "kept": "true"}


def test_the_terminal_write_itself_is_accepted(schemas: TestPlane) -> None:
    job = new_job(schemas, ATTEMPTED)

    assert job.record(FINISHED).returncode == 0
    assert job.read()["status"]["exitCode"] == 3


@pytest.mark.parametrize(
    ("status", "field"),
    [
        ({"phase": "Done"}, "status.phase"),
        ({"conditions": [{**CONDITION, "status": "Yes"}]}, "status.conditions[0].status"),
        ({"conditions": [{**CONDITION, "reason": ""}]}, "status.conditions[0].reason"),
        ({"conditions": [CONDITION, CONDITION]}, "status.conditions[1]"),
        ({"attempts": [{**ATTEMPTED["attempts"][0], "attempt": number} for number in range(11)]}, "status.attempts"),
        ({"attempts": [ATTEMPTED["attempts"][0]] * 2}, "status.attempts[1]"),
        ({"attempts": [{"attempt": 0}]}, "status.attempts[0].index"),
        ({"finishTime": "yesterday"}, "status.finishTime"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_status_that_breaks_the_contract_is_refused(schemas: TestPlane, status: Json, field: str) -> None:
    done = new_job(schemas).record(status)

    assert done.returncode != 0
    assert field in done.stderr


def test_applying_the_same_manifest_again_changes_nothing(schemas: TestPlane) -> None:
    job = new_job(schemas, FINISHED)

    assert job.edit(SPEC).returncode == 0
    assert job.read()["metadata"]["generation"] == 1
